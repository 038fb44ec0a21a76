// CUDA's errors as absl::Status.
#pragma once

#include <cuda_runtime_api.h>

#include "core/status.h"

namespace sluice::cuda {

// "what: out of memory (cudaErrorMemoryAllocation)". OK for cudaSuccess. Forgets the error where CUDA would return it
// from later calls too.
absl::Status FromCuda(cudaError_t error, absl::string_view what);

#define SLUICE_RETURN_IF_CUDA_ERROR(call) SLUICE_RETURN_IF_ERROR(::sluice::cuda::FromCuda((call), #call))

// Makes a device the calling thread's for as long as the object lives.
class DeviceScope {
 public:
  explicit DeviceScope(int ordinal) {
    if (cudaGetDevice(&before_) == cudaSuccess && before_ == ordinal) {
      before_ = -1;
    } else {
      cudaSetDevice(ordinal);
    }
  }
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;
  ~DeviceScope() {
    if (before_ >= 0) cudaSetDevice(before_);
  }

 private:
  int before_ = -1;
};

}  // namespace sluice::cuda
