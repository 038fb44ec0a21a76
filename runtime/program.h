// A compiled part: a flat array of instructions over dense slots. Immutable; what a step changes is in Step.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/kernel.h"
#include "core/kernel_registry.h"
#include "graph/graph.h"
#include "ops/shape_context.h"

namespace sluice {

inline constexpr uint32_t kNoSlot = UINT32_MAX;

// Where a slot's pointer comes from.
enum class SlotSource : uint8_t {
  kArena,     // the step's arena, at `offset`
  kConstant,  // Program::constants[index]
  kFeed,      // the caller's tensor `index`; on an asynchronous device its copy in the arena
  kVariable,  // the variable's memory
  kFetch,     // the buffer of fetch `index`, outside of the arena because it outlives the step
  kChannel,   // the channel's host buffer (synchronous devices)
  kReceived,  // the step's arena, written by a copy that may come any time from the run's start on
  kObjects,   // a tensor of strings or handles that the step owns
  kDynamic,   // memory given out while the program runs
};

struct Slot {
  SlotSource source = SlotSource::kArena;
  DataType dtype = DataType::kInvalid;
  size_t bytes = 0;   // not for kDynamic
  size_t offset = 0;  // kArena, kReceived, and kFeed on an asynchronous device
  int index = -1;     // constant, feed, fetch or channel
  const Variable* variable = nullptr;
  Shape shape;  // for kObjects and kConstant
};

// An operand of a dynamic instruction: its shape is known now, or stands in the step.
struct DynamicInput {
  uint32_t slot = kNoSlot;
  TensorInfo info;               // what is known when compiling
  Variable* variable = nullptr;  // of a resource
  bool has_static_shape = false;
};

// What a dynamic instruction needs to prepare its kernel again; one for each, see runtime/dynamic.h.
struct DynamicNode {
  const Node* node = nullptr;
  const KernelDef* kernel = nullptr;
  std::vector<DynamicInput> inputs;
  std::vector<uint32_t> outputs;
  PrepareContext prepare;          // without shapes
  std::vector<uint32_t> releases;  // dynamic slots whose last use this is
};

struct Instruction {
  // The last three are for asynchronous devices: a feed is copied to the device, a fetch to the host, and the computation
  // waits until the value of a channel has been copied.
  enum Kind : uint8_t { kRun, kCheckVariable, kSend, kReceive, kDynamic, kFeed, kFetch, kAwaitSent };
  Kind kind = kRun;
  const Kernel* kernel = nullptr;
  uint32_t first_input = 0;  // into Program::operands
  uint32_t first_output = 0;
  uint32_t scratch_slot = kNoSlot;
  int32_t state = -1;  // which KernelState of the step
  int32_t index = -1;  // channel, feed or fetch; kDynamic: into Program::dynamic; kCheckVariable: operand 0 is its slot
  const Variable* variable = nullptr;
  NodeId node = -1;  // for messages and traces
};

// Instructions [begin, end) that a device may capture as one graph: kernels whose Run does the same whenever it is given the
// same pointers. Small feeds among them are copied before the graph, small fetches after it.
struct Segment {
  uint32_t begin = 0, end = 0;
  int num_kernels = 0;
  std::vector<uint32_t> slots;             // what the kernels work on, each once
  std::vector<const Variable*> variables;  // and these, each once
};

// What travels through a channel. kControl edges have no bytes.
struct ChannelSpec {
  Endpoint source;
  int from_device = 0;
  int to_device = 0;
  DataType dtype = DataType::kInvalid;
  int64_t bytes = 0;  // -1: known in a run only
  Shape shape;
};

struct FetchSpec {
  Endpoint endpoint;
  int device = 0;
  uint32_t slot = kNoSlot;
  DataType dtype = DataType::kInvalid;
  bool is_dynamic = false;
  Shape shape;             // not for dynamic ones
  bool needs_copy = true;  // false: a kernel writes into the fetch's buffer
};

struct Program {
  Device* device = nullptr;
  int device_index = 0;
  std::vector<Instruction> instructions;
  std::vector<uint32_t> operands;
  std::vector<Slot> slots;
  std::vector<Tensor> constants;
  std::vector<std::unique_ptr<Kernel>> kernels;
  std::vector<const Kernel*> stateful_kernels;  // NewState is called for each when a step is made
  std::vector<DynamicNode> dynamic;
  std::vector<Segment> segments;  // in order; of devices that capture
  size_t arena_bytes = 0;
  std::vector<std::pair<int, uint32_t>> feeds;  // (feed index, slot) pairs used here by a synchronous device
  bool has_dynamic() const { return !dynamic.empty(); }
};

// All parts of a graph for one set of feed shapes.
struct Plan {
  std::vector<Program> parts;  // those that have something to do; the first is run by the caller's thread
  std::vector<ChannelSpec> channels;
  std::vector<FetchSpec> fetches;
  std::vector<DataType> feed_types;
  std::vector<Shape> feed_shapes;
  std::vector<std::vector<TensorInfo>> infos;  // by node id; kernels and dynamic nodes refer to it
  std::shared_ptr<const Graph> graph;          // nodes live here
  size_t arena_bytes() const {
    size_t total = 0;
    for (const Program& part : parts) total += part.arena_bytes;
    return total;
  }
};

}  // namespace sluice
