// The passes of batch normalisation over a matrix [rows, channels]. All of them are bound by memory: each reads and writes
// every tensor once, and the ReLU behind a normalisation is part of its passes.
#pragma once

#include <cstdint>

namespace sluice::cpu {

// Few channels are taken several rows at once, so that loops are long enough for vectors: `merged` rows are seen as one
// of `width` elements. Values of a channel that these loops take are repeated over the width (`Repeat`).
struct ChannelRows {
  int64_t rows = 0, channels = 0;
  int64_t merged = 1;
  int64_t width = 0;

  ChannelRows() = default;
  ChannelRows(int64_t rows, int64_t channels);
  // to[0..width) = values[0..channels), again and again.
  void Repeat(const float* values, float* to) const;
  // Rows [Begin(p), Begin(p + 1)) are piece p of `pieces`; whole merged rows but for the last.
  int64_t Begin(int64_t p, int64_t pieces) const;
};

// For rows [begin, end) of x: sums[c] = sum of (x - shift), squares[c] = sum of (x - shift)^2. The shift, some value of the
// channel, keeps the difference of the two exact where the mean is large. `scratch` has 2 * width floats.
void SumMoments(const ChannelRows& m, const float* x, int64_t begin, int64_t end, const float* shift, float* scratch,
                double* sums, double* squares);

// y = (x - mean) * factor + offset, for rows [begin, end).
struct Normalization {
  const float *mean, *factor, *offset;  // of width
};
// What follows: y + side where there is one, then Relu. y may be x or side.
void Normalize(const ChannelRows& m, const float* x, int64_t begin, int64_t end, const Normalization& norm,
               const float* side, bool relu, float* y);

// The gradient of what lies behind the normalisation, and how it is found again.
enum class GradientMask {
  kNone,      // nothing lies behind
  kByInput,   // Relu: the sign of its argument is that of the normalised x
  kByOutput,  // Relu after another tensor was added: the sign of its output
};
struct GradientInputs {
  const float* dy;
  const float* x;
  const float* y;  // kByOutput
  GradientMask mask;
};
// For rows [begin, end), with g = the masked dy: sums[c] = sum of g, products[c] = sum of g * (x - mean). Where `masked` is
// not null, g is written to it. `scratch` has 2 * width floats.
void SumGradients(const ChannelRows& m, const GradientInputs& in, int64_t begin, int64_t end, const Normalization& norm,
                  float* masked, float* scratch, double* sums, double* products);
// dx = factor * (g - constant - by_x * (x - mean)), each of width. dx may be dy.
struct GradientFactors {
  const float *by_x, *constant;
};
void NormalizeGradient(const ChannelRows& m, const GradientInputs& in, int64_t begin, int64_t end,
                       const Normalization& norm, const GradientFactors& factors, float* dx);

}  // namespace sluice::cpu
