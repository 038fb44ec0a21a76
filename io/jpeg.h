// JPEG pictures, through libjpeg-turbo.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "core/allocator.h"
#include "core/api.h"
#include "core/tensor.h"

namespace SLUICE_API sluice {

struct JpegOptions {
  // 1 grey, 3 RGB, 4 RGBA (opaque); 0 as the file has it: grey is 1, all else 3.
  int channels = 0;
  // 1, 2, 4 or 8: the picture at that fraction of its size (rounded up), decoded at little more than that fraction of
  // the cost.
  int scale_denominator = 1;
  // The accurate integer transform: pixels differ by up to 5, a little slower. Without it as TensorFlow has it where
  // nothing else is asked for.
  bool accurate = false;
  // Larger pictures (before scaling) are refused before memory is taken for them.
  int64_t max_pixels = int64_t{1} << 28;
};

struct JpegInfo {
  int64_t height = 0, width = 0;
};

// Decodes one picture after another; keeping it saves making libjpeg's tables anew. Not thread-safe.
class JpegDecoder {
 public:
  JpegDecoder();
  ~JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  // From the header alone.
  absl::StatusOr<JpegInfo> ReadInfo(absl::string_view bytes);
  // The picture as uint8 [height, width, channels], by the rules of TensorFlow's DecodeJpeg, with smooth
  // upsampling of the colours. CMYK and YCCK are turned into RGB; colour profiles and orientation are not
  // applied. InvalidArgument or DataLoss for a file that is none, is damaged or ends early, ResourceExhausted for one
  // that is too large, Unimplemented for the rarer kinds of JPEG that libjpeg-turbo lacks (lossless, 12 bits).
  absl::StatusOr<Tensor> Decode(absl::string_view bytes, const JpegOptions& options = {},
                                Allocator& allocator = DefaultAllocator());

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same for a single picture.
absl::StatusOr<Tensor> DecodeJpeg(absl::string_view bytes, const JpegOptions& options = {},
                                  Allocator& allocator = DefaultAllocator());

// A JPEG file of uint8 [height, width, 1 or 3 channels], `quality` from 1 to 100, colours at half the resolution;
// InvalidArgument for any other tensor.
absl::StatusOr<std::string> EncodeJpeg(const Tensor& image, int quality = 95);

// True for what begins like a JPEG file.
bool LooksLikeJpeg(absl::string_view bytes);

}  // namespace sluice
