// Local response normalisation, a thread for each element: windows are a few neighbours along the channels, which lie in
// the cache. With t = bias + alpha * (sum of squares of the window), y = x t^-beta and
//   dx = dy t^-beta - 2 alpha beta x * (sum over the window of dy y / t).
#include "ops/lrn.h"

#include "core/kernel_registry.h"
#include "kernels/functors/float_math.h"
#include "kernels/gpu/index_space.h"
#include "kernels/gpu/launch.h"

namespace sluice::gpu {
namespace {

struct LrnPlan {
  int64_t n = 0, radius = 0;
  Divisor channels;
  float bias = 1, alpha = 1, beta = 0.5;
};

// Of the element at channel c of the pixel that begins at x.
SLUICE_HOST_DEVICE inline float Scale(const LrnPlan& p, const float* x, int64_t c) {
  const int64_t from = c > p.radius ? c - p.radius : 0;
  const int64_t to = c + p.radius < p.channels.by() ? c + p.radius : p.channels.by() - 1;
  float sum = 0;
  for (int64_t k = from; k <= to; ++k) sum = functors::MultiplyAdd(x[k], x[k], sum);
  return functors::MultiplyAdd(p.alpha, sum, p.bias);
}
SLUICE_HOST_DEVICE inline float PowerOf(const LrnPlan& p, float t) { return functors::Exp(-p.beta * functors::Log(t)); }

absl::Status RunLrn(RunContext& ctx, const LrnPlan& plan) {
  const float* x = ctx.input<float>(0);
  float* y = ctx.output<float>(0);
  const LrnPlan p = plan;
  return Launch(ctx, p.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const int64_t at = p.channels.Divide(i) * p.channels.by();
    y[i] = x[i] * PowerOf(p, Scale(p, x + at, i - at));
  });
}

// Two passes, so that no element's scale is summed up more than once: dy y / t into the scratch, then its windows.
absl::Status RunLrnGrad(RunContext& ctx, const LrnPlan& plan) {
  const float *dy = ctx.input<float>(0), *x = ctx.input<float>(1), *y = ctx.input<float>(2);
  float *dx = ctx.output<float>(0), *ratio = ctx.scratch<float>(), *power = ratio + plan.n;
  const LrnPlan p = plan;
  SLUICE_RETURN_IF_ERROR(Launch(ctx, p.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const int64_t at = p.channels.Divide(i) * p.channels.by();
    const float t = Scale(p, x + at, i - at);
    ratio[i] = dy[i] * y[i] / t;
    power[i] = PowerOf(p, t);
  }));
  const float slope = -2 * p.alpha * p.beta;
  return Launch(ctx, p.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const int64_t at = p.channels.Divide(i) * p.channels.by(), c = i - at;
    const int64_t from = c > p.radius ? c - p.radius : 0;
    const int64_t to = c + p.radius < p.channels.by() ? c + p.radius : p.channels.by() - 1;
    float sum = 0;
    for (int64_t k = from; k <= to; ++k) sum += ratio[at + k];
    dx[i] = dy[i] * power[i] + slope * x[i] * sum;
  });
}

class LrnKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<LRNAttrs>());
    const Shape& shape = ctx.outputs[0].shape;
    for (const auto& input : ctx.inputs) {
      if (input.shape.rank() == 4 && input.shape == shape) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("an input has shape ", input.shape.ToString(), ", expected ", shape.ToString(), " of rank 4"));
    }
    if (attrs.depth_radius < 0) return absl::InvalidArgumentError("depth_radius is negative");
    const int64_t channels = std::max<int64_t>(shape.dim(3), 1);
    plan_ = {shape.num_elements(), std::min<int64_t>(attrs.depth_radius, channels - 1),
             Divisor(channels),    attrs.bias,
             attrs.alpha,          attrs.beta};
    is_gradient_ = ctx.inputs.size() > 1;
    if (is_gradient_) ctx.RequestScratch(2 * static_cast<size_t>(plan_.n) * sizeof(float));
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    return is_gradient_ ? RunLrnGrad(ctx, plan_) : RunLrn(ctx, plan_);
  }

 private:
  LrnPlan plan_;
  bool is_gradient_ = false;
};

}  // namespace

void RegisterLrn(KernelRegistry& r) {
  r.Add<LrnKernel>("LRN").Types("T", {DataType::kFloat});
  r.Add<LrnKernel>("LRNGrad").Types("T", {DataType::kFloat});
}

}  // namespace sluice::gpu
