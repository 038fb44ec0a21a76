#include <limits>

#include "core/kernel_registry.h"
#include "kernels/gpu/elementwise.h"
#include "kernels/gpu/index_space.h"
#include "ops/reduction.h"

namespace sluice::gpu {
namespace {

struct ArgMaxPlan {
  int64_t outputs = 0, n = 0;
  Divisor inner;
};

// The input is [outer, n, inner]. A NaN is never the largest, as on the CPU.
template <class T, class Index>
absl::Status RunArgMax(RunContext& ctx, const ArgMaxPlan& plan) {
  using Limits = std::numeric_limits<T>;
  const T* x = ctx.input<T>(0);
  Index* y = ctx.output<Index>(0);
  const ArgMaxPlan p = plan;
  return Launch(ctx, p.outputs, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const int64_t outer = p.inner.Divide(i), column = i - outer * p.inner.by();
    const T* from = x + outer * p.n * p.inner.by() + column;
    T best = Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::lowest();
    int64_t at = 0;
    for (int64_t k = 0; k < p.n; ++k) {
      const T value = from[k * p.inner.by()];
      if (value > best) {
        best = value;
        at = k;
      }
    }
    y[i] = static_cast<Index>(at);
  });
}

class ArgMaxKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType index = ctx.outputs[0].dtype;
    VisitBasicType(ctx.inputs[0].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) {
        run_ = index == DataType::kInt64 ? &RunArgMax<T, int64_t> : &RunArgMax<T, int32_t>;
      }
    });
    input_ = ctx.inputs[0].shape;
    outputs_ = ctx.outputs[0].shape.num_elements();
    axis_type_ = ctx.inputs[1].dtype;
    is_known_ = ctx.inputs[1].constant != nullptr;
    if (!is_known_) return absl::OkStatus();
    SLUICE_ASSIGN_OR_RETURN(plan_, Plan(ctx.inputs[1].constant->IntAt(0)));
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    if (is_known_) return run_(ctx, plan_);
    const int64_t given = axis_type_ == DataType::kInt64 ? *ctx.input<int64_t>(1) : *ctx.input<int32_t>(1);
    SLUICE_ASSIGN_OR_RETURN(ArgMaxPlan plan, Plan(given));
    return run_(ctx, plan);
  }

 private:
  absl::StatusOr<ArgMaxPlan> Plan(int64_t given) const {
    SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(given, input_.rank(), "dimension"));
    const int64_t n = input_.dim(axis);
    if (n == 0) return absl::InvalidArgumentError(absl::StrCat("dimension ", axis, " of the input is empty"));
    if (outputs_ != input_.num_elements() / n) {
      return absl::InvalidArgumentError(absl::StrCat("dimension ", axis, " leaves ", input_.num_elements() / n,
                                                     " elements, the output has ", outputs_));
    }
    int64_t inner = 1;
    for (int i = axis + 1; i < input_.rank(); ++i) inner *= input_.dim(i);
    return ArgMaxPlan{outputs_, n, Divisor(std::max<int64_t>(inner, 1))};
  }

  absl::Status (*run_)(RunContext&, const ArgMaxPlan&) = nullptr;
  Shape input_;
  int64_t outputs_ = 0;
  DataType axis_type_ = DataType::kInvalid;
  bool is_known_ = false;
  ArgMaxPlan plan_;
};

}  // namespace

void RegisterArgMax(KernelRegistry& r) {
  r.Add<ArgMaxKernel>("ArgMax")
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8})
      .Types("Tidx", {DataType::kInt32, DataType::kInt64})
      .Types("output_type", {DataType::kInt32, DataType::kInt64})
      .HostInputs({1});
}

}  // namespace sluice::gpu
