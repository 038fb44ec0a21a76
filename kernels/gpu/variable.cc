// Variables in a device's memory. The host holds a variable's lock while it issues work, not while the device does it:
// updates of one stream are in order, and a session's steps on a device share a stream or wait for events.
#include "ops/variable.h"

#include "core/kernel_registry.h"
#include "kernels/functors/arithmetic.h"
#include "kernels/gpu/elementwise.h"
#include "kernels/gpu/types.h"
#include "kernels/shared/host_kernels.h"
#include "kernels/shared/variable_access.h"

namespace sluice::gpu {
namespace {

using kernels::CheckHolds;
using kernels::VariableOf;

// The copying form, for reads that a later write must not change.
class ReadVariableOpKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(variable_, VariableOf(ctx, 0, ctx.outputs[0].dtype));
    shape_ = ctx.outputs[0].shape;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    std::lock_guard lock(variable_->mutex());
    SLUICE_RETURN_IF_ERROR(CheckHolds(*variable_, shape_));
    return CopyBytes(ctx, variable_->data(), ctx.output(0), variable_->bytes());
  }

 private:
  Variable* variable_ = nullptr;
  Shape shape_;
};

class AssignVariableOpKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(variable_, VariableOf(ctx, 0, ctx.inputs[1].dtype));
    shape_ = ctx.inputs[1].shape;
    std::lock_guard lock(variable_->mutex());
    return variable_->Reserve(shape_);
  }
  absl::Status Run(RunContext& ctx) const override {
    std::lock_guard lock(variable_->mutex());
    if (!(variable_->shape() == shape_)) {
      // Another assignment gave it another shape since Prepare (dynamic mode): what is queued uses the memory that goes.
      if (ctx.stream != nullptr) SLUICE_RETURN_IF_ERROR(ctx.stream->Synchronize());
      SLUICE_RETURN_IF_ERROR(variable_->Reserve(shape_));
    }
    SLUICE_RETURN_IF_ERROR(CopyBytes(ctx, ctx.input(1), variable_->data(), variable_->bytes()));
    variable_->set_initialized(true);
    variable_->BumpVersion();
    return absl::OkStatus();
  }

 private:
  Variable* variable_ = nullptr;
  Shape shape_;
};

template <class T, bool kSubtract>
absl::Status RunAddTo(RunContext& ctx, void* variable, const void* value, int64_t n) {
  T* to = static_cast<T*>(variable);
  const T* from = static_cast<const T*>(value);
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    to[i] = kSubtract ? functors::Minus(to[i], from[i]) : functors::Plus(to[i], from[i]);
  });
}

// AssignAddVariableOp, and with kSubtract AssignSubVariableOp.
template <bool kSubtract>
class AssignAddKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(variable_, VariableOf(ctx, 0, ctx.inputs[1].dtype));
    shape_ = ctx.inputs[1].shape;
    VisitBasicType(ctx.inputs[1].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) add_ = RunAddTo<T, kSubtract>;
    });
    return add_ == nullptr ? NoKernelFor(ctx.inputs[1].dtype) : absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    std::lock_guard lock(variable_->mutex());
    SLUICE_RETURN_IF_ERROR(CheckHolds(*variable_, shape_));
    SLUICE_RETURN_IF_ERROR(add_(ctx, variable_->data(), ctx.input(1), shape_.num_elements()));
    variable_->BumpVersion();
    return absl::OkStatus();
  }

 private:
  Variable* variable_ = nullptr;
  Shape shape_;
  absl::Status (*add_)(RunContext&, void* variable, const void* value, int64_t n) = nullptr;
};

}  // namespace

void RegisterVariable(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64,
                                 DataType::kUint8};
  r.Add<kernels::VarHandleOpKernel>("VarHandleOp").Types("dtype", PlainTypes());
  r.Add<ReadVariableOpKernel>("ReadVariableOp").Types("dtype", PlainTypes());
  r.Add<AssignVariableOpKernel>("AssignVariableOp").Types("dtype", PlainTypes());
  r.Add<AssignAddKernel<false>>("AssignAddVariableOp").Types("dtype", kTypes);
  r.Add<AssignAddKernel<true>>("AssignSubVariableOp").Types("dtype", kTypes);
}

}  // namespace sluice::gpu
