#include "kernels/cpu/batch_norm_loops.h"

#include <algorithm>

#include "kernels/functors/host_device.h"

namespace sluice::cpu {
namespace {

// Groups of four rows whose sums are kept in single precision.
constexpr int64_t kGroups = 64;

// Adds `kRows` merged rows to a[width] and b[width]; f(i, at, &u, &v) gives what element i of a row at offset `at` adds.
template <int kRows, class F>
void AddRows(int64_t width, int64_t at, float* __restrict a, float* __restrict b, const F& f) {
  SLUICE_INDEPENDENT
  for (int64_t i = 0; i < width; ++i) {
    float u[kRows], v[kRows];
    for (int r = 0; r < kRows; ++r) f(i, at + r * width + i, &u[r], &v[r]);
    if constexpr (kRows == 4) {
      a[i] += (u[0] + u[1]) + (u[2] + u[3]);
      b[i] += (v[0] + v[1]) + (v[2] + v[3]);
    } else {
      a[i] += u[0];
      b[i] += v[0];
    }
  }
}

// The sums over rows [begin, end) by channel of the two values that `f` gives for an element.
template <class F>
void SumPairs(const ChannelRows& m, int64_t begin, int64_t end, float* scratch, double* first, double* second,
              const F& f) {
  float *a = scratch, *b = scratch + m.width;
  std::fill_n(first, m.channels, 0.0);
  std::fill_n(second, m.channels, 0.0);
  int64_t row = begin;
  while (row < end) {
    std::fill_n(scratch, 2 * m.width, 0.F);
    for (int64_t g = 0; g < kGroups && row + 4 * m.merged <= end; ++g, row += 4 * m.merged) {
      AddRows<4>(m.width, row * m.channels, a, b, f);
    }
    if (row + 4 * m.merged > end) {
      for (; row + m.merged <= end; row += m.merged) AddRows<1>(m.width, row * m.channels, a, b, f);
      AddRows<1>((end - row) * m.channels, row * m.channels, a, b, f);
      row = end;
    }
    for (int64_t i = 0, c = 0; i < m.width; ++i, c = c + 1 == m.channels ? 0 : c + 1) {
      first[c] += a[i];
      second[c] += b[i];
    }
  }
}

// Calls f(i, at) for every element: `at` its offset in the matrix, i its place within the width.
template <class F>
void ForElements(const ChannelRows& m, int64_t begin, int64_t end, const F& f) {
  for (int64_t row = begin; row < end; row += m.merged) {
    const int64_t at = row * m.channels, n = std::min(m.merged, end - row) * m.channels;
    SLUICE_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) f(i, at + i);
  }
}

inline float Normalized(const Normalization& norm, int64_t i, float x) {
  return (x - norm.mean[i]) * norm.factor[i] + norm.offset[i];
}

template <GradientMask kMask>
inline float MaskedGradient(const GradientInputs& in, const Normalization& norm, int64_t i, int64_t at) {
  const float dy = in.dy[at];
  if constexpr (kMask == GradientMask::kByInput) return Normalized(norm, i, in.x[at]) > 0 ? dy : 0.F;
  if constexpr (kMask == GradientMask::kByOutput) return in.y[at] > 0 ? dy : 0.F;
  return dy;
}

template <bool kSide, bool kRelu>
void NormalizeRows(const ChannelRows& m, const float* x, int64_t begin, int64_t end, const Normalization& norm,
                   const float* side, float* y) {
  ForElements(m, begin, end, [=](int64_t i, int64_t at) {
    float value = Normalized(norm, i, x[at]);
    if constexpr (kSide) value += side[at];
    y[at] = kRelu && value < 0 ? 0.F : value;  // NaN stays NaN
  });
}

template <GradientMask kMask, bool kKeep>
void SumMasked(const ChannelRows& m, const GradientInputs& in, int64_t begin, int64_t end, const Normalization& norm,
               float* masked, float* scratch, double* sums, double* products) {
  SumPairs(m, begin, end, scratch, sums, products, [=](int64_t i, int64_t at, float* u, float* v) {
    const float g = MaskedGradient<kMask>(in, norm, i, at);
    if constexpr (kKeep) masked[at] = g;
    *u = g;
    *v = g * (in.x[at] - norm.mean[i]);
  });
}

template <GradientMask kMask>
void GradientRows(const ChannelRows& m, const GradientInputs& in, int64_t begin, int64_t end, const Normalization& norm,
                  const GradientFactors& factors, float* dx) {
  ForElements(m, begin, end, [=](int64_t i, int64_t at) {
    const float g = MaskedGradient<kMask>(in, norm, i, at);
    dx[at] = norm.factor[i] * (g - factors.constant[i] - (in.x[at] - norm.mean[i]) * factors.by_x[i]);
  });
}

}  // namespace

ChannelRows::ChannelRows(int64_t rows, int64_t channels) : rows(rows), channels(channels) {
  while ((merged * channels < 128 || merged * channels % 8 != 0) && merged < 32) merged *= 2;
  width = merged * channels;
}

void ChannelRows::Repeat(const float* values, float* to) const {
  for (int64_t r = 0; r < merged; ++r) std::copy_n(values, channels, to + r * channels);
}

int64_t ChannelRows::Begin(int64_t p, int64_t pieces) const {
  return p == pieces ? rows : rows / merged * p / pieces * merged;
}

void SumMoments(const ChannelRows& m, const float* x, int64_t begin, int64_t end, const float* shift, float* scratch,
                double* sums, double* squares) {
  SumPairs(m, begin, end, scratch, sums, squares, [=](int64_t i, int64_t at, float* u, float* v) {
    const float d = x[at] - shift[i];
    *u = d;
    *v = d * d;
  });
}

void Normalize(const ChannelRows& m, const float* x, int64_t begin, int64_t end, const Normalization& norm,
               const float* side, bool relu, float* y) {
  auto run = side != nullptr ? (relu ? NormalizeRows<true, true> : NormalizeRows<true, false>)
                             : (relu ? NormalizeRows<false, true> : NormalizeRows<false, false>);
  run(m, x, begin, end, norm, side, y);
}

void SumGradients(const ChannelRows& m, const GradientInputs& in, int64_t begin, int64_t end, const Normalization& norm,
                  float* masked, float* scratch, double* sums, double* products) {
  auto run = SumMasked<GradientMask::kNone, false>;
  if (in.mask == GradientMask::kByInput) run = SumMasked<GradientMask::kByInput, false>;
  if (in.mask == GradientMask::kByOutput) run = SumMasked<GradientMask::kByOutput, true>;
  run(m, in, begin, end, norm, masked, scratch, sums, products);
}

void NormalizeGradient(const ChannelRows& m, const GradientInputs& in, int64_t begin, int64_t end,
                       const Normalization& norm, const GradientFactors& factors, float* dx) {
  auto run = GradientRows<GradientMask::kNone>;
  if (in.mask == GradientMask::kByInput) run = GradientRows<GradientMask::kByInput>;
  if (in.mask == GradientMask::kByOutput) run = GradientRows<GradientMask::kByOutput>;
  run(m, in, begin, end, norm, factors, dx);
}

}  // namespace sluice::cpu
