#include "io/image.h"

#include "absl/strings/match.h"

#include "core/status.h"
#include "io/png.h"

namespace sluice {
namespace {

// The largest of libjpeg's fractions that leaves the picture as large as it has to be.
int ScaleDenominator(const JpegInfo& info, const ImageOptions& options) {
  if (options.least_height <= 0 || options.least_width <= 0) return 1;
  for (int denominator : {8, 4, 2}) {
    if (info.height / denominator >= options.least_height && info.width / denominator >= options.least_width) {
      return denominator;
    }
  }
  return 1;
}

}  // namespace

absl::StatusOr<Tensor> ImageDecoder::Decode(absl::string_view bytes, const ImageOptions& options,
                                            Allocator& allocator) {
  if (LooksLikePng(bytes)) {
    return DecodePng(bytes, {.channels = options.channels, .max_pixels = options.max_pixels}, allocator);
  }
  if (!LooksLikeJpeg(bytes)) return absl::InvalidArgumentError("neither a JPEG nor a PNG picture");
  JpegOptions jpeg{.channels = options.channels, .max_pixels = options.max_pixels};
  if (options.least_height > 0) {
    SLUICE_ASSIGN_OR_RETURN(JpegInfo info, jpeg_.ReadInfo(bytes));
    jpeg.scale_denominator = ScaleDenominator(info, options);
  }
  return jpeg_.Decode(bytes, jpeg, allocator);
}

absl::string_view EncodedFormat(absl::string_view bytes) {
  if (LooksLikeJpeg(bytes)) return "jpeg";
  return LooksLikePng(bytes) ? "png" : "";
}

bool HasImageName(absl::string_view path) {
  return absl::EndsWithIgnoreCase(path, ".jpg") || absl::EndsWithIgnoreCase(path, ".jpeg") ||
         absl::EndsWithIgnoreCase(path, ".png");
}

}  // namespace sluice
