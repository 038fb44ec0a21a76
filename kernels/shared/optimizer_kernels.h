// The optimisers' kernels, for every device: variables, some scalars, gradients, one pass over memory. An Executor says how
// a device runs a loop of kernels/functors/optimizer.h, for the variables of one update and for those of several:
//
//   struct Executor {
//     template <UpdateLoop kLoop>
//     static absl::Status Run(RunContext& ctx, const UpdateArguments& in, int64_t n, int threads);
//     template <UpdateLoop kLoop>
//     static absl::Status RunGroup(RunContext& ctx, const UpdateTable& table, int threads);
//   };
#pragma once

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "core/kernel_registry.h"
#include "kernels/functors/optimizer.h"
#include "kernels/shared/variable_access.h"
#include "ops/adaptive_training.h"
#include "ops/training.h"
#include "ops/update_group.h"

namespace sluice::kernels {

using functors::UpdateArguments;
using functors::UpdateTable;

// An optimiser's op and the attributes that its loop depends on.
struct UpdateForm {
  UpdateRule rule = UpdateRule::kGradientDescent;
  bool use_nesterov = false;
  bool update_slots = true;
};

template <functors::UpdateLoop kLoop>
struct LoopTag {};

// f(LoopTag<the form's loop>).
template <class T, class F>
auto VisitUpdateLoop(const UpdateForm& form, const F& f) {
  using namespace functors;  // NOLINT: the loops are this function's subject
  switch (form.rule) {
    case UpdateRule::kGradientDescent:
      return f(LoopTag<GradientDescentLoop<T>>());
    case UpdateRule::kMomentum:
      return form.use_nesterov ? f(LoopTag<MomentumLoop<T, true>>()) : f(LoopTag<MomentumLoop<T, false>>());
    case UpdateRule::kKerasMomentum:
      return form.use_nesterov ? f(LoopTag<KerasMomentumLoop<T, true>>()) : f(LoopTag<KerasMomentumLoop<T, false>>());
    case UpdateRule::kAdam:
      return form.use_nesterov ? f(LoopTag<AdamLoop<T, true>>()) : f(LoopTag<AdamLoop<T, false>>());
    case UpdateRule::kRmsProp:
      return f(LoopTag<RmsPropLoop<T>>());
    case UpdateRule::kCenteredRmsProp:
      return f(LoopTag<CenteredRmsPropLoop<T>>());
    case UpdateRule::kAdagrad:
      return form.update_slots ? f(LoopTag<AdagradLoop<T, false, true>>()) : f(LoopTag<AdagradLoop<T, false, false>>());
    case UpdateRule::kAdagradV2:
      break;
  }
  return form.update_slots ? f(LoopTag<AdagradLoop<T, true, true>>()) : f(LoopTag<AdagradLoop<T, true, false>>());
}

// A loop as an executor runs it.
using UpdateFn = absl::Status (*)(RunContext& ctx, const UpdateArguments& in, int64_t n, int threads);
using UpdateGroupFn = absl::Status (*)(RunContext& ctx, const UpdateTable& table, int threads);

template <class X, class T>
UpdateFn PickUpdate(const UpdateForm& form) {
  return VisitUpdateLoop<T>(
      form, []<functors::UpdateLoop kLoop>(LoopTag<kLoop>) -> UpdateFn { return X::template Run<kLoop>; });
}
template <class X, class T>
UpdateGroupFn PickUpdateGroup(const UpdateForm& form) {
  return VisitUpdateLoop<T>(
      form, []<functors::UpdateLoop kLoop>(LoopTag<kLoop>) -> UpdateGroupFn { return X::template RunGroup<kLoop>; });
}

// What a node says of its loop.
inline absl::StatusOr<UpdateForm> FormOf(const PrepareContext& ctx, UpdateRule rule) {
  UpdateForm form{.rule = rule};
  switch (rule) {
    case UpdateRule::kMomentum:
    case UpdateRule::kKerasMomentum: {
      SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyMomentumAttrs>());
      form.use_nesterov = attrs.use_nesterov;
      break;
    }
    case UpdateRule::kAdam: {
      SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyAdamAttrs>());
      form.use_nesterov = attrs.use_nesterov;
      break;
    }
    case UpdateRule::kAdagrad:
    case UpdateRule::kAdagradV2: {
      SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ResourceApplyAdagradAttrs>());
      form.update_slots = attrs.update_slots;
      break;
    }
    default:
      break;
  }
  return form;
}

// InvalidArgument where two of the first inputs, all resources, are one variable.
inline absl::Status CheckDistinct(absl::Span<Variable* const> variables) {
  std::vector<std::pair<Variable*, size_t>> sorted;
  for (size_t i = 0; i < variables.size(); ++i) sorted.emplace_back(variables[i], i);
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].first != sorted[i - 1].first) continue;
    return absl::InvalidArgumentError(absl::StrCat("inputs ", sorted[i - 1].second, " and ", sorted[i].second,
                                                   " are the same variable '", sorted[i].first->name(), "'"));
  }
  return absl::OkStatus();
}

template <class X>
class UpdateKernel : public Kernel {
 public:
  explicit UpdateKernel(const UpdateOp& op) : op_(op) {}

  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType dtype = ctx.inputs[op_.gradient].dtype;
    for (int i = 0; i < op_.num_variables; ++i) {
      SLUICE_ASSIGN_OR_RETURN(variables_[i], VariableOf(ctx, i, dtype));
    }
    SLUICE_RETURN_IF_ERROR(CheckDistinct({variables_.data(), static_cast<size_t>(op_.num_variables)}));
    in_order_ = variables_;
    std::sort(in_order_.begin(), in_order_.begin() + op_.num_variables);
    shape_ = ctx.inputs[op_.gradient].shape;
    threads_ = ctx.threads;
    SLUICE_ASSIGN_OR_RETURN(UpdateForm form, FormOf(ctx, op_.rule));
    update_ = dtype == DataType::kDouble ? PickUpdate<X, double>(form) : PickUpdate<X, float>(form);
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    std::array<std::unique_lock<std::mutex>, UpdateArguments::kMaxVariables> locks;
    for (int i = 0; i < op_.num_variables; ++i) locks[i] = std::unique_lock(in_order_[i]->mutex());
    UpdateArguments in;
    for (int i = 0; i < op_.num_variables; ++i) {
      SLUICE_RETURN_IF_ERROR(CheckHolds(*variables_[i], shape_));
      in.variables[i] = variables_[i]->data();
    }
    int scalars = 0;
    for (int i = op_.num_variables; i < op_.num_inputs(); ++i) {
      if (i != op_.gradient) in.scalars[scalars++] = ctx.input(i);
    }
    in.gradient = ctx.input(op_.gradient);
    SLUICE_RETURN_IF_ERROR(update_(ctx, in, shape_.num_elements(), threads_));
    for (int i = 0; i < op_.num_variables; ++i) variables_[i]->BumpVersion();
    return absl::OkStatus();
  }

 private:
  const UpdateOp op_;
  std::array<Variable*, UpdateArguments::kMaxVariables> variables_{};
  std::array<Variable*, UpdateArguments::kMaxVariables> in_order_{};  // of locking: the same for every kernel
  Shape shape_;
  int threads_ = 1;
  UpdateFn update_ = nullptr;
};

// _ApplyGroup: as many updates at a time as fit into a table.
template <class X>
class UpdateGroupKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ApplyGroupAttrs>());
    SLUICE_ASSIGN_OR_RETURN(op_, ResolveApplyGroup(attrs));
    count_ = static_cast<int>(attrs.count);
    first_scalar_ = static_cast<int>(attrs.num_resources);
    first_gradient_ = first_scalar_ + op_.num_scalars;
    threads_ = ctx.threads;
    variables_.clear();
    shapes_.clear();
    for (int i = 0; i < first_scalar_; ++i) {
      SLUICE_ASSIGN_OR_RETURN(Variable * variable, VariableOf(ctx, i, attrs.T));
      variables_.push_back(variable);
    }
    SLUICE_RETURN_IF_ERROR(CheckDistinct(variables_));
    for (int u = 0; u < count_; ++u) shapes_.push_back(ctx.inputs[first_gradient_ + u].shape);
    in_order_ = variables_;
    for (int u = 0; u < count_; u += UpdateTable::kMost) {
      std::sort(in_order_.begin() + u * op_.num_variables, in_order_.begin() + End(u) * op_.num_variables);
    }
    const UpdateForm form{op_.rule, attrs.use_nesterov, attrs.update_slots};
    update_ = attrs.T == DataType::kDouble ? PickUpdateGroup<X, double>(form) : PickUpdateGroup<X, float>(form);
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    for (int u = 0; u < count_; u += UpdateTable::kMost) SLUICE_RETURN_IF_ERROR(RunSome(ctx, u, End(u)));
    return absl::OkStatus();
  }

 private:
  // Where the table that begins with update `u` ends.
  int End(int u) const { return std::min(count_, u + UpdateTable::kMost); }

  absl::Status RunSome(RunContext& ctx, int begin, int end) const {
    const int v = op_.num_variables;
    std::array<std::unique_lock<std::mutex>, UpdateTable::kMost * UpdateArguments::kMaxVariables> locks;
    for (int i = begin * v; i < end * v; ++i) locks[i - begin * v] = std::unique_lock(in_order_[i]->mutex());
    UpdateTable table;
    for (int s = 0; s < op_.num_scalars; ++s) table.scalars[s] = ctx.input(first_scalar_ + s);
    int64_t n = 0;
    for (int u = begin; u < end; ++u) {
      for (int i = 0; i < v; ++i) {
        Variable& variable = *variables_[u * v + i];
        SLUICE_RETURN_IF_ERROR(CheckHolds(variable, shapes_[u]));
        table.variables[table.count][i] = variable.data();
      }
      table.gradients[table.count] = ctx.input(first_gradient_ + u);
      n += shapes_[u].num_elements();
      table.ends[table.count++] = n;
    }
    SLUICE_RETURN_IF_ERROR(update_(ctx, table, threads_));
    for (int i = begin * v; i < end * v; ++i) variables_[i]->BumpVersion();
    return absl::OkStatus();
  }

  UpdateOp op_{};
  int count_ = 0, first_scalar_ = 0, first_gradient_ = 0;
  std::vector<Variable*> variables_;
  std::vector<Variable*> in_order_;  // of locking, within each table
  std::vector<Shape> shapes_;        // of each update
  int threads_ = 1;
  UpdateGroupFn update_ = nullptr;
};

// All of them, run by Executor X.
template <class X>
void AddOptimizers(KernelRegistry& r) {
  for (const char* name :
       {"ResourceApplyGradientDescent", "ResourceApplyMomentum", "ResourceApplyKerasMomentum", "ResourceApplyAdam",
        "ResourceApplyRMSProp", "ResourceApplyCenteredRMSProp", "ResourceApplyAdagrad", "ResourceApplyAdagradV2"}) {
    const UpdateOp op = *FindUpdateOp(name);
    r.Add(name, [op] {
       return std::make_unique<UpdateKernel<X>>(op);
     }).Types("T", {DataType::kFloat, DataType::kDouble});
  }
  r.Add<UpdateGroupKernel<X>>("_ApplyGroup").Types("T", {DataType::kFloat, DataType::kDouble});
}

}  // namespace sluice::kernels
