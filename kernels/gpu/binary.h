// Kernels of two inputs that broadcast.
#pragma once

#include "core/kernel_registry.h"
#include "kernels/functors/binary.h"
#include "kernels/gpu/elementwise.h"
#include "kernels/gpu/index_space.h"

namespace sluice::gpu {

struct BinaryPlan {
  int64_t n = 0;                   // elements of the output
  int64_t x_step = 1, y_step = 1;  // where one of the inputs is a scalar, 0
  bool is_simple = true;           // the steps say all
  IndexSpace<2> space;
  FaultSource faults;
};

using BinaryFn = absl::Status (*)(RunContext& ctx, const BinaryPlan& plan);

// F(x, y), where it can be computed; a division of integers by zero is reported and gives 0.
template <class F, class T>
SLUICE_HOST_DEVICE inline auto ApplyChecked(T x, T y, const FaultReporter& faults, int64_t i) {
  if constexpr (functors::DividesIntegers<F, T>()) {
    if (y == T{0}) {
      faults.Report(0, i);
      return T{0};
    }
  }
  return F::Apply(x, y);
}

template <class F, class T>
absl::Status RunBinary(RunContext& ctx, const BinaryPlan& plan) {
  using C = functors::Loaded<T>;
  using Applied = decltype(F::Apply(C{}, C{}));
  using R = std::conditional_t<std::is_same_v<Applied, C>, T, Applied>;  // T, or bool
  const T *x = ctx.input<T>(0), *y = ctx.input<T>(1);
  R* z = ctx.output<R>(0);
  const FaultReporter faults = FaultsOf(ctx, plan.faults);
  const int64_t x_step = plan.x_step, y_step = plan.y_step;
  if (plan.is_simple) {
    SLUICE_RETURN_IF_ERROR(Launch(ctx, plan.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
      z[i] = functors::Store<R>(
          ApplyChecked<F, C>(functors::Load(x[i * x_step]), functors::Load(y[i * y_step]), faults, i));
    }));
  } else {
    const IndexSpace<2> space = plan.space;
    SLUICE_RETURN_IF_ERROR(Launch(ctx, plan.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
      const auto at = space.At(i);
      z[i] =
          functors::Store<R>(ApplyChecked<F, C>(functors::Load(x[at.of[0]]), functors::Load(y[at.of[1]]), faults, i));
    }));
  }
  return FaultStatus(faults);
}

template <class F, class... Ts>
BinaryFn PickBinary(DataType dtype) {
  BinaryFn fn = nullptr;
  ((dtype == kDataTypeOf<Ts> ? void(fn = &RunBinary<F, Ts>) : void()), ...);
  return fn;
}

class BinaryKernel : public Kernel {
 public:
  explicit BinaryKernel(BinaryFn (*pick)(DataType)) : pick_(pick) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape &x = ctx.inputs[0].shape, &y = ctx.inputs[1].shape, &output = ctx.outputs[0].shape;
    fn_ = pick_(ctx.inputs[0].dtype);
    if (fn_ == nullptr) return NoKernelFor(ctx.inputs[0].dtype);
    SLUICE_ASSIGN_OR_RETURN(plan_.space, BroadcastSpace<2>({&x, &y}, output));
    plan_.n = output.num_elements();
    plan_.x_step = x.num_elements() == 1 ? 0 : 1;
    plan_.y_step = y.num_elements() == 1 ? 0 : 1;
    plan_.is_simple =
        (plan_.x_step == 0 || x.num_elements() == plan_.n) && (plan_.y_step == 0 || y.num_elements() == plan_.n);
    plan_.faults = {"", [](int64_t, int64_t) { return std::string("integer division by zero"); }};
#if defined(__CUDACC__)
    plan_.faults.node = absl::StrCat("node '", ctx.node, "' (", ctx.op, ")");
#endif
    for (int i = 0; i < 2; ++i) {
      if (ctx.inputs[i].shape == output && ctx.outputs[0].dtype == ctx.inputs[i].dtype) ctx.AllowInPlace(i, 0);
    }
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return fn_(ctx, plan_); }

 private:
  BinaryFn (*pick_)(DataType);
  BinaryFn fn_ = nullptr;
  BinaryPlan plan_;
};

template <class F, class... Ts>
KernelDef& AddBinary(KernelRegistry& r, const std::string& op) {
  return r.Add(op, [] { return std::make_unique<BinaryKernel>(PickBinary<F, Ts...>); });
}
template <class F, class... Ts>
void AddBinaryOfT(KernelRegistry& r, const std::string& op) {
  WithHalfPrecision<Ts...>([&]<class... Us>() { AddBinary<F, Us...>(r, op).Types("T", {kDataTypeOf<Us>...}); });
}

}  // namespace sluice::gpu
