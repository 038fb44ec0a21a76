// How a kernel's arithmetic gets onto a device.
//
// The files of this folder are compiled twice: by nvcc into the GPU plug-in, where Launch issues work into the stream
// of the run, and by the host's compiler, where it is a loop. So the same kernel is tested without a GPU, and simulated
// devices run it.
//
//   return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) { y[i] = F::Apply(x[i]); });
//
// The lambda has to be in a free function (nvcc takes none from a lambda or a private member), captures plain values and
// pointers into the device's memory, and may be called for any i in any order.
#pragma once

#include <algorithm>
#include <cstring>

#include "core/kernel.h"
#include "kernels/functors/host_device.h"
#include "kernels/gpu/fault.h"
#if defined(__CUDACC__)
#include "kernels/gpu/gpu_stream.h"
#endif

namespace sluice::gpu {

#if defined(__CUDACC__)

inline constexpr int kThreadsOfBlock = 256;
inline constexpr int64_t kMaxBlocks = 1 << 16;

template <class F>
__global__ void __launch_bounds__(kThreadsOfBlock) EachKernel(int64_t n, F f) {
  const int64_t step = int64_t{gridDim.x} * kThreadsOfBlock;
  for (int64_t i = int64_t{blockIdx.x} * kThreadsOfBlock + threadIdx.x; i < n; i += step) f(i);
}

// The stream of a run, whose device becomes the calling thread's.
inline cudaStream_t StreamOf(const RunContext& ctx) { return static_cast<GpuStream*>(ctx.stream)->Use(); }

// What a launch has to say at once; what it does wrong on the device is found when the host waits.
inline absl::Status LaunchStatus() {
  const cudaError_t error = cudaGetLastError();
  if (error == cudaSuccess) [[likely]]
    return absl::OkStatus();
  return absl::InternalError(absl::StrCat("a kernel could not be launched: ", cudaGetErrorString(error)));
}

// Calls f(i) for i in [0, n) on the device.
template <class F>
absl::Status Launch(RunContext& ctx, int64_t n, const F& f) {
  if (n <= 0) return absl::OkStatus();
  const int64_t blocks = std::min((n + kThreadsOfBlock - 1) / kThreadsOfBlock, kMaxBlocks);
  EachKernel<<<static_cast<unsigned>(blocks), kThreadsOfBlock, 0, StreamOf(ctx)>>>(n, f);
  return LaunchStatus();
}

// memcpy and memset on the device, in the order of the stream.
inline absl::Status CopyBytes(RunContext& ctx, const void* from, void* to, size_t bytes) {
  if (from == to) return absl::OkStatus();
  return ctx.stream->Copy(to, MemoryKind::kDevice, from, MemoryKind::kDevice, bytes);
}
inline absl::Status ClearBytes(RunContext& ctx, void* to, size_t bytes) {
  if (bytes == 0) return absl::OkStatus();
  cudaMemsetAsync(to, 0, bytes, StreamOf(ctx));
  return LaunchStatus();
}
// From the host's memory, which may change as soon as the call returns.
inline absl::Status CopyFromHost(RunContext& ctx, const void* from, void* to, size_t bytes) {
  return ctx.stream->Copy(to, MemoryKind::kDevice, from, MemoryKind::kHost, bytes);
}

inline FaultReporter FaultsOf(const RunContext& ctx, const FaultSource& source) {
  return {static_cast<GpuStream*>(ctx.stream)->fault_cell(), &source};
}
// What a kernel that may fault returns after its launches: the stream tells later.
inline absl::Status FaultStatus(const FaultReporter&) { return absl::OkStatus(); }

#else

template <class F>
absl::Status Launch(RunContext&, int64_t n, const F& f) {
  for (int64_t i = 0; i < n; ++i) f(i);
  return absl::OkStatus();
}
inline absl::Status CopyBytes(RunContext&, const void* from, void* to, size_t bytes) {
  if (from != to && bytes > 0) std::memmove(to, from, bytes);
  return absl::OkStatus();
}
inline absl::Status ClearBytes(RunContext&, void* to, size_t bytes) {
  if (bytes > 0) std::memset(to, 0, bytes);
  return absl::OkStatus();
}
inline absl::Status CopyFromHost(RunContext& ctx, const void* from, void* to, size_t bytes) {
  return CopyBytes(ctx, from, to, bytes);
}

// The host knows at once: the reporter has the cell within itself.
inline FaultReporter FaultsOf(const RunContext&, const FaultSource& source) {
  thread_local FaultCell cell;
  cell = FaultCell{};
  return {&cell, &source};
}
inline absl::Status FaultStatus(const FaultReporter& faults) { return TakeFault(*faults.cell()); }

#endif

}  // namespace sluice::gpu
