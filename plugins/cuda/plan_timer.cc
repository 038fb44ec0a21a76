#include "plugins/cuda/plan_timer.h"

#include "kernels/gpu/scratch.h"

namespace sluice::cuda {

absl::StatusOr<std::unique_ptr<gpu::PlanTimer>> CudaPlanTimer::Create(int ordinal, const std::string& device_name,
                                                                      Allocator& allocator) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<CudaStream> stream, CudaStream::Create(ordinal, device_name, false));
  return std::unique_ptr<gpu::PlanTimer>(new CudaPlanTimer(ordinal, std::move(stream), allocator));
}

CudaPlanTimer::~CudaPlanTimer() {
  stream_->Synchronize().IgnoreError();
  Free();
}

void CudaPlanTimer::Free() {
  if (memory_ != nullptr) allocator_.Deallocate(memory_, bytes_);
  memory_ = nullptr;
}

absl::StatusOr<char*> CudaPlanTimer::Memory(size_t bytes) {
  SLUICE_RETURN_IF_ERROR(stream_->Synchronize());
  Free();
  bytes_ = bytes + gpu::kScratchAlignment;
  memory_ = allocator_.AllocateFor(bytes_, "the timing of plans");
  if (memory_ == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat("no ", bytes_, " bytes for the timing of a plan"));
  }
  return reinterpret_cast<char*>(gpu::AlignedBytes(reinterpret_cast<uintptr_t>(memory_)));
}

absl::StatusOr<double> CudaPlanTimer::Time(const std::function<absl::Status(cudnnContext* handle)>& issue) {
  SLUICE_ASSIGN_OR_RETURN(cudnnContext * handle, stream_->Dnn());
  // The first call may load code; what is timed are the others.
  constexpr int kRuns = 3;
  SLUICE_RETURN_IF_ERROR(issue(handle));
  SLUICE_RETURN_IF_ERROR(stream_->Record(begin_));
  for (int i = 0; i < kRuns; ++i) SLUICE_RETURN_IF_ERROR(issue(handle));
  SLUICE_RETURN_IF_ERROR(stream_->Record(end_));
  SLUICE_RETURN_IF_ERROR(stream_->Synchronize());
  SLUICE_ASSIGN_OR_RETURN(const double microseconds, end_.MicrosecondsSince(begin_));
  return microseconds / kRuns;
}

}  // namespace sluice::cuda
