// Pictures at another size.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "core/api.h"
#include "core/tensor.h"

namespace SLUICE_API sluice {

// As tf.image.resize has them; pixel i covers [i, i + 1).
enum class ResizeMethod {
  kBilinear,   // between the two nearest pixel centres: fast, and aliases where it makes pictures smaller
  kAntialias,  // a triangle as wide as a pixel of the result, at least as one of the source
  kArea,       // the mean over the area that a pixel of the result covers
};

// The part of a picture that becomes the result, in pixels; it may go beyond the border, where the outermost pixels
// go on (kBilinear) or nothing is added (the others).
struct PictureWindow {
  double top = 0, left = 0, height = 0, width = 0;
};

// uint8 [h, w, c] to float [height, width, c]. InvalidArgument where a size is under 1 or the window is empty.
absl::StatusOr<Tensor> ResizePicture(const Tensor& image, int64_t height, int64_t width, ResizeMethod method);
absl::StatusOr<Tensor> ResizePicture(const Tensor& image, const PictureWindow& window, int64_t height, int64_t width,
                                     ResizeMethod method);

// float in 0 … 255 to uint8, rounded and clamped; NaN becomes 0.
absl::StatusOr<Tensor> RoundToUint8(const Tensor& pixels);

}  // namespace sluice
