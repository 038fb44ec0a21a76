// Times plans on a GPU, for --autotune.
#pragma once

#include <memory>

#include "core/allocator.h"
#include "kernels/gpu/plan_timer.h"
#include "plugins/cuda/stream.h"

namespace sluice::cuda {

class CudaPlanTimer : public gpu::PlanTimer {
 public:
  // The allocator must outlive the timer.
  static absl::StatusOr<std::unique_ptr<gpu::PlanTimer>> Create(int ordinal, const std::string& device_name,
                                                                Allocator& allocator);
  CudaPlanTimer(const CudaPlanTimer&) = delete;
  CudaPlanTimer& operator=(const CudaPlanTimer&) = delete;
  ~CudaPlanTimer() override;

  absl::StatusOr<char*> Memory(size_t bytes) override;
  absl::StatusOr<double> Time(const std::function<absl::Status(cudnnContext* handle)>& issue) override;

 private:
  CudaPlanTimer(int ordinal, std::unique_ptr<CudaStream> stream, Allocator& allocator)
      : stream_(std::move(stream)), allocator_(allocator), begin_(ordinal, true), end_(ordinal, true) {}
  void Free();

  const std::unique_ptr<CudaStream> stream_;
  Allocator& allocator_;
  CudaEvent begin_, end_;
  void* memory_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace sluice::cuda
