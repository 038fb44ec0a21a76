#include "plugins/cuda/cuda_status.h"

namespace sluice::cuda {

absl::Status FromCuda(cudaError_t error, absl::string_view what) {
  if (error == cudaSuccess) [[likely]]
    return absl::OkStatus();
  cudaGetLastError();
  std::string message = absl::StrCat(what, ": ", cudaGetErrorString(error), " (", cudaGetErrorName(error), ")");
  switch (error) {
    case cudaErrorMemoryAllocation:
      return absl::ResourceExhaustedError(message);
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorInvalidDevice:
      return absl::NotFoundError(message);
    default:
      return absl::AbortedError(message);
  }
}

}  // namespace sluice::cuda
