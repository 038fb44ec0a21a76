#include "core/kernel_registry.h"
#include "kernels/functors/binary.h"
#include "kernels/gpu/elementwise.h"

namespace sluice::gpu {
namespace {

// The bounds' steps: 0 for a scalar.
struct ClipPlan {
  int64_t n = 0, low_step = 1, high_step = 1;
};

template <class T>
absl::Status RunClip(RunContext& ctx, const ClipPlan& plan) {
  const T *t = ctx.input<T>(0), *low = ctx.input<T>(1), *high = ctx.input<T>(2);
  T* out = ctx.output<T>(0);
  const int64_t low_step = plan.low_step, high_step = plan.high_step;
  return Launch(ctx, plan.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const T raised = functors::MaximumFunctor::Apply(t[i], low[i * low_step]);
    out[i] = functors::MinimumFunctor::Apply(raised, high[i * high_step]);
  });
}

class ClipByValueKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& shape = ctx.outputs[0].shape;
    for (int i = 0; i < 3; ++i) {
      if (ctx.inputs[i].shape == shape || (i > 0 && ctx.inputs[i].shape.rank() == 0)) continue;
      return absl::InvalidArgumentError(absl::StrCat("input ", i, " has shape ", ctx.inputs[i].shape.ToString(),
                                                     ", expected ", shape.ToString(), i > 0 ? " or a scalar" : ""));
    }
    VisitBasicType(ctx.outputs[0].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) run_ = RunClip<T>;
    });
    plan_ = {shape.num_elements(), ctx.inputs[1].shape.rank() == 0 ? 0 : 1, ctx.inputs[2].shape.rank() == 0 ? 0 : 1};
    ctx.AllowInPlace(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return run_(ctx, plan_); }

 private:
  ClipPlan plan_;
  absl::Status (*run_)(RunContext&, const ClipPlan&) = nullptr;
};

}  // namespace

void RegisterClip(KernelRegistry& r) {
  r.Add<ClipByValueKernel>("ClipByValue")
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8});
}

}  // namespace sluice::gpu
