// One logical GPU: memory, streams and kernels of its own on a card that it may share with others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/kernel_registry.h"
#include "core/plugin.h"
#include "kernels/gpu/libraries.h"
#include "plugins/cuda/memory.h"
#include "plugins/cuda/options.h"

namespace sluice::cuda {

// How many cards there are. NotFound where there is no driver, one that is too old, or no card.
absl::StatusOr<int> CountDevices();
// "NVIDIA H100 80GB HBM3, compute capability 9.0, 81559 MiB, driver for CUDA 13.0; CUDA 13.0, cuDNN 9.19.0".
absl::StatusOr<std::string> DescribeDevice(int ordinal);

class CudaDevice : public Device {
 public:
  // NotFound where the card is not there, Unimplemented for one that this build has no code for, ResourceExhausted where
  // the limit is more than the card has.
  static absl::StatusOr<std::unique_ptr<CudaDevice>> Create(const PluginDeviceOptions& asked, const Options& options);

  const std::string& name() const override { return name_; }
  absl::string_view type() const override { return "GPU"; }
  int index() const override { return index_; }
  std::string description() const override { return description_; }
  Allocator& allocator() override { return *allocator_; }
  Allocator& pinned_allocator() override { return *pinned_; }
  absl::StatusOr<std::unique_ptr<Stream>> NewStream() override;
  absl::StatusOr<std::unique_ptr<Stream>> NewTransferStream(Transfer transfer) override;
  bool CanReach(const Device& peer) const override;
  std::unique_ptr<Event> NewEvent() override;
  std::unique_ptr<Event> NewTimedEvent() override;
  const KernelRegistry& kernels() const override { return kernels_; }
  int threads() const override { return 1; }
  bool is_synchronous() const override { return false; }
  bool captures_graphs() const override { return options_.graphs != 0 && options_.blocking == 0; }
  bool is_blocking() const override { return options_.blocking != 0; }
  PlanStore* plan_store() override { return plans_.get(); }

 private:
  CudaDevice(const PluginDeviceOptions& asked, std::string description, std::shared_ptr<const gpu::DnnTarget> target,
             const Options& options);

  const int ordinal_;
  const int index_;
  const std::string name_;
  const std::string description_;
  const Options options_;
  const std::unique_ptr<CachingAllocator> allocator_;
  const std::unique_ptr<CachingAllocator> pinned_;
  const std::shared_ptr<gpu::DnnPlanCache> plans_;
  KernelRegistry kernels_;
};

}  // namespace sluice::cuda
