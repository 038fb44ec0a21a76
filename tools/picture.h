// From a picture file to what a network expects.
#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"
#include "io/resize.h"

namespace sluice::tools {

// photo.png:size=224x224,crop=center,mean=123.68/116.78/103.94,scale=0.017,order=bgr,layout=nchw
struct PictureOptions {
  int64_t height = 0, width = 0;  // 0: the picture's own
  ResizeMethod method = ResizeMethod::kBilinear;
  bool crop = false;         // the picture is scaled to cover the size, and its centre cut out; else it is stretched
  std::vector<float> mean;   // subtracted; one value, or one a channel (in the order of the result)
  std::vector<float> scale;  // multiplied with afterwards; likewise
  bool bgr = false;
  bool nchw = false;
};

// Reads "size=224x224,crop=center,…". A usage error names what it does not know.
absl::StatusOr<PictureOptions> ParsePictureOptions(absl::string_view text);

// "bilinear", "antialias" or "area"; a usage error for anything else.
absl::StatusOr<ResizeMethod> ParseResizeMethod(absl::string_view text);

// A PNG or JPEG file's picture as [1, height, width, channels] (or NCHW) of `dtype`. `shape` is the network's: channels come
// from it (1 grey, 3 RGB, 4 RGBA; else the file's), and it must go with the result, or InvalidArgument says how
// to make it.
absl::StatusOr<Tensor> ReadPicture(const std::string& path, const PictureOptions& options, DataType dtype,
                                   const PartialShape& shape);

// A tensor as a picture file of the format that the path's ending says, PNG or JPEG: uint8 or float (rounded, and
// clamped to 0 … 255), [height, width, 1 to 4 channels] with or without a batch of one, or [height, width].
absl::StatusOr<std::string> EncodePicture(const Tensor& tensor, absl::string_view path);

}  // namespace sluice::tools
