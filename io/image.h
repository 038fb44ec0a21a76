// Pictures of whatever format, told by content.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "core/allocator.h"
#include "core/api.h"
#include "core/tensor.h"
#include "io/jpeg.h"

namespace SLUICE_API sluice {

struct ImageOptions {
  // 1 grey, 3 RGB, 4 RGBA; 0 what the file has.
  int channels = 0;
  // Larger pictures are refused before memory is taken for them.
  int64_t max_pixels = int64_t{1} << 28;
  // Where both are over 0: the picture is going to be resized, and may be decoded smaller, but not so that its height
  // or its width is under these. Only JPEG can do that.
  int64_t least_height = 0, least_width = 0;
};

// Decodes PNG and JPEG pictures one after another. Not thread-safe.
class ImageDecoder {
 public:
  // uint8 [height, width, channels]. InvalidArgument for what is neither; else as DecodePng and JpegDecoder.
  absl::StatusOr<Tensor> Decode(absl::string_view bytes, const ImageOptions& options = {},
                                Allocator& allocator = DefaultAllocator());

 private:
  JpegDecoder jpeg_;
};

// "jpeg" or "png", by content; "" for neither.
absl::string_view EncodedFormat(absl::string_view bytes);

// True for names that end in .jpg, .jpeg or .png, in any case.
bool HasImageName(absl::string_view path);

}  // namespace sluice
