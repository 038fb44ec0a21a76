// A model taken through the stages of a run, without running it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/devices.h"
#include "runtime/prepare.h"
#include "tools/model_interface.h"

namespace sluice::tools {

// Everything that a session does before its first run.
class Stages {
 public:
  Stages(const Runtime& runtime, const RunnerOptions& options) : runtime_(runtime), options_(options) {}

  // What to do with a graph after "import", a pass, or "place".
  using AfterStage = std::function<void(const std::string&, const Graph&)>;
  // Devices, passes, placement and partition.
  absl::Status Prepare(const Model& model, const std::vector<BoundInput>& inputs,
                       const std::vector<std::string>& fetches, const std::vector<std::string>& targets = {},
                       const AfterStage& after = nullptr);
  // For feeds of these shapes. REQUIRES: Prepare.
  absl::Status Compile(absl::Span<const Tensor> feeds);

  const std::vector<Device*>& devices() const { return devices_; }
  const PreparedGraph& prepared() const { return prepared_; }
  // REQUIRES: Compile.
  const Plan& plan() const { return *plan_; }
  // Bytes that a session with this plan alone takes from its devices' allocators, if nothing has shapes that are known
  // in a run only. REQUIRES: Compile.
  int64_t PredictPeak() const;

 private:
  const Runtime& runtime_;
  const RunnerOptions& options_;
  std::unique_ptr<SessionState> state_;
  std::vector<Device*> devices_;
  PreparedGraph prepared_;
  std::shared_ptr<const Plan> plan_;
};

// The names that --after takes.
std::vector<std::string> StageNames();

}  // namespace sluice::tools
