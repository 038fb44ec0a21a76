#include "ops/adaptive_training.h"

#include <cmath>

#include "core/kernel_registry.h"
#include "kernels/cpu/update_kernel.h"

namespace sluice::cpu {
namespace {

template <class T>
T ScalarOf(const UpdateArguments& in, int i) {
  return *static_cast<const T*>(in.scalars[i]);
}
template <class T>
T* VariableAt(const UpdateArguments& in, int i) {
  return static_cast<T*>(in.variables[i]);
}

// beta1_power, beta2_power, lr, beta1, beta2, epsilon.
template <class T, bool kNesterov>
void AdamLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *var = VariableAt<T>(in, 0), *m = VariableAt<T>(in, 1), *v = VariableAt<T>(in, 2);
  const T* grad = static_cast<const T*>(in.gradient);
  const T beta1 = ScalarOf<T>(in, 3), rest1 = 1 - beta1, rest2 = 1 - ScalarOf<T>(in, 4), epsilon = ScalarOf<T>(in, 5);
  const T rate = ScalarOf<T>(in, 2) * std::sqrt(1 - ScalarOf<T>(in, 1)) / (1 - ScalarOf<T>(in, 0));
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    const T g = grad[i];
    const T mean = m[i] + (g - m[i]) * rest1;
    const T square = v[i] + (g * g - v[i]) * rest2;
    m[i] = mean;
    v[i] = square;
    var[i] -= (kNesterov ? g * rest1 + beta1 * mean : mean) * rate / (std::sqrt(square) + epsilon);
  }
}

// lr, rho, momentum, epsilon.
template <class T>
void RmsPropLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *var = VariableAt<T>(in, 0), *ms = VariableAt<T>(in, 1), *mom = VariableAt<T>(in, 2);
  const T* grad = static_cast<const T*>(in.gradient);
  const T rate = ScalarOf<T>(in, 0), rest = 1 - ScalarOf<T>(in, 1), momentum = ScalarOf<T>(in, 2);
  const T epsilon = ScalarOf<T>(in, 3);
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    const T g = grad[i];
    const T square = ms[i] + (g * g - ms[i]) * rest;
    const T step = mom[i] * momentum + g * rate / std::sqrt(square + epsilon);
    ms[i] = square;
    mom[i] = step;
    var[i] -= step;
  }
}

template <class T>
void CenteredRmsPropLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *var = VariableAt<T>(in, 0), *mg = VariableAt<T>(in, 1), *ms = VariableAt<T>(in, 2), *mom = VariableAt<T>(in, 3);
  const T* grad = static_cast<const T*>(in.gradient);
  const T rate = ScalarOf<T>(in, 0), rest = 1 - ScalarOf<T>(in, 1), momentum = ScalarOf<T>(in, 2);
  const T epsilon = ScalarOf<T>(in, 3);
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    const T g = grad[i];
    const T square = ms[i] + (g * g - ms[i]) * rest;
    const T mean = mg[i] + (g - mg[i]) * rest;
    const T step = mom[i] * momentum + g * rate / std::sqrt(square - mean * mean + epsilon);
    ms[i] = square;
    mg[i] = mean;
    mom[i] = step;
    var[i] -= step;
  }
}

// lr, with kEpsilon also epsilon.
template <class T, bool kEpsilon, bool kUpdateSlots>
void AdagradLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *var = VariableAt<T>(in, 0), *accum = VariableAt<T>(in, 1);
  const T* grad = static_cast<const T*>(in.gradient);
  const T rate = ScalarOf<T>(in, 0), epsilon = kEpsilon ? ScalarOf<T>(in, 1) : T{0};
#pragma GCC ivdep
  for (int64_t i = begin; i < end; ++i) {
    const T g = grad[i];
    const T sum = kUpdateSlots ? accum[i] + g * g : accum[i];
    if (kUpdateSlots) accum[i] = sum;
    var[i] -= g * rate / (std::sqrt(sum) + epsilon);
  }
}

class AdamKernel : public UpdateKernel {
 public:
  AdamKernel() : UpdateKernel(3, 9) {}
  absl::StatusOr<UpdateLoop> PickLoop(const PrepareContext& ctx, bool is_double) const override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyAdamAttrs>());
    if (is_double) return attrs.use_nesterov ? AdamLoop<double, true> : AdamLoop<double, false>;
    return attrs.use_nesterov ? AdamLoop<float, true> : AdamLoop<float, false>;
  }
};

class RmsPropKernel : public UpdateKernel {
 public:
  RmsPropKernel() : UpdateKernel(3, 7) {}
  absl::StatusOr<UpdateLoop> PickLoop(const PrepareContext&, bool is_double) const override {
    return is_double ? RmsPropLoop<double> : RmsPropLoop<float>;
  }
};

class CenteredRmsPropKernel : public UpdateKernel {
 public:
  CenteredRmsPropKernel() : UpdateKernel(4, 8) {}
  absl::StatusOr<UpdateLoop> PickLoop(const PrepareContext&, bool is_double) const override {
    return is_double ? CenteredRmsPropLoop<double> : CenteredRmsPropLoop<float>;
  }
};

template <bool kEpsilon>
class AdagradKernel : public UpdateKernel {
 public:
  AdagradKernel() : UpdateKernel(2, kEpsilon ? 4 : 3) {}
  absl::StatusOr<UpdateLoop> PickLoop(const PrepareContext& ctx, bool is_double) const override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyAdagradAttrs>());
    if (is_double)
      return attrs.update_slots ? AdagradLoop<double, kEpsilon, true> : AdagradLoop<double, kEpsilon, false>;
    return attrs.update_slots ? AdagradLoop<float, kEpsilon, true> : AdagradLoop<float, kEpsilon, false>;
  }
};

}  // namespace

void RegisterAdaptiveTraining(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble};
  r.Add<AdamKernel>("ResourceApplyAdam").Types("T", kTypes);
  r.Add<RmsPropKernel>("ResourceApplyRMSProp").Types("T", kTypes);
  r.Add<CenteredRmsPropKernel>("ResourceApplyCenteredRMSProp").Types("T", kTypes);
  r.Add<AdagradKernel<false>>("ResourceApplyAdagrad").Types("T", kTypes);
  r.Add<AdagradKernel<true>>("ResourceApplyAdagradV2").Types("T", kTypes);
}

}  // namespace sluice::cpu
