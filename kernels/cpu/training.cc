#include "ops/training.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/update_kernel.h"

namespace sluice::cpu {
namespace {

template <class T>
void GradientDescentLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T* v = static_cast<T*>(in.variables[0]);
  const T* d = static_cast<const T*>(in.gradient);
  const T rate = *static_cast<const T*>(in.scalars[0]);
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) v[i] -= rate * d[i];
}

template <class T, bool kNesterov>
void MomentumLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *v = static_cast<T*>(in.variables[0]), *a = static_cast<T*>(in.variables[1]);
  const T* g = static_cast<const T*>(in.gradient);
  const T rate = *static_cast<const T*>(in.scalars[0]), momentum = *static_cast<const T*>(in.scalars[1]);
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    const T gradient = g[i];
    const T sum = a[i] * momentum + gradient;
    a[i] = sum;
    v[i] -= kNesterov ? gradient * rate + sum * momentum * rate : sum * rate;
  }
}

// The rate is within the accumulator.
template <class T, bool kNesterov>
void KerasMomentumLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *v = static_cast<T*>(in.variables[0]), *a = static_cast<T*>(in.variables[1]);
  const T* g = static_cast<const T*>(in.gradient);
  const T rate = *static_cast<const T*>(in.scalars[0]), momentum = *static_cast<const T*>(in.scalars[1]);
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    const T step = g[i] * rate;
    const T sum = a[i] * momentum - step;
    a[i] = sum;
    v[i] += kNesterov ? sum * momentum - step : sum;
  }
}

class GradientDescentKernel : public UpdateKernel {
 public:
  GradientDescentKernel() : UpdateKernel(1, 2) {}
  absl::StatusOr<UpdateLoop> PickLoop(const PrepareContext&, bool is_double) const override {
    return is_double ? GradientDescentLoop<double> : GradientDescentLoop<float>;
  }
};

class MomentumKernel : public UpdateKernel {
 public:
  MomentumKernel() : UpdateKernel(2, 3) {}
  absl::StatusOr<UpdateLoop> PickLoop(const PrepareContext& ctx, bool is_double) const override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyMomentumAttrs>());
    if (is_double) return attrs.use_nesterov ? MomentumLoop<double, true> : MomentumLoop<double, false>;
    return attrs.use_nesterov ? MomentumLoop<float, true> : MomentumLoop<float, false>;
  }
};

class KerasMomentumKernel : public UpdateKernel {
 public:
  KerasMomentumKernel() : UpdateKernel(2, 3) {}
  absl::StatusOr<UpdateLoop> PickLoop(const PrepareContext& ctx, bool is_double) const override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyMomentumAttrs>());
    if (is_double) return attrs.use_nesterov ? KerasMomentumLoop<double, true> : KerasMomentumLoop<double, false>;
    return attrs.use_nesterov ? KerasMomentumLoop<float, true> : KerasMomentumLoop<float, false>;
  }
};

}  // namespace

void RegisterTraining(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble};
  r.Add<GradientDescentKernel>("ResourceApplyGradientDescent").Types("T", kTypes);
  r.Add<MomentumKernel>("ResourceApplyMomentum").Types("T", kTypes);
  r.Add<KerasMomentumKernel>("ResourceApplyKerasMomentum").Types("T", kTypes);
}

}  // namespace sluice::cpu
