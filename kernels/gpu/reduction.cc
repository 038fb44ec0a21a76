#include "ops/reduction.h"

#include "core/kernel_registry.h"
#include "kernels/gpu/elementwise.h"
#include "kernels/gpu/reduce.h"

namespace sluice::gpu {
namespace {

using ReduceFn = absl::Status (*)(RunContext&, const ReduceSpace&, const void* x, void* y, void* scratch);

template <class R>
ReduceFn PickReduce(DataType dtype) {
  ReduceFn fn = nullptr;
  VisitBasicType(dtype, [&]<class T>(TypeTag<T>) {
    if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, uint8_t>) fn = &Reduce<R, T>;
  });
  return fn;
}

class ReductionKernel : public Kernel {
 public:
  explicit ReductionKernel(ReduceFn (*pick)(DataType)) : pick_(pick) {}

  absl::Status Prepare(PrepareContext& ctx) override {
    fn_ = pick_(ctx.inputs[0].dtype);
    if (fn_ == nullptr) return NoKernelFor(ctx.inputs[0].dtype);
    input_ = ctx.inputs[0].shape;
    outputs_ = ctx.outputs[0].shape.num_elements();
    axes_ = ctx.inputs[1].shape.num_elements();
    axes_type_ = ctx.inputs[1].dtype;
    bytes_ = static_cast<size_t>(outputs_) * DataTypeSize(ctx.inputs[0].dtype);
    is_planned_ = ctx.inputs[1].constant != nullptr;
    if (!is_planned_) return absl::OkStatus();
    SLUICE_ASSIGN_OR_RETURN(plan_, Plan(DimsOf(*ctx.inputs[1].constant)));
    if (plan_.count == 1) ctx.Alias(0, 0);
    ctx.RequestScratch(plan_.scratch_bytes());
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    if (is_planned_) return RunPlan(ctx, plan_);
    Dims axes(axes_);  // values that only this run knows
    for (int64_t i = 0; i < axes_; ++i) {
      axes[i] = axes_type_ == DataType::kInt64 ? ctx.input<int64_t>(1)[i] : ctx.input<int32_t>(1)[i];
    }
    SLUICE_ASSIGN_OR_RETURN(ReduceSpace plan, Plan(axes));
    plan.parts = 1;  // no scratch was asked for
    return RunPlan(ctx, plan);
  }

 private:
  absl::StatusOr<ReduceSpace> Plan(const Dims& axes) const {
    SLUICE_ASSIGN_OR_RETURN(std::vector<bool> reduced, FindReducedDims(axes, input_.rank()));
    ReduceSpace plan = ReduceSpace::Create(input_, reduced);
    if (plan.outputs != outputs_) {
      return absl::InvalidArgumentError(
          absl::StrCat("the axes leave ", plan.outputs, " elements, the output has ", outputs_));
    }
    return plan;
  }
  absl::Status RunPlan(RunContext& ctx, const ReduceSpace& plan) const {
    if (plan.count == 1) return CopyBytes(ctx, ctx.input(0), ctx.output(0), bytes_);
    return fn_(ctx, plan, ctx.input(0), ctx.output(0), ctx.scratch());
  }

  ReduceFn (*pick_)(DataType);
  ReduceFn fn_ = nullptr;
  Shape input_;
  int64_t outputs_ = 0, axes_ = 0;
  size_t bytes_ = 0;
  DataType axes_type_ = DataType::kInvalid;
  bool is_planned_ = false;
  ReduceSpace plan_;
};

template <class R>
void AddReduction(KernelRegistry& r, const std::string& op) {
  r.Add(op, [] { return std::make_unique<ReductionKernel>(PickReduce<R>); })
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64})
      .HostInputs({1});
}

}  // namespace

void RegisterReduction(KernelRegistry& r) {
  AddReduction<functors::SumReducer>(r, "Sum");
  AddReduction<functors::MeanReducer>(r, "Mean");
  AddReduction<functors::MaxReducer>(r, "Max");
}

}  // namespace sluice::gpu
