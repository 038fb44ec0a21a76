// Bias and activation along the rows of a matrix [rows, channels].
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/functors/arithmetic.h"
#include "ops/fused_ops.h"

namespace sluice::cpu {

// A vector of few channels, repeated so that loops along it are long enough to be vectorised without a
// remainder that costs more than the rest (20 channels are two and a half AVX2 vectors).
template <class T>
class RepeatedRow {
 public:
  static constexpr int64_t kLength = 512;

  // `row` must outlive this.
  RepeatedRow(const T* row, int64_t channels) : data_(row), rows_(RowsFor(channels)), channels_(channels) {
    if (rows_ == 1) return;
    for (int64_t r = 0; r < rows_; ++r) std::copy_n(row, channels, copies_ + r * channels);
    data_ = copies_;
  }
  RepeatedRow(const RepeatedRow&) = delete;
  RepeatedRow& operator=(const RepeatedRow&) = delete;

  // How many rows of `channels` elements are taken together.
  static int64_t RowsFor(int64_t channels) { return std::max<int64_t>(1, kLength / std::max<int64_t>(channels, 1)); }
  const T* data() const { return data_; }
  int64_t rows() const { return rows_; }
  int64_t channels() const { return channels_; }

 private:
  const T* data_;
  int64_t rows_, channels_;
  T copies_[kLength];
};

// NaN stays NaN.
template <EpilogueActivation kActivation, class T>
T Activate(T x) {
  if (kActivation != EpilogueActivation::kNone && x < T{}) return T{};
  if (kActivation == EpilogueActivation::kRelu6 && x > T{6}) return T{6};
  return x;
}

template <EpilogueActivation kActivation, class T>
void AddRow(const T* in, const T* row, T* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = Activate<kActivation>(functors::Plus(in[i], row[i]));
}

// out = activation(in + bias), rows begin to end; `in` may be `out`.
template <class T>
void AddBias(const T* in, const RepeatedRow<T>& bias, EpilogueActivation activation, T* out, int64_t begin,
             int64_t end) {
  auto add = activation == EpilogueActivation::kRelu    ? AddRow<EpilogueActivation::kRelu, T>
             : activation == EpilogueActivation::kRelu6 ? AddRow<EpilogueActivation::kRelu6, T>
                                                        : AddRow<EpilogueActivation::kNone, T>;
  for (int64_t r = begin; r < end; r += bias.rows()) {
    int64_t at = r * bias.channels();
    add(in + at, bias.data(), out + at, std::min(bias.rows(), end - r) * bias.channels());
  }
}

// What fused ops do to their result, in place. `bias` is null for none.
template <class T>
void ApplyEpilogue(T* values, int64_t rows, int64_t channels, const T* bias, EpilogueActivation activation) {
  if (bias != nullptr) {
    AddBias(values, RepeatedRow<T>(bias, channels), activation, values, 0, rows);
  } else if (activation == EpilogueActivation::kRelu) {
    for (int64_t i = 0; i < rows * channels; ++i) values[i] = Activate<EpilogueActivation::kRelu>(values[i]);
  } else if (activation == EpilogueActivation::kRelu6) {
    for (int64_t i = 0; i < rows * channels; ++i) values[i] = Activate<EpilogueActivation::kRelu6>(values[i]);
  }
}

}  // namespace sluice::cpu
