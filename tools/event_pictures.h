// Pictures for event logs, from tensors.
#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace sluice::tools {

// The first `count` of pictures [n, height, width, 1, 3 or 4 channels] of uint8, or of floats: these are stretched to
// 0 … 255, each picture by itself. The result is uint8. InvalidArgument for other tensors.
absl::StatusOr<Tensor> AsPictures(const Tensor& batch, int64_t count);

// Pictures [n, height, width, c] side by side in rows of `columns`, `gap` pixels of white between them.
absl::StatusOr<Tensor> TilePictures(const Tensor& pictures, int64_t columns, int64_t gap);

// Kernels [height, width, 1, 3 or 4 channels, n] as one picture: each magnified to about `size` pixels, in rows that make
// a square, all to one scale with 0 in the middle.
absl::StatusOr<Tensor> FilterPicture(const Tensor& weights, int64_t size);

}  // namespace sluice::tools
