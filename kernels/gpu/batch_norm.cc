// Batch normalisation over the rows of a matrix [rows, channels]: sums of pieces of the columns, a team for each channel that
// puts them together, then every element. The same three steps forward and backward.
#include "ops/batch_norm.h"

#include <limits>

#include "core/kernel_registry.h"
#include "kernels/functors/half.h"
#include "kernels/gpu/index_space.h"
#include "kernels/gpu/team.h"
#include "kernels/shared/norm_checks.h"

namespace sluice::gpu {
namespace {

using kernels::NormFactor;

// The matrix, and into how many pieces of rows its columns are cut.
struct ColumnSpace {
  int64_t rows = 0, channels = 1, parts = 1;
  Divisor by_channels{1};

  static ColumnSpace Create(int64_t elements, int64_t channels) {
    ColumnSpace m{.rows = channels == 0 ? 0 : elements / channels, .channels = channels};
    m.by_channels = Divisor(std::max<int64_t>(channels, 1));
    // A thread takes a piece of a column, of 32 rows at least; so many threads fill a device.
    constexpr int64_t kThreads = 1 << 17, kLeastRows = 32, kMostParts = 1024;
    const int64_t wanted = kThreads / std::max<int64_t>(channels, 1);
    m.parts = std::clamp<int64_t>(wanted, 1, std::clamp<int64_t>(m.rows / kLeastRows, 1, kMostParts));
    return m;
  }
  int64_t elements() const { return rows * channels; }
  SLUICE_HOST_DEVICE int64_t Channel(int64_t element) const { return element - by_channels.Divide(element) * channels; }
};

// Two sums for each part and channel.
struct PartialSums {
  double *first, *second;
};

// F::operator()(channel, element, &u, &v) says what an element adds to the two sums. Unit: part * channels + channel.
template <class F>
struct SumColumnPart {
  F f;
  ColumnSpace m;
  PartialSums out;
  SLUICE_HOST_DEVICE void operator()(int64_t unit) const {
    const int64_t part = m.by_channels.Divide(unit), c = unit - part * m.channels;
    const int64_t end = m.rows * (part + 1) / m.parts;
    double first = 0, second = 0;
    for (int64_t row = m.rows * part / m.parts; row < end; ++row) {
      float u, v;
      f(c, row * m.channels + c, &u, &v);
      first += u;
      second += v;
    }
    out.first[unit] = first;
    out.second[unit] = second;
  }
};

// The sums of a channel, from all its parts; every member of the team has them.
struct ChannelSums {
  double first = 0, second = 0;
  SLUICE_HOST_DEVICE ChannelSums(const ColumnSpace& m, const PartialSums& from, int64_t c, const Team& team) {
    for (int64_t part = team.rank(); part < m.parts; part += team.size()) {
      first += from.first[part * m.channels + c];
      second += from.second[part * m.channels + c];
    }
    first = team.Reduce(first, PlusOp());
    second = team.Reduce(second, PlusOp());
  }
};

// --- Forward ---

// The shift, some value of the channel, keeps the difference of the two sums exact where the mean is large.
template <class T>
struct MomentTerms {
  const T *x, *shift;
  SLUICE_HOST_DEVICE void operator()(int64_t c, int64_t at, float* u, float* v) const {
    *u = functors::Load(x[at]) - functors::Load(shift[c]);
    *v = *u * *u;
  }
};

struct Statistics {
  float *mean, *variance, *running_mean, *running_variance;
};
template <class T>
struct FinishMoments {
  ColumnSpace m;
  PartialSums sums;
  const T* shift;
  const float *old_mean, *old_variance;  // the old ones null where the average does not run on
  double factor;
  Statistics out;
  SLUICE_HOST_DEVICE void operator()(int64_t c, const Team& team) const {
    const ChannelSums total(m, sums, c, team);
    if (team.rank() != 0) return;
    const double n = static_cast<double>(m.rows), d = total.first / n, square = total.second / n - d * d;
    const double variance = square > 0 ? square : 0, mean = functors::Load(shift[c]) + d,
                 unbiased = n > 1 ? n / (n - 1) : 1;
    out.mean[c] = static_cast<float>(mean);
    out.variance[c] = static_cast<float>(variance);
    double running_mean = mean, running_variance = variance * unbiased;
    if (old_mean != nullptr) {
      running_mean = factor * mean + (1 - factor) * old_mean[c];
      running_variance = factor * variance * unbiased + (1 - factor) * old_variance[c];
    }
    out.running_mean[c] = static_cast<float>(running_mean);
    out.running_variance[c] = static_cast<float>(running_variance);
  }
};

// What both directions need of a kernel's plan.
class NormKernel : public Kernel {
 protected:
  absl::Status Plan(PrepareContext& ctx, int i, const std::string& data_format, int arrays) {
    SLUICE_ASSIGN_OR_RETURN(const int64_t channels, kernels::NormChannels(ctx, i, data_format));
    m_ = ColumnSpace::Create(ctx.inputs[i].shape.num_elements(), channels);
    sums_ = m_.parts * channels;
    ctx.RequestScratch(static_cast<size_t>(2 * sums_) * sizeof(double) +
                       static_cast<size_t>(arrays * channels) * sizeof(float));
    return absl::OkStatus();
  }
  absl::Status CheckVector(const PrepareContext& ctx, int i) const {
    return kernels::CheckNormVector(ctx, i, m_.channels);
  }
  // Scratch: the sums, then arrays of a float for each channel.
  PartialSums Sums(const RunContext& ctx) const { return {ctx.scratch<double>(), ctx.scratch<double>() + sums_}; }
  float* Array(const RunContext& ctx, int i) const {
    return reinterpret_cast<float*>(ctx.scratch<double>() + 2 * sums_) + i * m_.channels;
  }
  bool is_empty() const { return m_.elements() == 0; }

  ColumnSpace m_;
  int64_t sums_ = 0;
};

absl::Status FillChannels(RunContext& ctx, float* to, int64_t n, float value) {
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) { to[i] = value; });
}

// y = (x - mean) * factor(scale, variance) + offset. y may be x.
struct NormInputs {
  const float *scale, *offset, *mean, *variance;
  float epsilon;
};
template <class T>
absl::Status Normalize(RunContext& ctx, const ColumnSpace& m, const NormInputs& in, const T* x, float* factor, T* y) {
  SLUICE_RETURN_IF_ERROR(Launch(ctx, m.channels, [=] SLUICE_HOST_DEVICE(int64_t c) {
    factor[c] = NormFactor(in.scale[c], in.variance[c], in.epsilon);
  }));
  return Launch(ctx, m.elements(), [=] SLUICE_HOST_DEVICE(int64_t i) {
    const int64_t c = m.Channel(i);
    y[i] = functors::Store<T>((functors::Load(x[i]) - in.mean[c]) * factor[c] + in.offset[c]);
  });
}

enum ForwardInput { kX, kScale, kOffset, kMean, kVariance };
enum ForwardOutput { kY, kBatchMean, kBatchVariance, kSavedMean, kSavedVariance, kReserve3 };

class FusedBatchNormKernel : public NormKernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(attrs_, kernels::ParseNormAttrs<FusedBatchNormV3Attrs>(ctx));
    SLUICE_RETURN_IF_ERROR(Plan(ctx, kX, attrs_.data_format, 1));
    is_mixed_ = attrs_.is_training && attrs_.exponential_avg_factor != 1;
    for (int i : {kScale, kOffset}) SLUICE_RETURN_IF_ERROR(CheckVector(ctx, i));
    if (!attrs_.is_training || is_mixed_) {
      for (int i : {kMean, kVariance}) SLUICE_RETURN_IF_ERROR(CheckVector(ctx, i));
    }
    has_reserve_3_ = ctx.outputs.size() > kReserve3;
    ctx.AllowInPlace(kX, kY);
    const DataType dtype = ctx.outputs[kY].dtype;
    compute_ = dtype == DataType::kHalf       ? &FusedBatchNormKernel::Compute<Half>
               : dtype == DataType::kBfloat16 ? &FusedBatchNormKernel::Compute<Bfloat16>
                                              : &FusedBatchNormKernel::Compute<float>;
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    if (has_reserve_3_) SLUICE_RETURN_IF_ERROR(ClearBytes(ctx, ctx.output(kReserve3), sizeof(float)));
    const size_t bytes = static_cast<size_t>(m_.channels) * sizeof(float);
    if (is_empty() || !attrs_.is_training) {  // the gradient takes the inputs then
      for (int i : {kSavedMean, kSavedVariance}) SLUICE_RETURN_IF_ERROR(ClearBytes(ctx, ctx.output(i), bytes));
    }
    if (is_empty()) {
      const float nan = std::numeric_limits<float>::quiet_NaN();
      for (int i : {kBatchMean, kBatchVariance}) {
        SLUICE_RETURN_IF_ERROR(FillChannels(ctx, ctx.output<float>(i), m_.channels, nan));
      }
      return absl::OkStatus();
    }
    if (!attrs_.is_training) {
      SLUICE_RETURN_IF_ERROR(CopyBytes(ctx, ctx.input(kMean), ctx.output(kBatchMean), bytes));
      SLUICE_RETURN_IF_ERROR(CopyBytes(ctx, ctx.input(kVariance), ctx.output(kBatchVariance), bytes));
    }
    return (this->*compute_)(ctx);
  }

 private:
  // x and y are of T, all else is float.
  template <class T>
  absl::Status Compute(RunContext& ctx) const {
    NormInputs in = {ctx.input<float>(kScale), ctx.input<float>(kOffset), ctx.input<float>(kMean),
                     ctx.input<float>(kVariance), attrs_.epsilon};
    if (attrs_.is_training) {
      SLUICE_RETURN_IF_ERROR(FindMoments<T>(ctx));
      in.mean = ctx.output<float>(kSavedMean);
      in.variance = ctx.output<float>(kSavedVariance);
    }
    return Normalize<T>(ctx, m_, in, ctx.input<T>(kX), Array(ctx, 0), ctx.output<T>(kY));
  }

  // Fills the four outputs of statistics.
  template <class T>
  absl::Status FindMoments(RunContext& ctx) const {
    const T* x = ctx.input<T>(kX);
    const PartialSums sums = Sums(ctx);
    SLUICE_RETURN_IF_ERROR(
        Launch(ctx, m_.parts * m_.channels, SumColumnPart<MomentTerms<T>>{{.x = x, .shift = x}, m_, sums}));
    const Statistics out = {ctx.output<float>(kSavedMean), ctx.output<float>(kSavedVariance),
                            ctx.output<float>(kBatchMean), ctx.output<float>(kBatchVariance)};
    return LaunchTeams(
        ctx, m_.channels,
        FinishMoments<T>{m_, sums, x, is_mixed_ ? ctx.input<float>(kMean) : nullptr,
                         is_mixed_ ? ctx.input<float>(kVariance) : nullptr, attrs_.exponential_avg_factor, out});
  }

  FusedBatchNormV3Attrs attrs_;
  bool is_mixed_ = false;
  bool has_reserve_3_ = false;
  absl::Status (FusedBatchNormKernel::*compute_)(RunContext&) const = nullptr;
};

// --- Backward ---

enum GradInput { kGradY, kGradX, kGradScale, kGradMean, kGradVariance };

template <class T>
struct GradientTerms {
  const T *dy, *x;
  const float* mean;
  SLUICE_HOST_DEVICE void operator()(int64_t c, int64_t at, float* u, float* v) const {
    *u = functors::Load(dy[at]);
    *v = *u * (functors::Load(x[at]) - mean[c]);
  }
};

// What an element's gradient is made of: dx = factor * (dy - constant - by_x * (x - mean)), of a float for each channel.
struct GradientFactors {
  float *factor, *by_x, *constant;
};
// The gradients of scale and offset, and the factors of dx (Ioffe and Szegedy, section 3). In inference, statistics do not
// depend on x.
struct FinishGradient {
  ColumnSpace m;
  PartialSums sums;
  const float *scale, *variance;
  float epsilon;
  bool is_training;
  float *d_scale, *d_offset;
  GradientFactors out;
  SLUICE_HOST_DEVICE void operator()(int64_t c, const Team& team) const {
    const ChannelSums total(m, sums, c, team);
    if (team.rank() != 0) return;
    const double n = static_cast<double>(m.rows > 0 ? m.rows : 1);
    const double shifted = variance[c] + static_cast<double>(epsilon);
    d_scale[c] = static_cast<float>(total.second / std::sqrt(shifted));
    d_offset[c] = static_cast<float>(total.first);
    out.factor[c] = NormFactor(scale[c], variance[c], epsilon);
    out.by_x[c] = is_training ? static_cast<float>(total.second / (n * shifted)) : 0;
    out.constant[c] = is_training ? static_cast<float>(total.first / n) : 0;
  }
};

template <class T>
absl::Status NormalizeGradient(RunContext& ctx, const ColumnSpace& m, const GradientTerms<T>& in,
                               const GradientFactors& f, T* dx) {
  return Launch(ctx, m.elements(), [=] SLUICE_HOST_DEVICE(int64_t i) {
    const int64_t c = m.Channel(i);
    const float dy = functors::Load(in.dy[i]), x = functors::Load(in.x[i]);
    dx[i] = functors::Store<T>(f.factor[c] * (dy - f.constant[c] - (x - in.mean[c]) * f.by_x[c]));
  });
}

class FusedBatchNormGradKernel : public NormKernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(attrs_, kernels::ParseNormAttrs<FusedBatchNormGradV3Attrs>(ctx));
    SLUICE_RETURN_IF_ERROR(Plan(ctx, kGradX, attrs_.data_format, 3));
    if (!(ctx.inputs[kGradY].shape == ctx.inputs[kGradX].shape)) {
      return absl::InvalidArgumentError(absl::StrCat("y_backprop has shape ", ctx.inputs[kGradY].shape.ToString(),
                                                     ", x ", ctx.inputs[kGradX].shape.ToString()));
    }
    for (int i : {kGradScale, kGradMean, kGradVariance}) SLUICE_RETURN_IF_ERROR(CheckVector(ctx, i));
    ctx.AllowInPlace(kGradY, 0);
    const DataType dtype = ctx.outputs[0].dtype;
    compute_ = dtype == DataType::kHalf       ? &FusedBatchNormGradKernel::Compute<Half>
               : dtype == DataType::kBfloat16 ? &FusedBatchNormGradKernel::Compute<Bfloat16>
                                              : &FusedBatchNormGradKernel::Compute<float>;
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override { return (this->*compute_)(ctx); }

 private:
  template <class T>
  absl::Status Compute(RunContext& ctx) const {
    const GradientTerms<T> in = {ctx.input<T>(kGradY), ctx.input<T>(kGradX), ctx.input<float>(kGradMean)};
    const GradientFactors factors = {Array(ctx, 0), Array(ctx, 1), Array(ctx, 2)};
    const PartialSums sums = Sums(ctx);
    SLUICE_RETURN_IF_ERROR(Launch(ctx, m_.parts * m_.channels, SumColumnPart<GradientTerms<T>>{in, m_, sums}));
    SLUICE_RETURN_IF_ERROR(LaunchTeams(
        ctx, m_.channels,
        FinishGradient{m_, sums, ctx.input<float>(kGradScale), ctx.input<float>(kGradVariance), attrs_.epsilon,
                       attrs_.is_training, ctx.output<float>(1), ctx.output<float>(2), factors}));
    return NormalizeGradient<T>(ctx, m_, in, factors, ctx.output<T>(0));
  }

  FusedBatchNormGradV3Attrs attrs_;
  absl::Status (FusedBatchNormGradKernel::*compute_)(RunContext&) const = nullptr;
};

}  // namespace

void RegisterBatchNorm(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kHalf, DataType::kBfloat16};
  for (const char* op : {"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"}) {
    const bool is_first = op == std::string("FusedBatchNorm");
    KernelDef& def = r.Add<FusedBatchNormKernel>(op).Types("T", {DataType::kFloat});
    if (!is_first) def.Types("T", kTypes).Types("U", {DataType::kFloat});
  }
  for (const char* op : {"FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"}) {
    KernelDef& def = r.Add<FusedBatchNormGradKernel>(op).Types("T", {DataType::kFloat});
    if (op != std::string("FusedBatchNormGrad")) def.Types("T", kTypes);
  }
}

}  // namespace sluice::gpu
