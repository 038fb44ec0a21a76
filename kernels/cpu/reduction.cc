#include "ops/reduction.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/elements.h"
#include "kernels/cpu/reduce.h"
#include "kernels/functors/reduce.h"

namespace sluice::cpu {
namespace {

using ReduceFn = void (*)(const ReduceLoop&, const void* x, void* y, void* scratch, int64_t parts, int threads);

template <class R>
ReduceFn PickReduce(DataType dtype) {
  ReduceFn fn = nullptr;
  VisitBasicType(dtype, [&]<class T>(TypeTag<T>) {
    if constexpr (!std::is_same_v<T, bool>) fn = &Reduce<R, T>;
  });
  return fn;
}

class ReductionKernel : public Kernel {
 public:
  explicit ReductionKernel(ReduceFn (*pick)(DataType)) : pick_(pick) {}

  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType dtype = ctx.inputs[0].dtype;
    fn_ = pick_(dtype);
    copy_ = FindCopy(dtype);
    if (fn_ == nullptr) return absl::UnimplementedError(absl::StrCat("no CPU kernel for ", DataTypeName(dtype)));
    input_ = ctx.inputs[0].shape;
    outputs_ = ctx.outputs[0].shape.num_elements();
    axes_ = ctx.inputs[1].shape.num_elements();
    axes_type_ = ctx.inputs[1].dtype;
    threads_ = ctx.threads;
    is_planned_ = ctx.inputs[1].constant != nullptr;
    if (!is_planned_) return absl::OkStatus();
    const Dims axes = DimsOf(*ctx.inputs[1].constant);
    SLUICE_ASSIGN_OR_RETURN(plan_, Plan(axes));
    if (plan_.count == 1) {
      ctx.Alias(0, 0);
      return absl::OkStatus();
    }
    parts_ = ReduceParts(plan_);
    if (parts_ > 1) ctx.RequestScratch(static_cast<size_t>(parts_ * outputs_) * sizeof(double));
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    if (is_planned_) {
      RunPlan(ctx, plan_, parts_);
      return absl::OkStatus();
    }
    Dims axes(axes_);  // values that only this run knows
    for (int64_t i = 0; i < axes_; ++i) {
      axes[i] = axes_type_ == DataType::kInt64 ? ctx.input<int64_t>(1)[i] : ctx.input<int32_t>(1)[i];
    }
    SLUICE_ASSIGN_OR_RETURN(ReduceLoop plan, Plan(axes));
    RunPlan(ctx, plan, 1);
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<ReduceLoop> Plan(const Dims& axes) const {
    SLUICE_ASSIGN_OR_RETURN(std::vector<bool> reduced, FindReducedDims(axes, input_.rank()));
    ReduceLoop plan = ReduceLoop::Create(input_, reduced);
    if (plan.outputs != outputs_) {
      return absl::InvalidArgumentError(
          absl::StrCat("the axes leave ", plan.outputs, " elements, the output has ", outputs_));
    }
    return plan;
  }
  void RunPlan(RunContext& ctx, const ReduceLoop& plan, int64_t parts) const {
    if (plan.count != 1) {
      fn_(plan, ctx.input(0), ctx.output(0), ctx.scratch(), parts, threads_);
    } else if (ctx.input(0) != ctx.output(0)) {
      copy_(ctx.input(0), ctx.output(0), outputs_, threads_);
    }
  }

  ReduceFn (*pick_)(DataType);
  ReduceFn fn_ = nullptr;
  CopyFn copy_ = nullptr;
  Shape input_;
  int64_t outputs_ = 0;
  int64_t axes_ = 0;
  DataType axes_type_ = DataType::kInvalid;
  bool is_planned_ = false;
  ReduceLoop plan_;
  int64_t parts_ = 1;
  int threads_ = 1;
};

template <class R>
void AddReduction(KernelRegistry& r, const std::string& op) {
  r.Add(op, [] { return std::make_unique<ReductionKernel>(PickReduce<R>); })
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8})
      .HostInputs({1});
}

}  // namespace

void RegisterReduction(KernelRegistry& r) {
  AddReduction<functors::SumReducer>(r, "Sum");
  AddReduction<functors::MeanReducer>(r, "Mean");
  AddReduction<functors::MaxReducer>(r, "Max");
}

}  // namespace sluice::cpu
