// The optimisers' kernels, for every device: several variables of one shape, some scalars, one gradient, one pass over
// memory. An Executor says how a device runs a loop of kernels/functors/optimizer.h:
//
//   struct Executor {
//     template <UpdateLoop kLoop>
//     static absl::Status Run(RunContext& ctx, const UpdateArguments& in, int64_t n, int threads);
//   };
#pragma once

#include <algorithm>
#include <array>
#include <mutex>

#include "core/kernel_registry.h"
#include "kernels/functors/optimizer.h"
#include "kernels/shared/variable_access.h"
#include "ops/adaptive_training.h"
#include "ops/training.h"

namespace sluice::kernels {

// A loop as an executor runs it.
using UpdateFn = absl::Status (*)(RunContext& ctx, const functors::UpdateArguments& in, int64_t n, int threads);

// The inputs are num_variables variables, then scalars and, at `gradient`, the gradient. Derived classes pick the loop.
class UpdateKernel : public Kernel {
 public:
  UpdateKernel(int num_variables, int gradient) : num_variables_(num_variables), gradient_(gradient) {}

  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType dtype = ctx.inputs[gradient_].dtype;
    num_inputs_ = static_cast<int>(ctx.inputs.size());
    for (int i = 0; i < num_variables_; ++i) {
      SLUICE_ASSIGN_OR_RETURN(variables_[i], VariableOf(ctx, i, dtype));
      for (int j = 0; j < i; ++j) {
        if (variables_[i] != variables_[j]) continue;
        return absl::InvalidArgumentError(
            absl::StrCat("inputs ", j, " and ", i, " are the same variable '", variables_[i]->name(), "'"));
      }
    }
    in_order_ = variables_;
    std::sort(in_order_.begin(), in_order_.begin() + num_variables_);
    shape_ = ctx.inputs[gradient_].shape;
    threads_ = ctx.threads;
    SLUICE_ASSIGN_OR_RETURN(update_, Pick(ctx, dtype == DataType::kDouble));
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    std::array<std::unique_lock<std::mutex>, functors::UpdateArguments::kMaxVariables> locks;
    for (int i = 0; i < num_variables_; ++i) locks[i] = std::unique_lock(in_order_[i]->mutex());
    functors::UpdateArguments in;
    for (int i = 0; i < num_variables_; ++i) {
      SLUICE_RETURN_IF_ERROR(CheckHolds(*variables_[i], shape_));
      in.variables[i] = variables_[i]->data();
    }
    int scalars = 0;
    for (int i = num_variables_; i < num_inputs_; ++i) {
      if (i != gradient_) in.scalars[scalars++] = ctx.input(i);
    }
    in.gradient = ctx.input(gradient_);
    SLUICE_RETURN_IF_ERROR(update_(ctx, in, shape_.num_elements(), threads_));
    for (int i = 0; i < num_variables_; ++i) variables_[i]->BumpVersion();
    return absl::OkStatus();
  }

 protected:
  virtual absl::StatusOr<UpdateFn> Pick(const PrepareContext& ctx, bool is_double) const = 0;

 private:
  const int num_variables_, gradient_;
  int num_inputs_ = 0;
  std::array<Variable*, functors::UpdateArguments::kMaxVariables> variables_{};
  std::array<Variable*, functors::UpdateArguments::kMaxVariables> in_order_{};  // of locking: the same for every kernel
  Shape shape_;
  int threads_ = 1;
  UpdateFn update_ = nullptr;
};

template <class X>
class GradientDescentKernel : public UpdateKernel {
 public:
  GradientDescentKernel() : UpdateKernel(1, 2) {}
  absl::StatusOr<UpdateFn> Pick(const PrepareContext&, bool is_double) const override {
    return is_double ? X::template Run<functors::GradientDescentLoop<double>>
                     : X::template Run<functors::GradientDescentLoop<float>>;
  }
};

template <class X>
class MomentumKernel : public UpdateKernel {
 public:
  MomentumKernel() : UpdateKernel(2, 3) {}
  absl::StatusOr<UpdateFn> Pick(const PrepareContext& ctx, bool is_double) const override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyMomentumAttrs>());
    if (is_double) {
      return attrs.use_nesterov ? X::template Run<functors::MomentumLoop<double, true>>
                                : X::template Run<functors::MomentumLoop<double, false>>;
    }
    return attrs.use_nesterov ? X::template Run<functors::MomentumLoop<float, true>>
                              : X::template Run<functors::MomentumLoop<float, false>>;
  }
};

template <class X>
class KerasMomentumKernel : public UpdateKernel {
 public:
  KerasMomentumKernel() : UpdateKernel(2, 3) {}
  absl::StatusOr<UpdateFn> Pick(const PrepareContext& ctx, bool is_double) const override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyMomentumAttrs>());
    if (is_double) {
      return attrs.use_nesterov ? X::template Run<functors::KerasMomentumLoop<double, true>>
                                : X::template Run<functors::KerasMomentumLoop<double, false>>;
    }
    return attrs.use_nesterov ? X::template Run<functors::KerasMomentumLoop<float, true>>
                              : X::template Run<functors::KerasMomentumLoop<float, false>>;
  }
};

template <class X>
class AdamKernel : public UpdateKernel {
 public:
  AdamKernel() : UpdateKernel(3, 9) {}
  absl::StatusOr<UpdateFn> Pick(const PrepareContext& ctx, bool is_double) const override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyAdamAttrs>());
    if (is_double) {
      return attrs.use_nesterov ? X::template Run<functors::AdamLoop<double, true>>
                                : X::template Run<functors::AdamLoop<double, false>>;
    }
    return attrs.use_nesterov ? X::template Run<functors::AdamLoop<float, true>>
                              : X::template Run<functors::AdamLoop<float, false>>;
  }
};

template <class X>
class RmsPropKernel : public UpdateKernel {
 public:
  RmsPropKernel() : UpdateKernel(3, 7) {}
  absl::StatusOr<UpdateFn> Pick(const PrepareContext&, bool is_double) const override {
    return is_double ? X::template Run<functors::RmsPropLoop<double>> : X::template Run<functors::RmsPropLoop<float>>;
  }
};

template <class X>
class CenteredRmsPropKernel : public UpdateKernel {
 public:
  CenteredRmsPropKernel() : UpdateKernel(4, 8) {}
  absl::StatusOr<UpdateFn> Pick(const PrepareContext&, bool is_double) const override {
    return is_double ? X::template Run<functors::CenteredRmsPropLoop<double>>
                     : X::template Run<functors::CenteredRmsPropLoop<float>>;
  }
};

template <class X, bool kEpsilon>
class AdagradKernel : public UpdateKernel {
 public:
  AdagradKernel() : UpdateKernel(2, kEpsilon ? 4 : 3) {}
  absl::StatusOr<UpdateFn> Pick(const PrepareContext& ctx, bool is_double) const override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyAdagradAttrs>());
    if (is_double) {
      return attrs.update_slots ? X::template Run<functors::AdagradLoop<double, kEpsilon, true>>
                                : X::template Run<functors::AdagradLoop<double, kEpsilon, false>>;
    }
    return attrs.update_slots ? X::template Run<functors::AdagradLoop<float, kEpsilon, true>>
                              : X::template Run<functors::AdagradLoop<float, kEpsilon, false>>;
  }
};

// All of them, run by Executor X.
template <class X>
void AddOptimizers(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble};
  r.Add<GradientDescentKernel<X>>("ResourceApplyGradientDescent").Types("T", kTypes);
  r.Add<MomentumKernel<X>>("ResourceApplyMomentum").Types("T", kTypes);
  r.Add<KerasMomentumKernel<X>>("ResourceApplyKerasMomentum").Types("T", kTypes);
  r.Add<AdamKernel<X>>("ResourceApplyAdam").Types("T", kTypes);
  r.Add<RmsPropKernel<X>>("ResourceApplyRMSProp").Types("T", kTypes);
  r.Add<CenteredRmsPropKernel<X>>("ResourceApplyCenteredRMSProp").Types("T", kTypes);
  r.Add<AdagradKernel<X, false>>("ResourceApplyAdagrad").Types("T", kTypes);
  r.Add<AdagradKernel<X, true>>("ResourceApplyAdagradV2").Types("T", kTypes);
}

}  // namespace sluice::kernels
