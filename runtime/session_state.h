// What a session keeps between runs: devices, variables, the counters of random ops.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/tensor.h"
#include "core/variable.h"
#include "runtime/plan_book.h"
#include "runtime/session_options.h"

namespace sluice {

// Thread-safe. Variables and random states are never removed, so that programs may hold pointers to them.
class SessionState {
 public:
  SessionState(const SessionOptions& options, std::vector<std::unique_ptr<Device>> devices);

  const SessionOptions& options() const { return options_; }
  absl::Span<const std::unique_ptr<Device>> devices() const { return devices_; }
  std::vector<Device*> device_pointers() const;
  PlanBook& plan_book() { return plan_book_; }
  const PlanBook& plan_book() const { return plan_book_; }
  // The host memory behind channels, feeds and fetches; the memory limit holds for it.
  Allocator& host_allocator() { return devices_[0]->allocator(); }

  // The variable `name`, made where it is not there yet: with memory where its shape is fully known.
  // InvalidArgument where it is there with another dtype, shape or device.
  absl::StatusOr<Variable*> GetVariable(const std::string& name, DataType dtype, const PartialShape& shape, int device);
  // The state of a random node: its seeds as TensorFlow keys them (both 0: a seed from the session's,
  // different in every process unless the session is deterministic).
  RandomState* GetRandomState(const std::string& node, int64_t seed, int64_t seed2);

  // Names of the variables that have a value, in alphabetical order.
  std::vector<std::string> InitializedVariables() const;
  // A copy in host memory. NotFound, or FailedPrecondition where it has no value.
  absl::StatusOr<Tensor> ReadVariable(const std::string& name) const;
  // Sets the value from host memory. NotFound where no run or SetVariable made it; then it is made on device
  // 0.
  absl::Status WriteVariable(const std::string& name, const Tensor& value);
  // (node, blocks used) of every random node: what an exact resume needs.
  std::vector<std::pair<std::string, uint64_t>> RandomCounters() const;
  void SetRandomCounter(const std::string& node, uint64_t blocks);

 private:
  struct Held {
    std::unique_ptr<Variable> variable;
    int device;
  };
  absl::Status Assign(Held& held, const Tensor& value);

  const SessionOptions options_;
  PlanBook plan_book_;
  std::vector<std::unique_ptr<Device>> devices_;  // before the variables, whose memory is theirs
  mutable std::mutex mutex_;
  std::map<std::string, Held> variables_;
  std::map<std::string, Tensor> waiting_values_;  // written before the variable's device was known
  std::map<std::string, std::unique_ptr<RandomState>> random_states_;
  std::map<std::string, uint64_t> resumed_counters_;  // set before the node's state was made
};

}  // namespace sluice
