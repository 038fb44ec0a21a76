// What the kernels need of the stream that they are run on. Only code that is compiled for CUDA includes this.
#pragma once

#include <cuda_runtime_api.h>

#include "core/device.h"
#include "kernels/gpu/fault.h"

struct cublasLtContext;
struct cudnnContext;

namespace sluice::gpu {

class GpuStream : public Stream {
 public:
  // The stream, after making its device the calling thread's: only then kernels can be launched into it.
  virtual cudaStream_t Use() const = 0;
  // A cell of host memory that the device writes; read when the host waits for the stream.
  virtual FaultCell* fault_cell() const = 0;
  // The libraries' handles of this stream, made when they are asked for first.
  virtual absl::StatusOr<cudnnContext*> Dnn() = 0;
  virtual absl::StatusOr<cublasLtContext*> BlasLt() = 0;
};

}  // namespace sluice::gpu
