#include "ops/variable.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/elements.h"
#include "kernels/shared/host_kernels.h"
#include "kernels/shared/variable_access.h"

namespace sluice::cpu {
namespace {

using kernels::CheckHolds;
using kernels::VariableOf;

// The copying form, for reads that a later write must not change.
class ReadVariableOpKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(variable_, VariableOf(ctx, 0, ctx.outputs[0].dtype));
    shape_ = ctx.outputs[0].shape;
    copy_ = FindCopy(ctx.outputs[0].dtype);
    threads_ = ctx.threads;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    std::lock_guard lock(variable_->mutex());
    SLUICE_RETURN_IF_ERROR(CheckHolds(*variable_, shape_));
    copy_(variable_->data(), ctx.output(0), shape_.num_elements(), threads_);
    return absl::OkStatus();
  }

 private:
  Variable* variable_ = nullptr;
  Shape shape_;
  CopyFn copy_ = nullptr;
  int threads_ = 1;
};

class AssignVariableOpKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(variable_, VariableOf(ctx, 0, ctx.inputs[1].dtype));
    shape_ = ctx.inputs[1].shape;
    copy_ = FindCopy(ctx.inputs[1].dtype);
    threads_ = ctx.threads;
    std::lock_guard lock(variable_->mutex());
    return variable_->Reserve(shape_);
  }
  absl::Status Run(RunContext& ctx) const override {
    std::lock_guard lock(variable_->mutex());
    // Nothing to do, but where another assignment gave it another shape since Prepare (dynamic mode).
    SLUICE_RETURN_IF_ERROR(variable_->Reserve(shape_));
    // A read of the variable itself is its own memory.
    if (ctx.input(1) != variable_->data()) copy_(ctx.input(1), variable_->data(), shape_.num_elements(), threads_);
    variable_->set_initialized(true);
    variable_->BumpVersion();
    return absl::OkStatus();
  }

 private:
  Variable* variable_ = nullptr;
  Shape shape_;
  CopyFn copy_ = nullptr;
  int threads_ = 1;
};

// Integers wrap around, as unsigned ones do.
template <class T>
using WrappingOf =
    typename std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::type_identity<T>>::type;

// `value` may be the variable's own memory, never a part of it that is shifted.
template <class T, bool kSubtract>
void AddTo(void* variable, const void* value, int64_t n, int threads) {
  using W = WrappingOf<T>;
  ParallelFor(threads, n, 1 << 14, [&](int64_t begin, int64_t end) {
    W* to = static_cast<W*>(variable);
    const W* from = static_cast<const W*>(value);
#pragma GCC ivdep
    for (int64_t i = begin; i < end; ++i) to[i] = kSubtract ? to[i] - from[i] : to[i] + from[i];
  });
}

// AssignAddVariableOp, and with kSubtract AssignSubVariableOp.
template <bool kSubtract>
class AssignAddKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(variable_, VariableOf(ctx, 0, ctx.inputs[1].dtype));
    shape_ = ctx.inputs[1].shape;
    threads_ = ctx.threads;
    VisitBasicType(ctx.inputs[1].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) add_ = AddTo<T, kSubtract>;
    });
    if (add_ == nullptr) {
      return absl::UnimplementedError(absl::StrCat("no addition for ", DataTypeName(ctx.inputs[1].dtype)));
    }
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    std::lock_guard lock(variable_->mutex());
    SLUICE_RETURN_IF_ERROR(CheckHolds(*variable_, shape_));
    add_(variable_->data(), ctx.input(1), shape_.num_elements(), threads_);
    variable_->BumpVersion();
    return absl::OkStatus();
  }

 private:
  Variable* variable_ = nullptr;
  Shape shape_;
  int threads_ = 1;
  void (*add_)(void* variable, const void* value, int64_t n, int threads) = nullptr;
};

class VarIsInitializedOpKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    variable_ = ctx.inputs[0].variable;
    if (variable_ == nullptr) return absl::InternalError("no variable behind input 0");
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    *ctx.output<bool>(0) = variable_->is_initialized();
    return absl::OkStatus();
  }

 private:
  Variable* variable_ = nullptr;
};

}  // namespace

void RegisterVariable(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64,
                                 DataType::kUint8};
  r.Add<kernels::VarHandleOpKernel>("VarHandleOp");
  r.Add<ReadVariableOpKernel>("ReadVariableOp");
  r.Add<AssignVariableOpKernel>("AssignVariableOp");
  r.Add<AssignAddKernel<false>>("AssignAddVariableOp").Types("dtype", kTypes);
  r.Add<AssignAddKernel<true>>("AssignSubVariableOp").Types("dtype", kTypes);
  r.Add<VarIsInitializedOpKernel>("VarIsInitializedOp").HostOutputs({0});
}

}  // namespace sluice::cpu
