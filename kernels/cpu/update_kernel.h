// The frame of an optimiser's kernel: several variables of one shape, some scalars, one gradient, one pass over memory.
#pragma once

#include <algorithm>
#include <array>
#include <mutex>

#include "core/kernel.h"
#include "core/parallel.h"
#include "kernels/cpu/variable_access.h"

namespace sluice::cpu {

// What an update's loop is given.
struct UpdateArguments {
  static constexpr int kMaxVariables = 4, kMaxScalars = 6;
  void* variables[kMaxVariables];
  const void* scalars[kMaxScalars];  // in the order of the inputs
  const void* gradient;
};
// Elements [begin, end). The gradient may be the memory of one of the variables (a loss that is linear in it): every
// element has to be read before it is written, and nothing may depend on a neighbour.
using UpdateLoop = void (*)(const UpdateArguments& in, int64_t begin, int64_t end);

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
    SLUICE_ASSIGN_OR_RETURN(loop_, PickLoop(ctx, dtype == DataType::kDouble));
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    std::array<std::unique_lock<std::mutex>, UpdateArguments::kMaxVariables> locks;
    for (int i = 0; i < num_variables_; ++i) locks[i] = std::unique_lock(in_order_[i]->mutex());
    UpdateArguments in;
    for (int i = 0; i < num_variables_; ++i) {
      SLUICE_RETURN_IF_ERROR(CheckHolds(*variables_[i], shape_));
      in.variables[i] = variables_[i]->data();
    }
    int scalars = 0;
    for (int i = num_variables_; i < num_inputs_; ++i) {
      if (i != gradient_) in.scalars[scalars++] = ctx.input(i);
    }
    in.gradient = ctx.input(gradient_);
    ParallelFor(threads_, shape_.num_elements(), kGrain, [&](int64_t begin, int64_t end) { loop_(in, begin, end); });
    for (int i = 0; i < num_variables_; ++i) variables_[i]->BumpVersion();
    return absl::OkStatus();
  }

 protected:
  virtual absl::StatusOr<UpdateLoop> PickLoop(const PrepareContext& ctx, bool is_double) const = 0;

 private:
  static constexpr int64_t kGrain = 1 << 13;

  const int num_variables_, gradient_;
  int num_inputs_ = 0;
  std::array<Variable*, UpdateArguments::kMaxVariables> variables_{};
  std::array<Variable*, UpdateArguments::kMaxVariables> in_order_{};  // of locking: the same for every kernel
  Shape shape_;
  int threads_ = 1;
  UpdateLoop loop_ = nullptr;
};

}  // namespace sluice::cpu
