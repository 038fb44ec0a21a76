#include "tools/picture.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

#include "io/file.h"
#include "io/image.h"
#include "io/png.h"
#include "tools/cast_tensor.h"
#include "tools/exit_code.h"

namespace sluice::tools {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 30;
constexpr int64_t kMaxSide = 1 << 15;

absl::Status ParseSize(absl::string_view text, PictureOptions& options) {
  std::vector<absl::string_view> sides = absl::StrSplit(text, 'x');
  if (sides.size() != 2 || !absl::SimpleAtoi(sides[0], &options.height) ||
      !absl::SimpleAtoi(sides[1], &options.width) || options.height < 1 || options.width < 1 ||
      options.height > kMaxSide || options.width > kMaxSide) {
    return UsageError(absl::StrCat("size: expected HEIGHTxWIDTH such as 224x224, got '", text, "'"));
  }
  return absl::OkStatus();
}

absl::Status ParseFloats(absl::string_view name, absl::string_view text, std::vector<float>& values) {
  for (absl::string_view part : absl::StrSplit(text, '/')) {
    float value = 0;
    if (!absl::SimpleAtof(part, &value) || !std::isfinite(value)) {
      return UsageError(absl::StrCat(name, ": '", part, "' is not a number (several are divided by '/')"));
    }
    values.push_back(value);
  }
  return absl::OkStatus();
}

// One of two words.
absl::Status ParseChoice(absl::string_view name, absl::string_view text, absl::string_view no, absl::string_view yes,
                         bool& value) {
  if (text != no && text != yes) {
    return UsageError(absl::StrCat(name, ": expected ", no, " or ", yes, ", got '", text, "'"));
  }
  value = text == yes;
  return absl::OkStatus();
}

// Which channels the network wants, by its shape.
int ChannelsOf(const PartialShape& shape, bool nchw) {
  if (!shape.has_rank() || shape.rank() < 3) return 0;
  int64_t channels = shape.dim(nchw ? shape.rank() - 3 : shape.rank() - 1);
  return channels >= 1 && channels <= 4 ? static_cast<int>(channels) : 0;
}

// The part of the picture that becomes the result.
PictureWindow Cover(int64_t height, int64_t width, const PictureOptions& options) {
  PictureWindow window{0, 0, static_cast<double>(height), static_cast<double>(width)};
  if (!options.crop) return window;
  double scale =
      std::min(window.height / static_cast<double>(options.height), window.width / static_cast<double>(options.width));
  window.height = scale * static_cast<double>(options.height);
  window.width = scale * static_cast<double>(options.width);
  window.top = (static_cast<double>(height) - window.height) / 2;
  window.left = (static_cast<double>(width) - window.width) / 2;
  return window;
}

// [h, w, c] uint8 to [height, width, c] float.
absl::StatusOr<Tensor> Resize(const Tensor& image, const PictureOptions& options) {
  if (options.height == 0) return ResizePicture(image, image.dim(0), image.dim(1), options.method);
  PictureWindow window = Cover(image.dim(0), image.dim(1), options);
  return ResizePicture(image, window, options.height, options.width, options.method);
}

absl::Status Normalize(const std::vector<float>& values, absl::string_view name, int64_t channels, float* pixels,
                       int64_t n, float (*apply)(float, float)) {
  if (values.empty()) return absl::OkStatus();
  if (values.size() != 1 && values.size() != static_cast<size_t>(channels)) {
    return UsageError(absl::StrCat(name, " has ", values.size(), " values, the picture ", channels, " channels"));
  }
  for (int64_t i = 0; i < n; ++i) {
    pixels[i] = apply(pixels[i], values[values.size() == 1 ? 0 : static_cast<size_t>(i % channels)]);
  }
  return absl::OkStatus();
}

Tensor ToChannelsFirst(const Tensor& image) {
  int64_t pixels = image.dim(0) * image.dim(1), channels = image.dim(2);
  Tensor result(DataType::kFloat, Shape{channels, image.dim(0), image.dim(1)});
  for (int64_t i = 0; i < pixels; ++i) {
    for (int64_t c = 0; c < channels; ++c) {
      result.data<float>()[c * pixels + i] = image.data<float>()[i * channels + c];
    }
  }
  return result;
}

}  // namespace

absl::StatusOr<ResizeMethod> ParseResizeMethod(absl::string_view text) {
  if (text == "bilinear") return ResizeMethod::kBilinear;
  if (text == "antialias") return ResizeMethod::kAntialias;
  if (text == "area") return ResizeMethod::kArea;
  return UsageError(absl::StrCat("resize: expected bilinear, antialias or area, got '", text, "'"));
}

absl::StatusOr<PictureOptions> ParsePictureOptions(absl::string_view text) {
  PictureOptions options;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(part, absl::MaxSplits('=', 1));
    auto [name, value] = field;
    if (name == "size") {
      SLUICE_RETURN_IF_ERROR(ParseSize(value, options));
    } else if (name == "crop") {
      SLUICE_RETURN_IF_ERROR(ParseChoice(name, value, "none", "center", options.crop));
    } else if (name == "order") {
      SLUICE_RETURN_IF_ERROR(ParseChoice(name, value, "rgb", "bgr", options.bgr));
    } else if (name == "layout") {
      SLUICE_RETURN_IF_ERROR(ParseChoice(name, value, "nhwc", "nchw", options.nchw));
    } else if (name == "mean") {
      SLUICE_RETURN_IF_ERROR(ParseFloats(name, value, options.mean));
    } else if (name == "scale") {
      SLUICE_RETURN_IF_ERROR(ParseFloats(name, value, options.scale));
    } else if (name == "resize") {
      SLUICE_ASSIGN_OR_RETURN(options.method, ParseResizeMethod(value));
    } else {
      return UsageError(
          absl::StrCat("'", part, "': there are size=, resize=, crop=, mean=, scale=, order= and layout="));
    }
  }
  if (options.crop && options.height == 0) return UsageError("crop=center needs a size=");
  return options;
}

absl::StatusOr<Tensor> ReadPicture(const std::string& path, const PictureOptions& options, DataType dtype,
                                   const PartialShape& shape) {
  SLUICE_ASSIGN_OR_RETURN(std::string bytes, PosixFileSystem().ReadFile(path, kMaxFileBytes));
  auto image = ImageDecoder().Decode(bytes, {.channels = ChannelsOf(shape, options.nchw)});
  if (!image.ok()) return WithContext(image.status(), path);
  if (options.bgr && image->dim(2) >= 3) {
    uint8_t* pixel = image->data<uint8_t>();
    for (int64_t i = 0; i < image->num_elements(); i += image->dim(2)) std::swap(pixel[i], pixel[i + 2]);
  }
  SLUICE_ASSIGN_OR_RETURN(Tensor pixels, Resize(*image, options));
  float* data = pixels.data<float>();
  int64_t n = pixels.num_elements(), channels = pixels.dim(2);
  auto subtract = [](float a, float b) { return a - b; };
  auto multiply = [](float a, float b) { return a * b; };
  SLUICE_RETURN_IF_ERROR(Normalize(options.mean, "mean", channels, data, n, subtract));
  SLUICE_RETURN_IF_ERROR(Normalize(options.scale, "scale", channels, data, n, multiply));
  if (dtype != DataType::kFloat && dtype != DataType::kDouble) {
    for (int64_t i = 0; i < n; ++i) data[i] = std::nearbyint(data[i]);
  }
  if (options.nchw) pixels = ToChannelsFirst(pixels);
  auto value = CastTensor(pixels, dtype);
  if (!value.ok()) return WithContext(value.status(), path);
  Dims dims = value->shape().dims();
  dims.insert(dims.begin(), 1);
  Tensor batch = value->Reshaped(Shape(dims));
  if (!shape.IsCompatibleWith(batch.shape())) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": the picture is ", batch.shape().ToString(), ", the input ",
                                                   shape.ToString(), " (", path, ":size=HEIGHTxWIDTH resizes it)"));
  }
  return batch;
}

absl::StatusOr<std::string> EncodePicture(const Tensor& tensor, absl::string_view path) {
  Dims dims = tensor.shape().dims();
  if (dims.size() == 4 && dims[0] == 1) dims.erase(dims.begin());
  if (dims.size() == 2) dims.push_back(1);
  bool is_float = tensor.dtype() == DataType::kFloat;
  if (dims.size() != 3 || dims[2] < 1 || dims[2] > 4 || (!is_float && tensor.dtype() != DataType::kUint8)) {
    return UsageError(absl::StrCat(DataTypeName(tensor.dtype()), tensor.shape().ToString(),
                                   " is no picture: expected uint8 or float, [height,width,channels]"));
  }
  Tensor image = tensor;
  if (is_float) {
    SLUICE_ASSIGN_OR_RETURN(image, RoundToUint8(tensor));
  }
  image = image.Reshaped(Shape(dims));
  return absl::EndsWithIgnoreCase(path, ".png") ? EncodePng(image) : EncodeJpeg(image);
}

}  // namespace sluice::tools
