// Local response normalisation, row by row: a row is the channels of one pixel. With t = bias + alpha * (sum of squares of
// the window), y = x t^-beta and
//   dx = dy t^-beta - 2 alpha beta x * (sum over the window of dy y / t).
// Windows are sums of shifted rows in a buffer with zeros around it.
#include "ops/lrn.h"

#include <algorithm>
#include <cmath>

#include "core/kernel_registry.h"
#include "core/parallel.h"
#include "kernels/functors/float_math.h"
#include "kernels/functors/host_device.h"

namespace sluice::cpu {
namespace {

constexpr int64_t kLrnGrain = 1 << 12;  // elements worth a thread

// t^-beta. Roots are cheaper than logarithms, and 3/4 is what everybody takes.
enum class Power { kThreeQuarters, kHalf, kOne, kAny };

template <Power kPower>
inline float PowerOf(float t, float beta) {
  if constexpr (kPower == Power::kOne) return 1.F / t;
  if constexpr (kPower == Power::kAny) return functors::Exp(-beta * functors::Log(t));
  const float root = 1.F / std::sqrt(t);
  if constexpr (kPower == Power::kThreeQuarters) return root * std::sqrt(root);
  return root;
}

// window[c] = sum of padded[c .. c + 2 radius]; kRadius < 0: any. `padded` has `channels` + 2 radius elements.
template <int kRadius>
void SumWindows(const float* __restrict padded, int64_t channels, int64_t radius, float* __restrict window) {
  if constexpr (kRadius >= 0) {
    for (int64_t c = 0; c < channels; ++c) {
      float sum = padded[c];
      for (int k = 1; k <= 2 * kRadius; ++k) sum += padded[c + k];
      window[c] = sum;
    }
  } else {
    std::copy_n(padded, channels, window);
    for (int64_t k = 1; k <= 2 * radius; ++k) {
      for (int64_t c = 0; c < channels; ++c) window[c] += padded[c + k];
    }
  }
}

class LRNKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(attrs_, ctx.Parse<LRNAttrs>());
    const Shape& shape = ctx.outputs[0].shape;
    for (const auto& input : ctx.inputs) {
      if (input.shape.rank() == 4 && input.shape == shape) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("an input has shape ", input.shape.ToString(), ", expected ", shape.ToString(), " of rank 4"));
    }
    if (attrs_.depth_radius < 0) return absl::InvalidArgumentError("depth_radius is negative");
    const int64_t elements = shape.num_elements();
    channels_ = shape.dim(3);
    rows_ = elements == 0 ? 0 : elements / channels_;
    radius_ = std::min(attrs_.depth_radius, std::max<int64_t>(channels_ - 1, 0));
    pieces_ = std::clamp<int64_t>(elements / kLrnGrain, 1, ctx.threads);
    // The padded row, and for gradients t and t^-beta, in whole cache lines.
    buffer_ = (channels_ + 2 * radius_ + 15) / 16 * 16;
    ctx.RequestScratch(pieces_ * 4 * buffer_ * sizeof(float));
    Choose(ctx.inputs.size() > 1);
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    ParallelFor(static_cast<int>(pieces_), pieces_, 1, [&](int64_t from, int64_t to) {
      for (int64_t p = from; p < to; ++p) {
        float* scratch = ctx.scratch<float>() + p * 4 * buffer_;
        std::fill_n(scratch, buffer_, 0.F);
        (this->*run_)(ctx, rows_ * p / pieces_, rows_ * (p + 1) / pieces_, scratch);
      }
    });
    return absl::OkStatus();
  }

 private:
  using RunFn = void (LRNKernel::*)(RunContext&, int64_t begin, int64_t end, float* scratch) const;

  void Choose(bool gradient) {
    switch (radius_) {
      case 2:
        return ChoosePower<2>(gradient);
      case 5:
        return ChoosePower<5>(gradient);
      default:
        return ChoosePower<-1>(gradient);
    }
  }
  template <int kRadius>
  void ChoosePower(bool gradient) {
    if (attrs_.beta == 0.75F) return Set<kRadius, Power::kThreeQuarters>(gradient);
    if (attrs_.beta == 0.5F) return Set<kRadius, Power::kHalf>(gradient);
    if (attrs_.beta == 1.F) return Set<kRadius, Power::kOne>(gradient);
    Set<kRadius, Power::kAny>(gradient);
  }
  template <int kRadius, Power kPower>
  void Set(bool gradient) {
    run_ = gradient ? &LRNKernel::Gradient<kRadius, kPower> : &LRNKernel::Forward<kRadius, kPower>;
  }

  template <int kRadius, Power kPower>
  void Forward(RunContext& ctx, int64_t begin, int64_t end, float* padded) const {
    float* __restrict t = padded + buffer_;
    for (int64_t row = begin; row < end; ++row) {
      const float* __restrict x = ctx.input<float>(0) + row * channels_;
      float* __restrict y = ctx.output<float>(0) + row * channels_;
      for (int64_t c = 0; c < channels_; ++c) padded[radius_ + c] = x[c] * x[c];
      SumWindows<kRadius>(padded, channels_, radius_, t);
      for (int64_t c = 0; c < channels_; ++c) {
        y[c] = x[c] * PowerOf<kPower>(functors::MultiplyAdd(attrs_.alpha, t[c], attrs_.bias), attrs_.beta);
      }
    }
  }

  template <int kRadius, Power kPower>
  void Gradient(RunContext& ctx, int64_t begin, int64_t end, float* padded) const {
    float* __restrict t = padded + buffer_, * __restrict power = padded + 2 * buffer_;
    const float slope = -2 * attrs_.alpha * attrs_.beta;
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * channels_;
      const float *dy = ctx.input<float>(0) + at, *x = ctx.input<float>(1) + at, *y = ctx.input<float>(2) + at;
      float* dx = ctx.output<float>(0) + at;
      for (int64_t c = 0; c < channels_; ++c) padded[radius_ + c] = x[c] * x[c];
      SumWindows<kRadius>(padded, channels_, radius_, t);
      for (int64_t c = 0; c < channels_; ++c) {
        t[c] = functors::MultiplyAdd(attrs_.alpha, t[c], attrs_.bias);
        power[c] = PowerOf<kPower>(t[c], attrs_.beta);
        padded[radius_ + c] = dy[c] * y[c] / t[c];
      }
      SumWindows<kRadius>(padded, channels_, radius_, t);
      for (int64_t c = 0; c < channels_; ++c) dx[c] = dy[c] * power[c] + slope * x[c] * t[c];
    }
  }

  LRNAttrs attrs_;
  RunFn run_ = nullptr;
  int64_t rows_ = 0, channels_ = 0, radius_ = 0, buffer_ = 0;
  int64_t pieces_ = 1;
};

}  // namespace

void RegisterLrn(KernelRegistry& r) {
  r.Add<LRNKernel>("LRN").Types("T", {DataType::kFloat});
  r.Add<LRNKernel>("LRNGrad").Types("T", {DataType::kFloat});
}

}  // namespace sluice::cpu
