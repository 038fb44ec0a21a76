#include "io/jpeg.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <jerror.h>
#include <jpeglib.h>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "core/status.h"

namespace sluice {
namespace {

// A progressive file may have any number of scans, each of which goes over the whole picture: a small file could
// take hours. Real ones have about ten.
constexpr int kMaxScans = 200;

// libjpeg reports errors by calling error_exit, which must not return. As in png.cc, the functions that call setjmp
// have only plain variables, and what they need lives in a struct of their caller.
struct ErrorState {
  jpeg_error_mgr manager;
  jmp_buf jump;
  int code = 0;
  char message[JMSG_LENGTH_MAX] = "";
  bool is_damaged = false;
};

ErrorState& ErrorOf(j_common_ptr common) { return *static_cast<ErrorState*>(common->client_data); }

[[noreturn]] void OnError(j_common_ptr common) {
  ErrorState& error = ErrorOf(common);
  error.code = common->err->msg_code;
  common->err->format_message(common, error.message);
  std::longjmp(error.jump, 1);
}

// False for warnings about bytes that do not matter; the others tell of pixels which are not what was once written.
bool MeansDamage(int code) {
  switch (code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_TOO_MUCH_DATA:
      return false;
    default:
      return true;
  }
}

void OnMessage(j_common_ptr common, int level) {
  ErrorState& error = ErrorOf(common);
  if (level >= 0 || error.is_damaged || !MeansDamage(common->err->msg_code)) return;
  error.is_damaged = true;
  error.code = common->err->msg_code;
  common->err->format_message(common, error.message);
}

void CountScans(j_common_ptr common) {
  if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number > kMaxScans) {
    ErrorState& error = ErrorOf(common);
    std::snprintf(error.message, sizeof error.message, "more than %d scans", kMaxScans);
    error.code = 0;
    std::longjmp(error.jump, 1);
  }
}

void SetErrorManager(ErrorState& error, jpeg_common_struct* common) {
  common->err = jpeg_std_error(&error.manager);
  common->client_data = &error;
  error.manager.error_exit = OnError;
  error.manager.emit_message = OnMessage;
}

absl::Status StatusOf(const ErrorState& error) {
  std::string message = absl::StrCat("jpeg: ", error.message);
  switch (error.code) {
    case JERR_OUT_OF_MEMORY:
      return absl::ResourceExhaustedError(message);
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
      return absl::UnimplementedError(message);
    default:
      return absl::DataLossError(message);
  }
}

void CmykToRgb(const uint8_t* cmyk, bool is_inverted, uint8_t* rgb, int64_t width) {
  for (int64_t x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    int k = is_inverted ? cmyk[3] : 255 - cmyk[3];
    for (int c = 0; c < 3; ++c) {
      int ink = is_inverted ? cmyk[c] : 255 - cmyk[c];
      rgb[c] = static_cast<uint8_t>(k * ink / 255);
    }
  }
}

void RgbToGrey(const uint8_t* rgb, uint8_t* grey, int64_t width) {
  for (int64_t x = 0; x < width; ++x, rgb += 3) {
    grey[x] = static_cast<uint8_t>((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16);
  }
}

void RgbToRgba(const uint8_t* rgb, uint8_t* rgba, int64_t width) {
  for (int64_t x = 0; x < width; ++x, rgb += 3, rgba += 4) {
    std::memcpy(rgba, rgb, 3);
    rgba[3] = 255;
  }
}

}  // namespace

struct JpegDecoder::State {
  jpeg_decompress_struct jpeg;
  ErrorState error;
  jpeg_progress_mgr progress;
  bool is_created = false;
  std::string row;  // where libjpeg's rows are not the result's

  bool Create();
  bool ReadHeader(absl::string_view bytes);
  bool Start(const JpegOptions& options);
  bool ReadRows(uint8_t* out, int channels);
  void ConvertRow(uint8_t* out, int channels);
};

bool JpegDecoder::State::Create() {
  SetErrorManager(error, reinterpret_cast<jpeg_common_struct*>(&jpeg));
  if (setjmp(error.jump)) return false;
  jpeg_create_decompress(&jpeg);
  jpeg.client_data = &error;  // jpeg_create_decompress keeps it; said again for safety
  progress.progress_monitor = CountScans;
  jpeg.progress = &progress;
  return true;
}

bool JpegDecoder::State::ReadHeader(absl::string_view bytes) {
  error.is_damaged = false;
  if (setjmp(error.jump)) return false;
  jpeg_abort_decompress(&jpeg);
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  return true;
}

bool JpegDecoder::State::Start(const JpegOptions& options) {
  if (setjmp(error.jump)) return false;
  const bool is_cmyk = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
  const bool want_grey = options.channels == 1 || (options.channels == 0 && jpeg.jpeg_color_space == JCS_GRAYSCALE);
  if (is_cmyk) {
    jpeg.out_color_space = JCS_CMYK;
  } else if (want_grey) {
    jpeg.out_color_space = JCS_GRAYSCALE;
  } else {
    jpeg.out_color_space = options.channels == 4 ? JCS_EXT_RGBA : JCS_RGB;
  }
  jpeg.scale_num = 1;
  jpeg.scale_denom = static_cast<unsigned>(options.scale_denominator);
  jpeg.dct_method = options.accurate ? JDCT_ISLOW : JDCT_IFAST;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&jpeg);
  return true;
}

// From `row`, which holds CMYK.
void JpegDecoder::State::ConvertRow(uint8_t* out, int channels) {
  auto* cmyk = reinterpret_cast<uint8_t*>(row.data());
  const int64_t width = jpeg.output_width;
  // Adobe's files hold 255 - ink.
  uint8_t* rgb = channels == 3 ? out : cmyk + 4 * width;
  CmykToRgb(cmyk, jpeg.saw_Adobe_marker != 0, rgb, width);
  if (channels == 1) RgbToGrey(rgb, out, width);
  if (channels == 4) RgbToRgba(rgb, out, width);
}

bool JpegDecoder::State::ReadRows(uint8_t* out, int channels) {
  if (setjmp(error.jump)) return false;
  const int64_t stride = static_cast<int64_t>(jpeg.output_width) * channels;
  const bool converts = jpeg.out_color_space == JCS_CMYK;
  while (jpeg.output_scanline < jpeg.output_height) {
    if (converts) {
      auto* target = reinterpret_cast<uint8_t*>(row.data());
      jpeg_read_scanlines(&jpeg, &target, 1);
      ConvertRow(out + (static_cast<int64_t>(jpeg.output_scanline) - 1) * stride, channels);
    } else {
      // As many rows as libjpeg likes to give at once.
      uint8_t* rows[16];
      const unsigned count = std::min(jpeg.output_height - jpeg.output_scanline, 16u);
      for (unsigned i = 0; i < count; ++i) rows[i] = out + int64_t{jpeg.output_scanline + i} * stride;
      jpeg_read_scanlines(&jpeg, rows, count);
    }
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

JpegDecoder::JpegDecoder() : state_(std::make_unique<State>()) { state_->is_created = state_->Create(); }

JpegDecoder::~JpegDecoder() {
  if (state_->is_created) jpeg_destroy_decompress(&state_->jpeg);
}

absl::StatusOr<JpegInfo> JpegDecoder::ReadInfo(absl::string_view bytes) {
  if (!state_->is_created) return absl::ResourceExhaustedError("jpeg: no memory");
  if (!LooksLikeJpeg(bytes)) return absl::InvalidArgumentError("jpeg: does not begin as a JPEG file does");
  if (!state_->ReadHeader(bytes) || state_->error.is_damaged) return StatusOf(state_->error);
  return JpegInfo{.height = state_->jpeg.image_height, .width = state_->jpeg.image_width};
}

absl::StatusOr<Tensor> JpegDecoder::Decode(absl::string_view bytes, const JpegOptions& options, Allocator& allocator) {
  const int denominator = options.scale_denominator;
  if (options.channels < 0 || options.channels > 4 || options.channels == 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("jpeg: ", options.channels, " channels; 0, 1, 3 or 4 can be asked for"));
  }
  if (denominator != 1 && denominator != 2 && denominator != 4 && denominator != 8) {
    return absl::InvalidArgumentError(absl::StrCat("jpeg: scale 1/", denominator, "; there are 1, 1/2, 1/4 and 1/8"));
  }
  SLUICE_ASSIGN_OR_RETURN(JpegInfo info, ReadInfo(bytes));
  if (info.height * info.width > options.max_pixels) {
    return absl::ResourceExhaustedError(
        absl::StrCat("jpeg: ", info.width, "x", info.height, " pixels; the limit is ", options.max_pixels));
  }
  State& state = *state_;
  if (!state.Start(options)) return StatusOf(state.error);
  const bool is_cmyk = state.jpeg.out_color_space == JCS_CMYK;
  int channels = options.channels;
  if (channels == 0) channels = is_cmyk ? 3 : state.jpeg.output_components;
  const int64_t height = state.jpeg.output_height, width = state.jpeg.output_width;
  if (is_cmyk) state.row.resize(static_cast<size_t>(width) * 7);
  SLUICE_ASSIGN_OR_RETURN(Tensor image, Tensor::Create(DataType::kUint8, Shape{height, width, channels}, allocator));
  if (!state.ReadRows(image.data<uint8_t>(), channels) || state.error.is_damaged) return StatusOf(state.error);
  return image;
}

absl::StatusOr<Tensor> DecodeJpeg(absl::string_view bytes, const JpegOptions& options, Allocator& allocator) {
  return JpegDecoder().Decode(bytes, options, allocator);
}

bool LooksLikeJpeg(absl::string_view bytes) { return absl::StartsWith(bytes, "\xff\xd8\xff"); }

namespace {

struct Encoder {
  jpeg_compress_struct jpeg;
  ErrorState error;
  unsigned char* out = nullptr;  // malloc'ed by libjpeg
  unsigned long size = 0;
  ~Encoder() {
    jpeg_destroy_compress(&jpeg);
    std::free(out);
  }
};

bool Encode(Encoder& encoder, const Tensor& image, int quality) {
  jpeg_compress_struct& jpeg = encoder.jpeg;
  SetErrorManager(encoder.error, reinterpret_cast<jpeg_common_struct*>(&jpeg));
  if (setjmp(encoder.error.jump)) return false;
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, &encoder.out, &encoder.size);
  jpeg.image_height = static_cast<unsigned>(image.dim(0));
  jpeg.image_width = static_cast<unsigned>(image.dim(1));
  jpeg.input_components = static_cast<int>(image.dim(2));
  jpeg.in_color_space = image.dim(2) == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  // libjpeg takes rows to write as not const, and does not write to them.
  auto* pixels = const_cast<uint8_t*>(image.data<uint8_t>());
  while (jpeg.next_scanline < jpeg.image_height) {
    uint8_t* row = pixels + static_cast<int64_t>(jpeg.next_scanline) * image.dim(1) * image.dim(2);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  return true;
}

}  // namespace

absl::StatusOr<std::string> EncodeJpeg(const Tensor& image, int quality) {
  const Shape& shape = image.shape();
  if (image.dtype() != DataType::kUint8 || shape.rank() != 3 || shape.num_elements() == 0 ||
      (shape.dim(2) != 1 && shape.dim(2) != 3) || shape.dim(0) > JPEG_MAX_DIMENSION ||
      shape.dim(1) > JPEG_MAX_DIMENSION) {
    return absl::InvalidArgumentError(absl::StrCat("jpeg: ", DataTypeName(image.dtype()), shape.ToString(),
                                                   " is no picture; uint8[height,width,1 or 3] is, of sides up to ",
                                                   JPEG_MAX_DIMENSION));
  }
  if (quality < 1 || quality > 100) {
    return absl::InvalidArgumentError(absl::StrCat("jpeg: quality ", quality, ", expected 1 to 100"));
  }
  Encoder encoder = {};
  if (!Encode(encoder, image, quality)) return absl::InternalError(absl::StrCat("jpeg: ", encoder.error.message));
  return std::string(reinterpret_cast<const char*>(encoder.out), encoder.size);
}

}  // namespace sluice
