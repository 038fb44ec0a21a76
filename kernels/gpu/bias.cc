#include "ops/bias.h"

#include "core/kernel_registry.h"
#include "kernels/functors/arithmetic.h"
#include "kernels/gpu/elementwise.h"
#include "kernels/gpu/reduce.h"

namespace sluice::gpu {
namespace {

struct BiasPlan {
  int64_t n = 0;
  Divisor inner, channels;  // elements of a channel's plane (1 in NHWC), and how many channels
};

template <class T>
absl::Status RunBiasAdd(RunContext& ctx, const BiasPlan& plan) {
  const T *x = ctx.input<T>(0), *bias = ctx.input<T>(1);
  T* y = ctx.output<T>(0);
  const Divisor inner = plan.inner, channels = plan.channels;
  return Launch(ctx, plan.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const int64_t plane = inner.Divide(i);
    const int64_t c = plane - channels.Divide(plane) * channels.by();
    y[i] = functors::Store<T>(functors::Plus(functors::Load(x[i]), functors::Load(bias[c])));
  });
}

absl::StatusOr<int> ChannelAxis(const PrepareContext& ctx) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<BiasAddAttrs>());
  return attrs.data_format == "NCHW" ? 1 : ctx.inputs[0].shape.rank() - 1;
}

class BiasAddKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(int axis, ChannelAxis(ctx));
    const Shape& shape = ctx.inputs[0].shape;
    int64_t inner = 1;
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape.dim(i);
    plan_ = {shape.num_elements(), Divisor(std::max<int64_t>(inner, 1)),
             Divisor(std::max<int64_t>(shape.dim(axis), 1))};
    VisitBasicOrHalfType(ctx.outputs[0].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) run_ = RunBiasAdd<T>;
    });
    ctx.AllowInPlace(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return run_(ctx, plan_); }

 private:
  BiasPlan plan_;
  absl::Status (*run_)(RunContext&, const BiasPlan&) = nullptr;
};

class BiasAddGradKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(int axis, ChannelAxis(ctx));
    const Shape& shape = ctx.inputs[0].shape;
    std::vector<bool> reduced(shape.rank(), true);
    reduced[axis] = false;
    plan_ = ReduceSpace::Create(shape, reduced);
    ctx.RequestScratch(plan_.scratch_bytes());
    VisitBasicType(ctx.outputs[0].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, uint8_t>) run_ = Reduce<functors::SumReducer, T>;
    });
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    return run_(ctx, plan_, ctx.input(0), ctx.output(0), ctx.scratch());
  }

 private:
  ReduceSpace plan_;
  absl::Status (*run_)(RunContext&, const ReduceSpace&, const void*, void*, void*) = nullptr;
};

}  // namespace

void RegisterBias(KernelRegistry& r) {
  r.Add<BiasAddKernel>("BiasAdd").Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64,
                                              DataType::kUint8, DataType::kHalf, DataType::kBfloat16});
  r.Add<BiasAddGradKernel>("BiasAddGrad")
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64});
}

}  // namespace sluice::gpu
