#include "tools/event_pictures.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::tools {
namespace {

bool IsPicture(const Shape& shape, int channels_axis) {
  if (shape.rank() != 4 || shape.num_elements() == 0) return false;
  const int64_t channels = shape.dim(channels_axis);
  return channels == 1 || channels == 3 || channels == 4;
}

absl::Status NoPictures(const Tensor& tensor) {
  return absl::InvalidArgumentError(
      absl::StrCat(DataTypeName(tensor.dtype()), tensor.shape().ToString(), " holds no pictures"));
}

// From [low, high] to a byte; NaN becomes 0.
uint8_t ToByte(double value, double low, double high) {
  if (!(value >= low)) return 0;
  return static_cast<uint8_t>(std::lround(255 * std::min((value - low) / std::max(high - low, 1e-12), 1.0)));
}

template <class T>
void Stretch(const T* from, int64_t n, uint8_t* to) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (int64_t i = 0; i < n; ++i) {
    if (!std::isfinite(static_cast<double>(from[i]))) continue;
    low = std::min(low, static_cast<double>(from[i]));
    high = std::max(high, static_cast<double>(from[i]));
  }
  for (int64_t i = 0; i < n; ++i) to[i] = ToByte(static_cast<double>(from[i]), low, high);
}

}  // namespace

absl::StatusOr<Tensor> AsPictures(const Tensor& batch, int64_t count) {
  if (!IsPicture(batch.shape(), 3)) return NoPictures(batch);
  count = std::min(count, batch.dim(0));
  const int64_t size = batch.num_elements() / batch.dim(0);
  SLUICE_ASSIGN_OR_RETURN(Tensor pictures,
                          Tensor::Create(DataType::kUint8, Shape{count, batch.dim(1), batch.dim(2), batch.dim(3)}));
  for (int64_t i = 0; i < count; ++i) {
    uint8_t* to = pictures.data<uint8_t>() + i * size;
    if (batch.dtype() == DataType::kUint8) {
      std::copy_n(batch.data<uint8_t>() + i * size, size, to);
    } else if (batch.dtype() == DataType::kFloat) {
      Stretch(batch.data<float>() + i * size, size, to);
    } else if (batch.dtype() == DataType::kDouble) {
      Stretch(batch.data<double>() + i * size, size, to);
    } else {
      return NoPictures(batch);
    }
  }
  return pictures;
}

absl::StatusOr<Tensor> TilePictures(const Tensor& pictures, int64_t columns, int64_t gap) {
  if (pictures.dtype() != DataType::kUint8 || !IsPicture(pictures.shape(), 3)) return NoPictures(pictures);
  const int64_t n = pictures.dim(0), height = pictures.dim(1), width = pictures.dim(2), channels = pictures.dim(3);
  const int64_t rows = (n + columns - 1) / columns;
  const int64_t total_height = rows * (height + gap) - gap, total_width = columns * (width + gap) - gap;
  SLUICE_ASSIGN_OR_RETURN(Tensor tiled, Tensor::Create(DataType::kUint8, Shape{total_height, total_width, channels}));
  std::fill_n(tiled.data<uint8_t>(), tiled.num_elements(), uint8_t{255});
  for (int64_t i = 0; i < n; ++i) {
    const int64_t top = i / columns * (height + gap), left = i % columns * (width + gap);
    for (int64_t y = 0; y < height; ++y) {
      std::copy_n(pictures.data<uint8_t>() + (i * height + y) * width * channels, width * channels,
                  tiled.data<uint8_t>() + ((top + y) * total_width + left) * channels);
    }
  }
  return tiled;
}

absl::StatusOr<Tensor> FilterPicture(const Tensor& weights, int64_t size) {
  if (weights.dtype() != DataType::kFloat || !IsPicture(weights.shape(), 2)) return NoPictures(weights);
  const int64_t height = weights.dim(0), width = weights.dim(1), channels = weights.dim(2), n = weights.dim(3);
  const int64_t zoom = std::max<int64_t>(1, size / std::max(height, width));
  double most = 0;
  for (float value : weights.values<float>()) {
    if (std::isfinite(value)) most = std::max<double>(most, std::abs(value));
  }
  SLUICE_ASSIGN_OR_RETURN(Tensor pictures,
                          Tensor::Create(DataType::kUint8, Shape{n, height * zoom, width * zoom, channels}));
  uint8_t* to = pictures.data<uint8_t>();
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t y = 0; y < height * zoom; ++y) {
      for (int64_t x = 0; x < width * zoom; ++x) {
        for (int64_t c = 0; c < channels; ++c) {
          const int64_t at = ((y / zoom * width + x / zoom) * channels + c) * n + i;
          *to++ = ToByte(weights.data<float>()[at], -most, most);
        }
      }
    }
  }
  return TilePictures(pictures, static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(n)))), 1);
}

}  // namespace sluice::tools
