// Kernels that compute each element of the output from the element at the same place of their inputs.
#pragma once

#include "core/kernel_registry.h"
#include "kernels/functors/half.h"
#include "kernels/gpu/launch.h"

namespace sluice::gpu {

using UnaryFn = absl::Status (*)(RunContext& ctx, const void* x, void* y, int64_t n);
using PairFn = absl::Status (*)(RunContext& ctx, const void* x, const void* y, void* z, int64_t n);

// y[i] = F::Apply(x[i]). y may be x.
template <class F, class T>
absl::Status RunUnary(RunContext& ctx, const void* x, void* y, int64_t n) {
  const T* in = static_cast<const T*>(x);
  T* out = static_cast<T*>(y);
  return Launch(ctx, n,
                [=] SLUICE_HOST_DEVICE(int64_t i) { out[i] = functors::Store<T>(F::Apply(functors::Load(in[i]))); });
}
// z[i] = F::Apply(x[i], y[i]). z may be x or y.
template <class F, class T>
absl::Status RunPair(RunContext& ctx, const void* x, const void* y, void* z, int64_t n) {
  const T* a = static_cast<const T*>(x);
  const T* b = static_cast<const T*>(y);
  T* out = static_cast<T*>(z);
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    out[i] = functors::Store<T>(F::Apply(functors::Load(a[i]), functors::Load(b[i])));
  });
}

template <class F, class... Ts>
UnaryFn PickUnary(DataType dtype) {
  UnaryFn fn = nullptr;
  ((dtype == kDataTypeOf<Ts> ? void(fn = &RunUnary<F, Ts>) : void()), ...);
  return fn;
}
template <class F, class... Ts>
PairFn PickPair(DataType dtype) {
  PairFn fn = nullptr;
  ((dtype == kDataTypeOf<Ts> ? void(fn = &RunPair<F, Ts>) : void()), ...);
  return fn;
}

inline absl::Status NoKernelFor(DataType dtype) {
  return absl::UnimplementedError(absl::StrCat("no GPU kernel for ", DataTypeName(dtype)));
}

class UnaryKernel : public Kernel {
 public:
  explicit UnaryKernel(UnaryFn (*pick)(DataType)) : pick_(pick) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    fn_ = pick_(ctx.inputs[0].dtype);
    if (fn_ == nullptr) return NoKernelFor(ctx.inputs[0].dtype);
    n_ = ctx.inputs[0].shape.num_elements();
    ctx.AllowInPlace(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return fn_(ctx, ctx.input(0), ctx.output(0), n_); }

 private:
  UnaryFn (*pick_)(DataType);
  UnaryFn fn_ = nullptr;
  int64_t n_ = 0;
};

class PairKernel : public Kernel {
 public:
  explicit PairKernel(PairFn (*pick)(DataType)) : pick_(pick) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    fn_ = pick_(ctx.inputs[0].dtype);
    if (fn_ == nullptr) return NoKernelFor(ctx.inputs[0].dtype);
    if (!(ctx.inputs[0].shape == ctx.inputs[1].shape)) {
      return absl::InvalidArgumentError(absl::StrCat("inputs have shapes ", ctx.inputs[0].shape.ToString(), " and ",
                                                     ctx.inputs[1].shape.ToString(), ", expected the same"));
    }
    n_ = ctx.inputs[0].shape.num_elements();
    ctx.AllowInPlace(0, 0);
    ctx.AllowInPlace(1, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return fn_(ctx, ctx.input(0), ctx.input(1), ctx.output(0), n_); }

 private:
  PairFn (*pick_)(DataType);
  PairFn fn_ = nullptr;
  int64_t n_ = 0;
};

// Calls f.operator()<Us...>() with the types Ts, and with half and bfloat16 where float is one of them.
template <class... Ts, class F>
void WithHalfPrecision(const F& f) {
  if constexpr ((std::is_same_v<Ts, float> || ...)) {
    f.template operator()<Ts..., Half, Bfloat16>();
  } else {
    f.template operator()<Ts...>();
  }
}

// Registers the kernel of functor F for the types Ts, attribute T, and for half and bfloat16 where there is float.
template <class F, class... Ts>
void AddUnary(KernelRegistry& r, const std::string& op) {
  WithHalfPrecision<Ts...>([&]<class... Us>() {
    r.Add(op, [] { return std::make_unique<UnaryKernel>(PickUnary<F, Us...>); }).Types("T", {kDataTypeOf<Us>...});
  });
}
template <class F, class... Ts>
void AddPair(KernelRegistry& r, const std::string& op) {
  WithHalfPrecision<Ts...>([&]<class... Us>() {
    r.Add(op, [] { return std::make_unique<PairKernel>(PickPair<F, Us...>); }).Types("T", {kDataTypeOf<Us>...});
  });
}

}  // namespace sluice::gpu
