// JPEG files from strangers.
#include <cstdlib>

#include "io/jpeg.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::HostAllocator allocator(64 << 20);
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  sluice::JpegDecoder decoder;  // goes on after errors
  for (int channels : {0, 1, 3, 4}) {
    auto image = decoder.Decode(bytes, {.channels = channels, .max_pixels = 1 << 16}, allocator);
    if (image.ok() && channels > 0 && image->dim(2) != channels) std::abort();
  }
  (void)decoder.Decode(bytes, {.scale_denominator = 8, .max_pixels = 1 << 18}, allocator);
  return 0;
}
