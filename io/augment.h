// From a decoded picture to what a network is fed with: resized, cut, flipped, recoloured, normalised.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "core/api.h"
#include "core/tensor.h"
#include "io/color_statistics.h"
#include "io/example_random.h"
#include "io/image.h"
#include "io/resize.h"

namespace SLUICE_API sluice {

struct AugmentOptions {
  // 1. Every picture is resized: its shorter side to `shorter_side`, or, stretched, to resize_height x resize_width.
  // All 0: not at all.
  int64_t shorter_side = 0;
  int64_t resize_height = 0, resize_width = 0;
  ResizeMethod resize = ResizeMethod::kAntialias;
  // 2. A window of this size is cut out: at random, from the picture with `pad` pixels around it, or the centre; see
  // PictureView. 0: all of the picture.
  int64_t crop_height = 0, crop_width = 0;
  int64_t pad = 0;
  // 3. Random pictures only. Mirrored, left to right, every other time.
  bool flip = false;
  // Uniform in ± brightness, times 255, is added; the difference to the channel's mean is multiplied with 1 ± contrast,
  // the difference to the pixel's grey with 1 ± saturation; to RGB in 0 … 1 is added the sum over the principal
  // components of vector times eigenvalue times a normal number of deviation `pca` (Krizhevsky et al. 2012, 4.1).
  double brightness = 0, contrast = 0, saturation = 0, pca = 0;
  PrincipalComponents components;
  // 4. (value - mean) * scale, where values are in 0 … 255: each empty, of one value, or of one a channel. Pixels of the
  // padding are 0 after that. Pictures that are fed as uint8 are not normalised.
  std::vector<float> mean, scale;
  // Or a mean for each pixel of the resized picture: float [height, width, channels]. Then `mean` is empty.
  Tensor mean_picture;
};

enum class PictureView {
  kRandom,    // window, mirroring and colours at random: for training
  kCenter,    // the window in the centre
  kTenCrops,  // windows at the corners and the centre, then the same five mirrored
};
inline int ViewsOf(PictureView view) { return view == PictureView::kTenCrops ? 10 : 1; }

// Immutable and thread-safe.
class PictureTransform {
 public:
  // InvalidArgument for options that contradict each other.
  static absl::StatusOr<PictureTransform> Create(AugmentOptions options);

  // What a decoder may leave out (least_height and least_width).
  void LimitDecoding(ImageOptions* options) const;
  // Step 1, on uint8 [h, w, c]: what does not depend on chance and may be kept.
  absl::StatusOr<Tensor> Resize(const Tensor& picture) const;
  // The shape of what Render makes of a resized picture; InvalidArgument where the window does not fit into it or a
  // number of channels does not go with the options.
  absl::StatusOr<Shape> OutputShape(const Shape& resized) const;

  // Steps 2 to 4: writes ViewsOf(view) pictures of `dtype` (uint8, float or double) one after another to `out`.
  // `scratch` is the calling thread's, kept between calls. REQUIRES: OutputShape(picture.shape()) is OK.
  void Render(const Tensor& picture, PictureView view, ExampleRandom& random, DataType dtype, void* out,
              std::vector<float>& scratch) const;

 private:
  struct Cut {
    int64_t top, left;  // in the picture; negative where there is padding
    bool is_mirrored;
  };
  // x -> matrix * x + shift for a pixel's channels.
  struct ColorMap {
    float matrix[4][4];
    float shift[4];
    bool is_identity;
  };
  explicit PictureTransform(AugmentOptions options) : options_(std::move(options)) {}
  bool HasColorChanges() const;
  ColorMap RandomColors(const Tensor& picture, const Cut& cut, const Shape& shape, ExampleRandom& random) const;
  void RenderUint8(const Tensor& picture, const Cut& cut, const Shape& shape, uint8_t* out) const;
  void RenderFloat(const Tensor& picture, const Cut& cut, const Shape& shape, const ColorMap& colors, bool normalizes,
                   float* out, std::vector<float>& scratch) const;

  const AugmentOptions options_;
};

}  // namespace sluice
