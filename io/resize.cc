#include "io/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"

#include "core/status.h"

namespace sluice {
namespace {

// How the pixels along one side of the result come from those of the source: pixel i is the sum of `count` pixels
// from begin[i] on with the weights from i * count on.
struct Taps {
  int64_t count = 0;
  std::vector<int64_t> begin;
  std::vector<float> weights;
};

// `reach`: how far from its centre a pixel of the result looks; `weight`: of the source's pixel whose centre is that
// far from it. Weights are normalised.
template <class F>
Taps MakeTaps(int64_t n, double begin, double extent, int64_t size, double reach, F&& weight) {
  Taps taps;
  const double step = extent / static_cast<double>(n);
  taps.count = static_cast<int64_t>(std::min(std::ceil(2 * reach) + 1, static_cast<double>(size)));
  for (int64_t i = 0; i < n; ++i) {
    const double center = begin + (static_cast<double>(i) + 0.5) * step;
    auto first = static_cast<int64_t>(std::ceil(std::clamp(center - reach - 0.5, 0.0, static_cast<double>(size))));
    first = std::clamp<int64_t>(first, 0, size - taps.count);
    double sum = 0;
    std::vector<double> row;
    for (int64_t j = 0; j < taps.count; ++j) {
      row.push_back(weight(static_cast<double>(first + j) + 0.5 - center));
      sum += row.back();
    }
    taps.begin.push_back(first);
    for (double w : row) taps.weights.push_back(sum > 0 ? static_cast<float>(w / sum) : 0.0f);
  }
  return taps;
}

Taps BilinearTaps(int64_t n, double begin, double extent, int64_t size) {
  Taps taps;
  taps.count = std::min<int64_t>(2, size);
  for (int64_t i = 0; i < n; ++i) {
    double at = begin + (static_cast<double>(i) + 0.5) * extent / static_cast<double>(n) - 0.5;
    at = std::clamp(at, 0.0, static_cast<double>(size - 1));
    const int64_t low = std::min(static_cast<int64_t>(at), size - taps.count);
    taps.begin.push_back(low);
    const auto fraction = static_cast<float>(at - static_cast<double>(low));
    if (taps.count == 1) {
      taps.weights.push_back(1);
    } else {
      taps.weights.insert(taps.weights.end(), {1 - fraction, fraction});
    }
  }
  return taps;
}

Taps TapsFor(ResizeMethod method, int64_t n, double begin, double extent, int64_t size) {
  const double step = extent / static_cast<double>(n);
  if (method == ResizeMethod::kAntialias) {
    const double reach = std::max(step, 1.0);
    return MakeTaps(n, begin, extent, size, reach, [=](double d) { return std::max(0.0, 1 - std::abs(d) / reach); });
  }
  if (method == ResizeMethod::kArea) {
    // How much of the source's pixel lies within the result's.
    return MakeTaps(n, begin, extent, size, step / 2 + 0.5, [=](double d) {
      return std::max(0.0, std::min(d + 0.5, step / 2) - std::max(d - 0.5, -step / 2));
    });
  }
  return BilinearTaps(n, begin, extent, size);
}

// One row of the source to the result's width.
void ResizeRow(const uint8_t* in, const Taps& taps, int64_t channels, float* out) {
  const auto width = static_cast<int64_t>(taps.begin.size());
  for (int64_t x = 0; x < width; ++x) {
    const uint8_t* pixel = in + taps.begin[static_cast<size_t>(x)] * channels;
    const float* weights = taps.weights.data() + x * taps.count;
    for (int64_t c = 0; c < channels; ++c) {
      float sum = 0;
      for (int64_t j = 0; j < taps.count; ++j) sum += weights[j] * static_cast<float>(pixel[j * channels + c]);
      out[x * channels + c] = sum;
    }
  }
}

}  // namespace

absl::StatusOr<Tensor> ResizePicture(const Tensor& image, int64_t height, int64_t width, ResizeMethod method) {
  if (image.shape().rank() != 3) return absl::InvalidArgumentError("resize: expected [height,width,channels]");
  const PictureWindow whole{0, 0, static_cast<double>(image.dim(0)), static_cast<double>(image.dim(1))};
  return ResizePicture(image, whole, height, width, method);
}

absl::StatusOr<Tensor> ResizePicture(const Tensor& image, const PictureWindow& window, int64_t height, int64_t width,
                                     ResizeMethod method) {
  const bool is_window = window.height > 0 && window.width > 0 && std::isfinite(window.top + window.left) &&
                         std::isfinite(window.height + window.width);
  if (image.dtype() != DataType::kUint8 || image.shape().rank() != 3 || image.num_elements() == 0 || height < 1 ||
      width < 1 || !is_window) {
    return absl::InvalidArgumentError(absl::StrCat("resize: ", DataTypeName(image.dtype()), image.shape().ToString(),
                                                   " to ", height, "x", width,
                                                   ": expected uint8[height,width,channels] and sizes from 1 on"));
  }
  const int64_t channels = image.dim(2), row = width * channels, source_row = image.dim(1) * channels;
  const Taps rows = TapsFor(method, height, window.top, window.height, image.dim(0));
  const Taps columns = TapsFor(method, width, window.left, window.width, image.dim(1));
  SLUICE_ASSIGN_OR_RETURN(Tensor result, Tensor::Create(DataType::kFloat, Shape{height, width, channels}));
  // Rows of the source at the result's width, each made once, when it is first needed; those behind are overwritten.
  std::vector<float> ring(static_cast<size_t>(rows.count * row));
  auto slot = [&](int64_t y) { return ring.data() + y % rows.count * row; };
  int64_t made = 0;
  for (int64_t y = 0; y < height; ++y) {
    const int64_t begin = rows.begin[static_cast<size_t>(y)];
    for (made = std::max(made, begin); made < begin + rows.count; ++made) {
      ResizeRow(image.data<uint8_t>() + made * source_row, columns, channels, slot(made));
    }
    float* __restrict out = result.data<float>() + y * row;
    std::fill_n(out, row, 0.0f);
    for (int64_t j = 0; j < rows.count; ++j) {
      const float weight = rows.weights[static_cast<size_t>(y * rows.count + j)];
      const float* __restrict in = slot(begin + j);
      for (int64_t i = 0; i < row; ++i) out[i] += weight * in[i];
    }
  }
  return result;
}

absl::StatusOr<Tensor> RoundToUint8(const Tensor& pixels) {
  SLUICE_ASSIGN_OR_RETURN(Tensor result, Tensor::Create(DataType::kUint8, pixels.shape()));
  const float* in = pixels.data<float>();
  uint8_t* out = result.data<uint8_t>();
  for (int64_t i = 0; i < pixels.num_elements(); ++i) {
    // The order of the comparisons makes NaN 0. Halves go up, and nothing is negative: lround would be a call.
    const float value = in[i] > 0 ? in[i] : 0;
    out[i] = static_cast<uint8_t>((value < 255 ? value : 255) + 0.5f);  // NOLINT(bugprone-incorrect-roundings)
  }
  return result;
}

}  // namespace sluice
