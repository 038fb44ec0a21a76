#include "ops/batch_norm.h"

#include <cmath>

#include "core/kernel_registry.h"
#include "core/parallel.h"
#include "kernels/cpu/batch_norm_loops.h"
#include "kernels/shared/norm_checks.h"

namespace sluice::cpu {
namespace {

constexpr int64_t kBatchNormGrain = 1 << 14;  // elements worth a thread

// The rows, their pieces for threads, and room for what belongs to the channels.
class NormKernel : public Kernel {
 protected:
  // `x` is input `i`; `arrays` are of the matrix' width, besides two for each thread.
  absl::Status Plan(PrepareContext& ctx, int i, const std::string& data_format, int arrays) {
    SLUICE_ASSIGN_OR_RETURN(const int64_t channels, kernels::NormChannels(ctx, i, data_format));
    const Shape& x = ctx.inputs[i].shape;
    is_empty_ = x.num_elements() == 0;
    m_ = ChannelRows(is_empty_ ? 0 : x.num_elements() / channels, channels);
    pieces_ = std::clamp<int64_t>(x.num_elements() / kBatchNormGrain, 1, ctx.threads);
    pieces_ = std::clamp<int64_t>(m_.rows / m_.merged, 1, pieces_);
    arrays_ = arrays;
    ctx.RequestScratch((2 * pieces_ * channels) * sizeof(double) + (arrays + 2 * pieces_) * m_.width * sizeof(float));
    return absl::OkStatus();
  }
  absl::Status CheckVector(const PrepareContext& ctx, int i) const {
    return kernels::CheckNormVector(ctx, i, m_.channels);
  }

  // Scratch: sums of each piece, then arrays of width, then each piece's own.
  double* Sums(const RunContext& ctx, int64_t piece) const { return ctx.scratch<double>() + 2 * piece * m_.channels; }
  float* Array(const RunContext& ctx, int i) const {
    return reinterpret_cast<float*>(Sums(ctx, pieces_)) + i * m_.width;
  }
  float* PieceScratch(const RunContext& ctx, int64_t piece) const { return Array(ctx, arrays_) + 2 * piece * m_.width; }

  // Calls f(piece, begin, end) with the piece's rows.
  template <class F>
  void ForPieces(const F& f) const {
    ParallelFor(static_cast<int>(pieces_), pieces_, 1, [&](int64_t from, int64_t to) {
      for (int64_t p = from; p < to; ++p) f(p, m_.Begin(p, pieces_), m_.Begin(p + 1, pieces_));
    });
  }
  // The pieces' sums, added in the first piece's.
  void AddPieces(const RunContext& ctx) const {
    double* sums = Sums(ctx, 0);
    for (int64_t p = 1; p < pieces_; ++p) {
      const double* more = Sums(ctx, p);
      for (int64_t c = 0; c < 2 * m_.channels; ++c) sums[c] += more[c];
    }
  }

  ChannelRows m_;
  int64_t pieces_ = 1;
  int arrays_ = 0;
  bool is_empty_ = false;
};

enum ForwardInput { kX, kScale, kOffset, kMean, kVariance };
enum ForwardOutput { kY, kBatchMean, kBatchVariance, kSavedMean, kSavedVariance, kReserve3 };

class FusedBatchNormKernel : public NormKernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(attrs_, kernels::ParseNormAttrs<FusedBatchNormV3Attrs>(ctx));
    SLUICE_RETURN_IF_ERROR(Plan(ctx, kX, attrs_.data_format, 3));
    is_mixed_ = attrs_.is_training && attrs_.exponential_avg_factor != 1;
    for (int i : {kScale, kOffset}) SLUICE_RETURN_IF_ERROR(CheckVector(ctx, i));
    if (!attrs_.is_training || is_mixed_) {
      for (int i : {kMean, kVariance}) SLUICE_RETURN_IF_ERROR(CheckVector(ctx, i));
    }
    has_reserve_3_ = ctx.outputs.size() > kReserve3;
    ctx.AllowInPlace(kX, kY);
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    if (has_reserve_3_) *ctx.output<float>(kReserve3) = 0;
    if (is_empty_) {
      for (int i : {kBatchMean, kBatchVariance}) std::fill_n(ctx.output<float>(i), m_.channels, std::nanf(""));
      for (int i : {kSavedMean, kSavedVariance}) std::fill_n(ctx.output<float>(i), m_.channels, 0.F);
      return absl::OkStatus();
    }
    if (attrs_.is_training) {
      FindMoments(ctx);
    } else {
      std::copy_n(ctx.input<float>(kMean), m_.channels, ctx.output<float>(kBatchMean));
      std::copy_n(ctx.input<float>(kVariance), m_.channels, ctx.output<float>(kBatchVariance));
      // The gradient takes the inputs then.
      for (int i : {kSavedMean, kSavedVariance}) std::fill_n(ctx.output<float>(i), m_.channels, 0.F);
    }
    RunNormalize(ctx);
    return absl::OkStatus();
  }

 private:
  // Fills the four outputs of statistics.
  void FindMoments(RunContext& ctx) const {
    const float* x = ctx.input<float>(kX);
    float* shift = Array(ctx, 0);
    double *sums = Sums(ctx, 0), *squares = sums + m_.channels;
    m_.Repeat(x, shift);
    ForPieces([&](int64_t p, int64_t begin, int64_t end) {
      double* of_piece = Sums(ctx, p);
      SumMoments(m_, x, begin, end, shift, PieceScratch(ctx, p), of_piece, of_piece + m_.channels);
    });
    AddPieces(ctx);
    const double n = static_cast<double>(m_.rows), factor = attrs_.exponential_avg_factor;
    const double unbiased = n > 1 ? n / (n - 1) : 1;
    float *mean = ctx.output<float>(kSavedMean), *variance = ctx.output<float>(kSavedVariance);
    float *running_mean = ctx.output<float>(kBatchMean), *running_variance = ctx.output<float>(kBatchVariance);
    for (int64_t c = 0; c < m_.channels; ++c) {
      const double d = sums[c] / n, v = std::max(squares[c] / n - d * d, 0.0), batch_mean = shift[c] + d;
      mean[c] = static_cast<float>(batch_mean);
      variance[c] = static_cast<float>(v);
      double average_mean = batch_mean, average_variance = v * unbiased;
      if (is_mixed_) {
        average_mean = factor * batch_mean + (1 - factor) * ctx.input<float>(kMean)[c];
        average_variance = factor * v * unbiased + (1 - factor) * ctx.input<float>(kVariance)[c];
      }
      running_mean[c] = static_cast<float>(average_mean);
      running_variance[c] = static_cast<float>(average_variance);
    }
  }

  void RunNormalize(RunContext& ctx) const {
    const float* variance = attrs_.is_training ? ctx.output<float>(kSavedVariance) : ctx.input<float>(kVariance);
    float *mean = Array(ctx, 0), *factor = Array(ctx, 1), *offset = Array(ctx, 2);
    m_.Repeat(attrs_.is_training ? ctx.output<float>(kSavedMean) : ctx.input<float>(kMean), mean);
    m_.Repeat(ctx.input<float>(kOffset), offset);
    for (int64_t c = 0; c < m_.channels; ++c) {
      factor[c] = kernels::NormFactor(ctx.input<float>(kScale)[c], variance[c], attrs_.epsilon);
    }
    for (int64_t i = m_.channels; i < m_.width; ++i) factor[i] = factor[i - m_.channels];
    ForPieces([&](int64_t, int64_t begin, int64_t end) {
      Normalize(m_, ctx.input<float>(kX), begin, end, {mean, factor, offset}, nullptr, false, ctx.output<float>(kY));
    });
  }

  FusedBatchNormV3Attrs attrs_;
  bool is_mixed_ = false;
  bool has_reserve_3_ = false;
};

enum GradInput { kGradY, kGradX, kGradScale, kGradMean, kGradVariance };

class FusedBatchNormGradKernel : public NormKernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(attrs_, kernels::ParseNormAttrs<FusedBatchNormGradV3Attrs>(ctx));
    SLUICE_RETURN_IF_ERROR(Plan(ctx, kGradX, attrs_.data_format, 5));
    if (!(ctx.inputs[kGradY].shape == ctx.inputs[kGradX].shape)) {
      return absl::InvalidArgumentError(absl::StrCat("y_backprop has shape ", ctx.inputs[kGradY].shape.ToString(),
                                                     ", x ", ctx.inputs[kGradX].shape.ToString()));
    }
    for (int i : {kGradScale, kGradMean, kGradVariance}) SLUICE_RETURN_IF_ERROR(CheckVector(ctx, i));
    ctx.AllowInPlace(kGradY, 0);
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    float *mean = Array(ctx, 0), *factor = Array(ctx, 1), *offset = Array(ctx, 2), *by_x = Array(ctx, 3),
          *constant = Array(ctx, 4);
    m_.Repeat(ctx.input<float>(kGradMean), mean);
    std::fill_n(offset, m_.width, 0.F);
    const Normalization norm = {mean, factor, offset};
    const GradientInputs in = {ctx.input<float>(kGradY), ctx.input<float>(kGradX), nullptr, GradientMask::kNone};
    if (is_empty_) std::fill_n(Sums(ctx, 0), 2 * m_.channels, 0.0);
    if (!is_empty_) {
      ForPieces([&](int64_t p, int64_t begin, int64_t end) {
        double* sums = Sums(ctx, p);
        SumGradients(m_, in, begin, end, norm, nullptr, PieceScratch(ctx, p), sums, sums + m_.channels);
      });
      AddPieces(ctx);
    }
    FindFactors(ctx, factor, by_x, constant);
    if (is_empty_) return absl::OkStatus();
    ForPieces([&](int64_t, int64_t begin, int64_t end) {
      NormalizeGradient(m_, in, begin, end, norm, {by_x, constant}, ctx.output<float>(0));
    });
    return absl::OkStatus();
  }

 private:
  // From the sums of g and g (x - mean): the gradients of scale and offset, and the factors of dx (Ioffe and Szegedy,
  // section 3). In inference, statistics do not depend on x.
  void FindFactors(RunContext& ctx, float* factor, float* by_x, float* constant) const {
    const double *sums = Sums(ctx, 0), *products = sums + m_.channels;
    const double n = static_cast<double>(std::max<int64_t>(m_.rows, 1));
    for (int64_t c = 0; c < m_.channels; ++c) {
      const double variance = ctx.input<float>(kGradVariance)[c] + static_cast<double>(attrs_.epsilon);
      const double inverse = 1 / std::sqrt(variance);
      ctx.output<float>(1)[c] = static_cast<float>(products[c] * inverse);
      ctx.output<float>(2)[c] = static_cast<float>(sums[c]);
      factor[c] =
          kernels::NormFactor(ctx.input<float>(kGradScale)[c], ctx.input<float>(kGradVariance)[c], attrs_.epsilon);
      by_x[c] = attrs_.is_training ? static_cast<float>(products[c] / (n * variance)) : 0;
      constant[c] = attrs_.is_training ? static_cast<float>(sums[c] / n) : 0;
    }
    for (float* array : {factor, by_x, constant}) {
      for (int64_t i = m_.channels; i < m_.width; ++i) array[i] = array[i - m_.channels];
    }
  }

  FusedBatchNormGradV3Attrs attrs_;
};

}  // namespace

void RegisterBatchNorm(KernelRegistry& r) {
  for (const char* op : {"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"}) {
    KernelDef& def = r.Add<FusedBatchNormKernel>(op).Types("T", {DataType::kFloat});
    if (op != std::string("FusedBatchNorm")) def.Types("U", {DataType::kFloat});
  }
  for (const char* op : {"FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"}) {
    r.Add<FusedBatchNormGradKernel>(op).Types("T", {DataType::kFloat});
  }
}

}  // namespace sluice::cpu
