#include "tools/stages.h"

#include <algorithm>
#include <set>

#include "graph/passes.h"
#include "tools/exit_code.h"

namespace sluice::tools {

absl::Status Stages::Prepare(const Model& model, const std::vector<BoundInput>& inputs,
                             const std::vector<std::string>& fetches, const std::vector<std::string>& targets,
                             const AfterStage& after) {
  auto devices = MakeDevices(runtime_, options_.session());
  if (!devices.ok()) {
    bool malformed = absl::IsInvalidArgument(devices.status());
    return WithExitCode(WithContext(devices.status(), "--devices"), malformed ? ExitCode::kUsage : ExitCode::kDevice);
  }
  state_ = std::make_unique<SessionState>(options_.session(), *std::move(devices));
  devices_ = state_->device_pointers();
  PrepareOptions options;
  for (const BoundInput& input : inputs) options.feeds.push_back(input.tensor.name);
  options.fetches = fetches;
  options.targets = targets;
  options.disabled_passes = options_.session().disabled_passes;
  options.after_stage = after;
  SLUICE_ASSIGN_OR_RETURN(prepared_, PrepareGraph(model.graph, options, devices_, runtime_));
  return absl::OkStatus();
}

absl::Status Stages::Compile(absl::Span<const Tensor> feeds) {
  std::vector<DataType> types;
  std::vector<Shape> shapes;
  for (const Tensor& feed : feeds) {
    types.push_back(feed.dtype());
    shapes.push_back(feed.shape());
  }
  SLUICE_ASSIGN_OR_RETURN(plan_, CompilePlan(prepared_, types, shapes, *state_, runtime_.cpu_kernels()));
  return absl::OkStatus();
}

int64_t Stages::PredictPeak() const {
  // Compiling made the variables.
  int64_t bytes = static_cast<int64_t>(plan_->arena_bytes());
  std::set<Allocator*> allocators;  // logical devices of one memory share theirs
  for (Device* device : devices_) allocators.insert(&device->allocator());
  for (Allocator* allocator : allocators) bytes += allocator->stats().bytes_in_use;
  for (const ChannelSpec& channel : plan_->channels) bytes += std::max<int64_t>(channel.bytes, 0);
  for (const FetchSpec& fetch : plan_->fetches) {
    if (!fetch.is_dynamic) bytes += fetch.shape.num_elements() * static_cast<int64_t>(DataTypeSize(fetch.dtype));
  }
  return bytes;
}

std::vector<std::string> StageNames() {
  std::vector<std::string> names = {"import"};
  for (const std::string& pass : PassNames()) names.push_back(pass);
  names.emplace_back("place");
  for (const std::string& pass : PlacedPassNames()) names.push_back(pass);
  for (const char* name : {"partition", "compile"}) names.emplace_back(name);
  return names;
}

}  // namespace sluice::tools
