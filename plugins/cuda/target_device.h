// A GPU that need not be here, to compile for: its kernels are prepared, with cuDNN's real plans, and never run.
#pragma once

#include <memory>
#include <string>

#include "core/device.h"
#include "core/kernel_registry.h"
#include "core/plugin.h"
#include "kernels/gpu/libraries.h"
#include "plugins/cuda/options.h"

namespace sluice::cuda {

// Its memory is the host's: what the compiler keeps on a device (variables, constants) has a place there.
class TargetDevice : public Device {
 public:
  // NotFound for a model that is not known, naming those that are.
  static absl::StatusOr<std::unique_ptr<TargetDevice>> Create(absl::string_view model, const PluginDeviceOptions& asked,
                                                              const Options& options);

  const std::string& name() const override { return name_; }
  absl::string_view type() const override { return "GPU"; }
  int index() const override { return index_; }
  std::string description() const override;
  Allocator& allocator() override { return *allocator_; }
  Allocator& pinned_allocator() override { return *pinned_; }
  absl::StatusOr<std::unique_ptr<Stream>> NewStream() override;
  std::unique_ptr<Event> NewEvent() override;
  const KernelRegistry& kernels() const override { return kernels_; }
  int threads() const override { return 1; }
  bool is_synchronous() const override { return false; }
  bool can_run() const override { return false; }
  PlanStore* plan_store() override { return plans_.get(); }

 private:
  TargetDevice(const PluginDeviceOptions& asked, std::shared_ptr<const gpu::DnnTarget> target, int64_t memory,
               const Options& options);

  const int index_;
  const std::string name_;
  const std::shared_ptr<const gpu::DnnTarget> target_;
  const std::shared_ptr<gpu::DnnPlanCache> plans_;
  const std::unique_ptr<Allocator> allocator_, pinned_;
  KernelRegistry kernels_;
};

}  // namespace sluice::cuda
