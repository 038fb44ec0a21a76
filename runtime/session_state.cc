#include "runtime/session_state.h"

#include <algorithm>
#include <random>

#include "runtime/transfer.h"

namespace sluice {
namespace {

// A 64-bit mix of a seed and a name (FNV-1a, then the finaliser of SplitMix64).
uint64_t SeedFor(uint64_t seed, const std::string& name) {
  uint64_t hash = 1469598103934665603ULL ^ seed;
  for (unsigned char c : name) hash = (hash ^ c) * 1099511628211ULL;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

}  // namespace

SessionState::SessionState(const SessionOptions& options, std::vector<std::unique_ptr<Device>> devices)
    : options_(options), devices_(std::move(devices)) {}

std::vector<Device*> SessionState::device_pointers() const {
  std::vector<Device*> pointers;
  for (const auto& device : devices_) pointers.push_back(device.get());
  return pointers;
}

absl::StatusOr<Variable*> SessionState::GetVariable(const std::string& name, DataType dtype, const PartialShape& shape,
                                                    int device) {
  std::lock_guard lock(mutex_);
  Held& held = variables_[name];
  if (!held.variable) {
    held.variable = std::make_unique<Variable>(name, dtype, shape, devices_[device]->allocator());
    held.device = device;
  }
  Variable& variable = *held.variable;
  if (variable.dtype() != dtype || !variable.declared_shape().IsCompatibleWith(shape)) {
    return absl::InvalidArgumentError(absl::StrCat("variable '", name, "' is ", DataTypeName(variable.dtype()),
                                                   variable.declared_shape().ToString(), " in this session, not ",
                                                   DataTypeName(dtype), shape.ToString()));
  }
  if (held.device != device) {
    return absl::InvalidArgumentError(absl::StrCat("variable '", name, "' lives on ", devices_[held.device]->name(),
                                                   ", not on ", devices_[device]->name()));
  }
  if (variable.data() == nullptr && shape.IsFullyKnown()) {
    SLUICE_ASSIGN_OR_RETURN(Shape full, shape.ToShape());
    SLUICE_RETURN_IF_ERROR(variable.Reserve(full));
  }
  if (auto waiting = waiting_values_.find(name); waiting != waiting_values_.end()) {
    SLUICE_RETURN_IF_ERROR(Assign(held, waiting->second));
    waiting_values_.erase(waiting);
  }
  return &variable;
}

RandomState* SessionState::GetRandomState(const std::string& node, int64_t seed, int64_t seed2) {
  std::lock_guard lock(mutex_);
  auto& state = random_states_[node];
  if (!state) {
    state = std::make_unique<RandomState>();
    state->seed = static_cast<uint64_t>(seed);
    state->seed2 = static_cast<uint64_t>(seed2);
    if (seed == 0 && seed2 == 0) {
      if (options_.deterministic) {
        state->seed = SeedFor(options_.seed, node);
        state->seed2 = SeedFor(~options_.seed, node);
      } else {
        std::random_device random;
        state->seed = uint64_t{random()} << 32 | random();
        state->seed2 = uint64_t{random()} << 32 | random();
      }
    }
    if (auto it = resumed_counters_.find(node); it != resumed_counters_.end()) state->blocks = it->second;
  }
  return state.get();
}

std::vector<std::string> SessionState::InitializedVariables() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, held] : variables_) {
    if (held.variable->is_initialized()) names.push_back(name);
  }
  for (const auto& [name, value] : waiting_values_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<Tensor> SessionState::ReadVariable(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto it = variables_.find(name);
  if (it == variables_.end()) return absl::NotFoundError(absl::StrCat("no variable '", name, "' in this session"));
  Variable& variable = *it->second.variable;
  if (!variable.is_initialized()) {
    return absl::FailedPreconditionError(absl::StrCat("variable '", name, "' is not initialised"));
  }
  SLUICE_ASSIGN_OR_RETURN(Tensor value, Tensor::Create(variable.dtype(), variable.shape()));
  std::lock_guard update(variable.mutex());
  Device& device = *devices_[it->second.device];
  SLUICE_RETURN_IF_ERROR(
      CopyNow(device, value.raw(), MemoryKind::kHost, variable.data(), device.allocator().kind(), variable.bytes()));
  return value;
}

absl::Status SessionState::Assign(Held& held, const Tensor& value) {
  Variable& variable = *held.variable;
  if (variable.dtype() != value.dtype()) {
    return absl::InvalidArgumentError(absl::StrCat("variable '", variable.name(), "' is ",
                                                   DataTypeName(variable.dtype()), ", the value is ",
                                                   DataTypeName(value.dtype())));
  }
  std::lock_guard update(variable.mutex());
  SLUICE_RETURN_IF_ERROR(variable.Reserve(value.shape()));
  Device& device = *devices_[held.device];
  SLUICE_RETURN_IF_ERROR(
      CopyNow(device, variable.data(), device.allocator().kind(), value.raw(), MemoryKind::kHost, variable.bytes()));
  variable.set_initialized(true);
  variable.BumpVersion();
  return absl::OkStatus();
}

absl::Status SessionState::WriteVariable(const std::string& name, const Tensor& value) {
  std::lock_guard lock(mutex_);
  if (auto it = variables_.find(name); it != variables_.end()) return Assign(it->second, value);
  waiting_values_[name] = value;
  return absl::OkStatus();
}

std::vector<std::pair<std::string, uint64_t>> SessionState::RandomCounters() const {
  std::lock_guard lock(mutex_);
  // A node that has not run since a resume is still where it was then.
  std::map<std::string, uint64_t> counters = resumed_counters_;
  for (const auto& [node, state] : random_states_) counters[node] = state->blocks.load();
  return {counters.begin(), counters.end()};
}

void SessionState::SetRandomCounter(const std::string& node, uint64_t blocks) {
  std::lock_guard lock(mutex_);
  resumed_counters_[node] = blocks;
  if (auto it = random_states_.find(node); it != random_states_.end()) it->second->blocks = blocks;
}

}  // namespace sluice
