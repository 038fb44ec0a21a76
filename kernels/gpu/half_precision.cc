// Half and bfloat16 in those of the GPU's own kernels that do not take them as they are: what training seldom needs.
#include "kernels/functors/half.h"
#include "kernels/gpu/launch.h"
#include "kernels/shared/in_float.h"

namespace sluice::gpu {

// The families that compute; what only moves elements takes any type.
void RegisterActivation(KernelRegistry& r);
void RegisterBatchNorm(KernelRegistry& r);
void RegisterBias(KernelRegistry& r);
void RegisterClip(KernelRegistry& r);
void RegisterLrn(KernelRegistry& r);
void RegisterMathBinary(KernelRegistry& r);
void RegisterMathUnary(KernelRegistry& r);
void RegisterPool(KernelRegistry& r);
void RegisterReduction(KernelRegistry& r);
void RegisterSoftmax(KernelRegistry& r);

namespace {

template <class T>
absl::Status RunWiden(RunContext& ctx, const void* x, float* y, int64_t n) {
  const T* in = static_cast<const T*>(x);
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) { y[i] = functors::Widen(in[i]); });
}

template <class T>
absl::Status RunNarrow(RunContext& ctx, const float* x, void* y, int64_t n) {
  T* out = static_cast<T*>(y);
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) { out[i] = functors::Narrow<T>(x[i]); });
}

absl::Status WidenOnDevice(RunContext& ctx, DataType from, const void* x, float* y, int64_t n, int) {
  return from == DataType::kHalf ? RunWiden<Half>(ctx, x, y, n) : RunWiden<Bfloat16>(ctx, x, y, n);
}

absl::Status NarrowOnDevice(RunContext& ctx, DataType to, const float* x, void* y, int64_t n, int) {
  return to == DataType::kHalf ? RunNarrow<Half>(ctx, x, y, n) : RunNarrow<Bfloat16>(ctx, x, y, n);
}

}  // namespace

void RegisterHalfPrecision(KernelRegistry& r) {
  auto floats = std::make_shared<KernelRegistry>();
  for (auto add : {RegisterActivation, RegisterBatchNorm, RegisterBias, RegisterClip, RegisterLrn, RegisterMathBinary,
                   RegisterMathUnary, RegisterPool, RegisterReduction, RegisterSoftmax}) {
    add(*floats);
  }
  AddKernelsInFloat(r, floats, {WidenOnDevice, NarrowOnDevice});
}

}  // namespace sluice::gpu
