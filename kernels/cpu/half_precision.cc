// Half and bfloat16 on the CPU: for graphs that are meant for a GPU, and as what its results are compared with. It is
// no faster than float.
#include "kernels/cpu/elementwise.h"
#include "kernels/functors/half.h"
#include "kernels/shared/in_float.h"

namespace sluice::cpu {

// The families that compute; what only moves elements takes any type.
void RegisterActivation(KernelRegistry& r);
void RegisterBatchNorm(KernelRegistry& r);
void RegisterBias(KernelRegistry& r);
void RegisterClip(KernelRegistry& r);
void RegisterCompare(KernelRegistry& r);
void RegisterConv(KernelRegistry& r);
void RegisterDepthwiseConv(KernelRegistry& r);
void RegisterLrn(KernelRegistry& r);
void RegisterMathBinary(KernelRegistry& r);
void RegisterMathUnary(KernelRegistry& r);
void RegisterMatmul(KernelRegistry& r);
void RegisterPool(KernelRegistry& r);
void RegisterReduction(KernelRegistry& r);
void RegisterSoftmax(KernelRegistry& r);

namespace {

template <class T>
void WidenLoop(const void* x, float* y, int64_t n, int threads) {
  const T* in = static_cast<const T*>(x);
  ParallelFor(threads, n, kCheapGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = functors::Widen(in[i]);
  });
}

template <class T>
void NarrowLoop(const float* x, void* y, int64_t n, int threads) {
  T* out = static_cast<T*>(y);
  ParallelFor(threads, n, kCheapGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = functors::Narrow<T>(x[i]);
  });
}

absl::Status WidenOnHost(RunContext&, DataType from, const void* x, float* y, int64_t n, int threads) {
  from == DataType::kHalf ? WidenLoop<Half>(x, y, n, threads) : WidenLoop<Bfloat16>(x, y, n, threads);
  return absl::OkStatus();
}

absl::Status NarrowOnHost(RunContext&, DataType to, const float* x, void* y, int64_t n, int threads) {
  to == DataType::kHalf ? NarrowLoop<Half>(x, y, n, threads) : NarrowLoop<Bfloat16>(x, y, n, threads);
  return absl::OkStatus();
}

}  // namespace

void RegisterHalfPrecision(KernelRegistry& r) {
  auto floats = std::make_shared<KernelRegistry>();
  for (auto add : {RegisterActivation, RegisterBatchNorm, RegisterBias, RegisterClip, RegisterCompare, RegisterConv,
                   RegisterDepthwiseConv, RegisterLrn, RegisterMathBinary, RegisterMathUnary, RegisterMatmul,
                   RegisterPool, RegisterReduction, RegisterSoftmax}) {
    add(*floats);
  }
  AddKernelsInFloat(r, floats, {WidenOnHost, NarrowOnHost});
}

}  // namespace sluice::cpu
