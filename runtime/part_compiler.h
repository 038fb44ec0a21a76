// Compiles one device's part of a placed graph into a Program. Used by runtime/compiler.cc alone.
#pragma once

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "runtime/compiler.h"

namespace sluice {

class PartCompiler {
 public:
  // `copied_reads`: ReadVariableOp nodes that may not alias the variable's memory.
  PartCompiler(const PreparedGraph& prepared, Plan& plan, SessionState& state, int device,
               const absl::flat_hash_set<NodeId>& copied_reads);

  absl::StatusOr<Program> Compile();
  // After Compile: reads whose memory is used after a write that follows them; compile again with these
  // copied.
  const std::vector<NodeId>& reads_to_copy() const { return reads_to_copy_; }

 private:
  struct Use {  // what planning needs to know of an instruction
    std::vector<uint32_t> inputs, outputs;
    std::vector<std::pair<int, int>> in_place;
    size_t scratch_bytes = 0;
  };

  const TensorInfo& Info(Endpoint e) const { return plan_.infos[e.node][e.index]; }
  bool IsConstant(const Node& node) const;
  bool IsElsewhere(NodeId id) const { return prepared_.graph->node(id).assigned_device != device_; }
  absl::Status EmitNode(const Node& node);
  absl::Status EmitVariable(const Node& node);
  absl::Status EmitKernel(const Node& node);
  absl::Status EmitStatic(const Node& node, const KernelDef& def, PrepareContext prepare);
  absl::Status EmitDynamic(const Node& node, const KernelDef& def, PrepareContext prepare);
  absl::Status EmitSends(const Node& node);
  // Before a write of a variable: what was sent of it has to be on its way out of its memory.
  void AwaitSends(const Node& node);
  absl::Status EmitFetches(const Node& node);
  // The slot that holds `e` on this device; receives or binds it where it is not there yet.
  absl::StatusOr<uint32_t> SlotOf(Endpoint e, bool in_host_memory = false);
  absl::StatusOr<uint32_t> ReceivedSlot(Endpoint e);
  absl::StatusOr<uint32_t> ConstantSlot(Endpoint e, const Tensor& value, bool in_host_memory);
  uint32_t AddSlot(Slot slot);
  uint32_t AddOutputSlot(const Node& node, int index);
  Instruction& AddInstruction(Instruction instruction, Use use);
  absl::StatusOr<PrepareContext> Describe(const Node& node) const;
  absl::Status BindFetches();
  void FindReadsToCopy();
  void ReuseInputsInPlace();
  void PlanArena();
  void FindReleases();
  void FindSegments();
  bool MayBeCaptured(const Instruction& instruction) const;

  const PreparedGraph& prepared_;
  Plan& plan_;
  SessionState& state_;
  const int device_;
  Device& hardware_;
  const bool is_synchronous_;
  const absl::flat_hash_set<NodeId>& copied_reads_;
  Program program_;
  std::vector<Use> uses_;  // by instruction
  absl::flat_hash_map<Endpoint, uint32_t> slot_of_;
  absl::flat_hash_map<Endpoint, uint32_t> host_slot_of_;
  absl::flat_hash_map<Endpoint, Variable*> variable_of_;
  absl::flat_hash_map<Endpoint, int> feed_of_;
  absl::flat_hash_map<NodeId, std::vector<int>> channels_from_;
  absl::flat_hash_set<int> received_controls_;
  std::vector<uint32_t> sent_slots_;
  absl::flat_hash_map<const Variable*, std::vector<std::pair<int, uint32_t>>> sent_variables_;  // (channel, slot)
  std::vector<std::pair<int, const Variable*>> writes_;     // (instruction, variable)
  std::vector<std::pair<uint32_t, NodeId>> aliased_reads_;  // (slot, ReadVariableOp)
  std::vector<int> first_use_, last_use_;                   // by slot
  std::vector<uint32_t> redirect_;                          // in-place: slot -> the slot it is written over
  std::vector<NodeId> reads_to_copy_;
};

}  // namespace sluice
