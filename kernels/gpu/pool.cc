// Pooling of NHWC images, a thread for each element of the output, or of the input for gradients: nothing is added by two
// threads, so the order of the sums is always the same.
#include "ops/pool.h"

#include <limits>

#include "core/kernel_registry.h"
#include "kernels/gpu/elementwise.h"
#include "kernels/gpu/index_space.h"

namespace sluice::gpu {
namespace {

struct Range {
  int64_t begin, end;
};

// WindowAxis as the device takes it.
struct Axis {
  int64_t input = 0, output = 0, window = 1, stride = 1, pad = 0;
  Axis() = default;
  explicit Axis(const WindowAxis& a)
      : input(a.input), output(a.output), window(a.window), stride(a.stride), pad(a.pad_before) {}
  // The elements under the window of output `o`, padding left out.
  SLUICE_HOST_DEVICE Range Under(int64_t o) const {
    const int64_t start = o * stride - pad, end = start + window;
    return {start < 0 ? 0 : start, end > input ? input : end};
  }
  // The outputs whose windows have element `i`.
  SLUICE_HOST_DEVICE Range Over(int64_t i) const {
    const int64_t first = i + pad - window + 1;  // the least start + pad that reaches i
    const int64_t begin = first <= 0 ? 0 : (first + stride - 1) / stride;
    const int64_t end = (i + pad) / stride + 1;
    return {begin, end > output ? output : end};
  }
};

struct PoolPlan {
  int64_t batch = 0;
  Axis height, width;
  Divisor channels, width_by, height_by;  // of what the threads are numbered by
  int64_t n = 0;                          // threads

  struct Pixel {
    int64_t image, y, x, channel;
  };
  SLUICE_HOST_DEVICE Pixel At(int64_t i) const {
    const int64_t pixel = channels.Divide(i), row = width_by.Divide(pixel), image = height_by.Divide(row);
    return {image, row - image * height_by.by(), pixel - row * width_by.by(), i - pixel * channels.by()};
  }
  SLUICE_HOST_DEVICE int64_t InputAt(int64_t image, int64_t y, int64_t x, int64_t c) const {
    return ((image * height.input + y) * width.input + x) * channels.by() + c;
  }
  SLUICE_HOST_DEVICE int64_t OutputAt(int64_t image, int64_t y, int64_t x, int64_t c) const {
    return ((image * height.output + y) * width.output + x) * channels.by() + c;
  }
};

// f(row, column) for all of them.
template <class F>
SLUICE_HOST_DEVICE inline void ForEach(const Range& rows, const Range& columns, const F& f) {
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    for (int64_t k = columns.begin; k < columns.end; ++k) f(r, k);
  }
}

// The first largest element under a window: a NaN that comes first stays, as on the CPU.
template <class T>
SLUICE_HOST_DEVICE inline int64_t FirstLargest(const PoolPlan& p, const T* x, int64_t image, int64_t oy, int64_t ox,
                                               int64_t c) {
  const Range ys = p.height.Under(oy), xs = p.width.Under(ox);
  int64_t best = p.InputAt(image, ys.begin, xs.begin, c);
  functors::Loaded<T> largest = functors::Load(x[best]);
  ForEach(ys, xs, [&](int64_t y, int64_t k) {
    const int64_t at = p.InputAt(image, y, k, c);
    const auto value = functors::Load(x[at]);
    if (value > largest) {
      largest = value;
      best = at;
    }
  });
  return best;
}
SLUICE_HOST_DEVICE inline bool IsEmpty(const Range& a, const Range& b) { return a.begin >= a.end || b.begin >= b.end; }

// A NaN is passed over unless all are, and a window without pixels has the lowest number: so TensorFlow on the CPU.
template <class T>
absl::Status RunMaxPool(RunContext& ctx, const PoolPlan& plan) {
  const T* x = ctx.input<T>(0);
  T* y = ctx.output<T>(0);
  const PoolPlan p = plan;
  return Launch(ctx, p.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const auto at = p.At(i);
    const Range ys = p.height.Under(at.y), xs = p.width.Under(at.x);
    using C = functors::Loaded<T>;
    C largest = std::numeric_limits<C>::lowest();
    ForEach(ys, xs, [&](int64_t r, int64_t k) {
      const C value = functors::Load(x[p.InputAt(at.image, r, k, at.channel)]);
      largest = value > largest ? value : largest;
    });
    y[i] = functors::Store<T>(largest);
  });
}

template <class T>
absl::Status RunAvgPool(RunContext& ctx, const PoolPlan& plan) {
  const T* x = ctx.input<T>(0);
  T* y = ctx.output<T>(0);
  const PoolPlan p = plan;
  return Launch(ctx, p.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const auto at = p.At(i);
    const Range ys = p.height.Under(at.y), xs = p.width.Under(at.x);
    using C = functors::Loaded<T>;
    C sum = 0;
    ForEach(ys, xs, [&](int64_t r, int64_t k) { sum += functors::Load(x[p.InputAt(at.image, r, k, at.channel)]); });
    const int64_t count = (ys.end - ys.begin) * (xs.end - xs.begin);
    y[i] = functors::Store<T>(sum / static_cast<C>(count > 1 ? count : 1));
  });
}

// Inputs: the input, the output, the output's gradient.
template <class T>
absl::Status RunMaxPoolGrad(RunContext& ctx, const PoolPlan& plan) {
  const T *x = ctx.input<T>(0), *dy = ctx.input<T>(2);
  T* dx = ctx.output<T>(0);
  const PoolPlan p = plan;
  return Launch(ctx, p.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const auto at = p.At(i);
    const Range ys = p.height.Over(at.y), xs = p.width.Over(at.x);
    functors::Loaded<T> sum = 0;
    ForEach(ys, xs, [&](int64_t r, int64_t k) {
      if (FirstLargest(p, x, at.image, r, k, at.channel) != i) return;
      sum += functors::Load(dy[p.OutputAt(at.image, r, k, at.channel)]);
    });
    dx[i] = functors::Store<T>(sum);
  });
}

template <class T>
absl::Status RunAvgPoolGrad(RunContext& ctx, const PoolPlan& plan) {
  const T* dy = ctx.input<T>(1);
  T* dx = ctx.output<T>(0);
  const PoolPlan p = plan;
  return Launch(ctx, p.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const auto at = p.At(i);
    const Range ys = p.height.Over(at.y), xs = p.width.Over(at.x);
    using C = functors::Loaded<T>;
    C sum = 0;
    ForEach(ys, xs, [&](int64_t r, int64_t k) {
      const Range rows = p.height.Under(r), columns = p.width.Under(k);
      const int64_t count = (rows.end - rows.begin) * (columns.end - columns.begin);
      sum += functors::Load(dy[p.OutputAt(at.image, r, k, at.channel)]) / static_cast<C>(count);
    });
    dx[i] = functors::Store<T>(sum);
  });
}

// Inputs: the input, the output, the gradient of the gradient. For second derivatives alone.
template <class T>
absl::Status RunMaxPoolGradGrad(RunContext& ctx, const PoolPlan& plan) {
  const T *x = ctx.input<T>(0), *grad = ctx.input<T>(2);
  T* out = ctx.output<T>(0);
  const PoolPlan p = plan;
  return Launch(ctx, p.n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const auto at = p.At(i);
    const bool is_empty = IsEmpty(p.height.Under(at.y), p.width.Under(at.x));
    out[i] = is_empty ? T{} : grad[FirstLargest(p, x, at.image, at.y, at.x, at.channel)];
  });
}

using PoolFn = absl::Status (*)(RunContext&, const PoolPlan&);

template <class F>
void VisitFloating(DataType dtype, F&& f) {
  VisitBasicOrHalfType(dtype, [&]<class T>(TypeTag<T> tag) {
    if constexpr (!std::is_integral_v<T>) f(tag);
  });
}

class PoolKernel : public Kernel {
 public:
  absl::Status Run(RunContext& ctx) const override { return run_(ctx, plan_); }

 protected:
  // `by_input`: a thread for each element of the input. `input` is the shape of the forward op's input.
  absl::Status Plan(const MaxPoolAttrs& attrs, const Shape& input, bool by_input) {
    if (attrs.data_format != "NHWC") {
      return absl::UnimplementedError("pooling in NCHW on the GPU: run the layout pass");
    }
    if (input.rank() != 4) {
      return absl::InvalidArgumentError(absl::StrCat("expected rank 4, the input has shape ", input.ToString()));
    }
    SLUICE_ASSIGN_OR_RETURN(PoolGeometry g, ResolvePool(attrs, input));
    plan_.batch = g.batch;
    plan_.height = Axis(g.height);
    plan_.width = Axis(g.width);
    const int64_t rows = by_input ? g.height.input : g.height.output;
    const int64_t columns = by_input ? g.width.input : g.width.output;
    plan_.channels = Divisor(std::max<int64_t>(g.channels, 1));
    plan_.width_by = Divisor(std::max<int64_t>(columns, 1));
    plan_.height_by = Divisor(std::max<int64_t>(rows, 1));
    plan_.n = g.batch * rows * columns * g.channels;
    return absl::OkStatus();
  }

  PoolPlan plan_;
  PoolFn run_ = nullptr;
};

class MaxPoolKernel : public PoolKernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<MaxPoolAttrs>());
    VisitBasicOrHalfType(ctx.outputs[0].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) run_ = RunMaxPool<T>;
    });
    return Plan(attrs, ctx.inputs[0].shape, false);
  }
};

class MaxPoolGradKernel : public PoolKernel {
 public:
  explicit MaxPoolGradKernel(bool of_gradient) : of_gradient_(of_gradient) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<MaxPoolAttrs>());
    VisitFloating(ctx.outputs[0].dtype,
                  [&]<class T>(TypeTag<T>) { run_ = of_gradient_ ? RunMaxPoolGradGrad<T> : RunMaxPoolGrad<T>; });
    return Plan(attrs, ctx.inputs[0].shape, !of_gradient_);
  }

 private:
  const bool of_gradient_;
};

class AvgPoolKernel : public PoolKernel {
 public:
  explicit AvgPoolKernel(bool is_gradient) : is_gradient_(is_gradient) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<AvgPoolAttrs>());
    VisitFloating(ctx.outputs[0].dtype,
                  [&]<class T>(TypeTag<T>) { run_ = is_gradient_ ? RunAvgPoolGrad<T> : RunAvgPool<T>; });
    return Plan(ToPoolAttrs(attrs), is_gradient_ ? ctx.outputs[0].shape : ctx.inputs[0].shape, is_gradient_);
  }

 private:
  const bool is_gradient_;
};

}  // namespace

void RegisterPool(KernelRegistry& r) {
  constexpr DataType kFloats[] = {DataType::kFloat, DataType::kDouble, DataType::kHalf, DataType::kBfloat16};
  r.Add<MaxPoolKernel>("MaxPool").Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64,
                                              DataType::kUint8, DataType::kHalf, DataType::kBfloat16});
  r.Add("MaxPoolGrad", [] { return std::make_unique<MaxPoolGradKernel>(false); }).Types("T", kFloats);
  r.Add("MaxPoolGradGrad", [] { return std::make_unique<MaxPoolGradKernel>(true); }).Types("T", kFloats);
  r.Add("AvgPool", [] { return std::make_unique<AvgPoolKernel>(false); }).Types("T", kFloats);
  r.Add("AvgPoolGrad", [] { return std::make_unique<AvgPoolKernel>(true); }).Types("T", kFloats).HostInputs({0});
}

}  // namespace sluice::gpu
