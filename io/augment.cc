#include "io/augment.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "core/status.h"

namespace sluice {
namespace {

constexpr float kGrey[3] = {0.299f, 0.587f, 0.114f};

// The part of a row of the result that comes from the picture; the rest is padding.
struct Overlap {
  int64_t begin, end;  // in pixels of the result, not mirrored
};

Overlap OverlapOf(int64_t left, int64_t width, int64_t picture_width) {
  const int64_t begin = std::clamp<int64_t>(-left, 0, width);
  return {begin, std::max(begin, std::min(width, picture_width - left))};
}

template <class T>
void Mirror(const T* in, int64_t width, int64_t channels, T* out) {
  if (channels == 3) {
    for (int64_t x = 0; x < width; ++x) {
      const T* pixel = in + 3 * (width - 1 - x);
      out[3 * x] = pixel[0];
      out[3 * x + 1] = pixel[1];
      out[3 * x + 2] = pixel[2];
    }
    return;
  }
  for (int64_t x = 0; x < width; ++x) {
    for (int64_t c = 0; c < channels; ++c) out[x * channels + c] = in[(width - 1 - x) * channels + c];
  }
}

void ScaleRow(const uint8_t* __restrict in, const float* __restrict scale, const float* __restrict shift, int64_t n,
              float* __restrict out) {
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(in[i]) * scale[i] + shift[i];
}

float ValueOf(const std::vector<float>& values, int64_t channel, float missing) {
  if (values.empty()) return missing;
  return values.size() == 1 ? values[0] : values[static_cast<size_t>(channel)];
}

}  // namespace

absl::StatusOr<PictureTransform> PictureTransform::Create(AugmentOptions options) {
  auto bad = [](absl::string_view what) { return absl::InvalidArgumentError(absl::StrCat("augmentation: ", what)); };
  if (options.shorter_side < 0 || options.resize_height < 0 || options.resize_width < 0 || options.crop_height < 0 ||
      options.crop_width < 0 || options.pad < 0) {
    return bad("a size is negative");
  }
  if ((options.resize_height > 0) != (options.resize_width > 0) ||
      (options.crop_height > 0) != (options.crop_width > 0)) {
    return bad("height without width");
  }
  if (options.shorter_side > 0 && options.resize_height > 0) return bad("two sizes to resize to");
  for (double amount : {options.brightness, options.contrast, options.saturation, options.pca}) {
    if (!(amount >= 0 && amount <= 10)) return bad("expected amounts of 0 to 10");
  }
  for (const std::vector<float>* values : {&options.mean, &options.scale}) {
    if (!std::all_of(values->begin(), values->end(), [](float v) { return std::isfinite(v); })) {
      return bad("a mean or scale that is not finite");
    }
  }
  if (options.mean_picture.dtype() != DataType::kInvalid &&
      (!options.mean.empty() || options.mean_picture.dtype() != DataType::kFloat)) {
    return bad("the mean picture is of floats, and there is no other mean beside it");
  }
  return PictureTransform(std::move(options));
}

void PictureTransform::LimitDecoding(ImageOptions* options) const {
  if (options_.shorter_side > 0) {
    options->least_height = options->least_width = options_.shorter_side;
  } else if (options_.resize_height > 0) {
    options->least_height = options_.resize_height;
    options->least_width = options_.resize_width;
  }
}

absl::StatusOr<Tensor> PictureTransform::Resize(const Tensor& picture) const {
  if (picture.num_elements() == 0) return absl::InvalidArgumentError("a picture without pixels");
  int64_t height = options_.resize_height, width = options_.resize_width;
  if (options_.shorter_side > 0) {
    const auto shorter = static_cast<double>(std::min(picture.dim(0), picture.dim(1)));
    const double scale = static_cast<double>(options_.shorter_side) / shorter;
    height = std::llround(static_cast<double>(picture.dim(0)) * scale);
    width = std::llround(static_cast<double>(picture.dim(1)) * scale);
  }
  if (height == 0 || (height == picture.dim(0) && width == picture.dim(1))) return picture;
  SLUICE_ASSIGN_OR_RETURN(Tensor pixels, ResizePicture(picture, height, width, options_.resize));
  return RoundToUint8(pixels);
}

absl::StatusOr<Shape> PictureTransform::OutputShape(const Shape& resized) const {
  const int64_t channels = resized.dim(2);
  for (const std::vector<float>* values : {&options_.mean, &options_.scale}) {
    if (values->size() > 1 && values->size() != static_cast<size_t>(channels)) {
      return absl::InvalidArgumentError(
          absl::StrCat(values->size(), " values of mean or scale for a picture ", resized.ToString()));
    }
  }
  if (channels > 4 || (channels != 3 && (options_.pca > 0 || options_.saturation > 0))) {
    return absl::InvalidArgumentError(absl::StrCat("colours of a picture ", resized.ToString(), ", which has no RGB"));
  }
  if (options_.mean_picture.dtype() != DataType::kInvalid && options_.mean_picture.shape() != resized) {
    return absl::InvalidArgumentError(absl::StrCat("a picture ", resized.ToString(), ", the mean picture is ",
                                                   options_.mean_picture.shape().ToString()));
  }
  if (options_.crop_height == 0) return resized;
  if (options_.crop_height > resized.dim(0) + 2 * options_.pad ||
      options_.crop_width > resized.dim(1) + 2 * options_.pad) {
    return absl::InvalidArgumentError(absl::StrCat("a picture ", resized.ToString(), " is smaller than the ",
                                                   options_.crop_height, "x", options_.crop_width, " cut from it"));
  }
  return Shape{options_.crop_height, options_.crop_width, channels};
}

bool PictureTransform::HasColorChanges() const {
  return options_.brightness > 0 || options_.contrast > 0 || options_.saturation > 0 || options_.pca > 0;
}

PictureTransform::ColorMap PictureTransform::RandomColors(const Tensor& picture, const Cut& cut, const Shape& shape,
                                                          ExampleRandom& random) const {
  const int64_t channels = picture.dim(2);
  ColorMap map = {.matrix = {}, .shift = {}, .is_identity = false};
  for (int c = 0; c < 4; ++c) map.matrix[c][c] = 1;
  if (options_.brightness > 0) {
    const auto added = static_cast<float>(255 * random.Uniform(-options_.brightness, options_.brightness));
    for (int64_t c = 0; c < channels; ++c) map.shift[c] += added;
  }
  if (options_.contrast > 0) {
    const auto factor = static_cast<float>(random.Uniform(1 - options_.contrast, 1 + options_.contrast));
    const Overlap overlap = OverlapOf(cut.left, shape.dim(1), picture.dim(1));
    int64_t sums[4] = {}, count = 0;
    for (int64_t y = std::max<int64_t>(cut.top, 0); y < std::min(cut.top + shape.dim(0), picture.dim(0)); ++y) {
      const uint8_t* row = picture.data<uint8_t>() + (y * picture.dim(1) + cut.left + overlap.begin) * channels;
      for (int64_t x = 0; x < overlap.end - overlap.begin; ++x) {
        for (int64_t c = 0; c < channels; ++c) sums[c] += row[x * channels + c];
      }
      count += overlap.end - overlap.begin;
    }
    for (int64_t c = 0; c < channels; ++c) {
      const float mean = static_cast<float>(sums[c]) / static_cast<float>(std::max<int64_t>(count, 1)) + map.shift[c];
      map.matrix[c][c] *= factor;
      map.shift[c] = factor * map.shift[c] + (1 - factor) * mean;
    }
  }
  if (options_.saturation > 0) {
    const auto factor = static_cast<float>(random.Uniform(1 - options_.saturation, 1 + options_.saturation));
    const ColorMap before = map;
    for (int out = 0; out < 3; ++out) {
      for (int in = 0; in < 4; ++in) {
        const float value = in < 3 ? before.matrix[out][in] : before.shift[out];
        float grey = 0;
        for (int k = 0; k < 3; ++k) grey += kGrey[k] * (in < 3 ? before.matrix[k][in] : before.shift[k]);
        (in < 3 ? map.matrix[out][in] : map.shift[out]) = factor * value + (1 - factor) * grey;
      }
    }
  }
  if (options_.pca > 0) {
    for (int i = 0; i < 3; ++i) {
      const double amount = 255 * options_.pca * random.Normal() * options_.components.values[i];
      for (int c = 0; c < 3; ++c) map.shift[c] += static_cast<float>(amount * options_.components.vectors[i][c]);
    }
  }
  return map;
}

void PictureTransform::RenderUint8(const Tensor& picture, const Cut& cut, const Shape& shape, uint8_t* out) const {
  const int64_t channels = picture.dim(2), width = shape.dim(1);
  const Overlap overlap = OverlapOf(cut.left, width, picture.dim(1));
  const bool is_whole = overlap.begin == 0 && overlap.end == width;
  for (int64_t y = 0; y < shape.dim(0); ++y, out += width * channels) {
    const int64_t from = cut.top + y;
    const bool is_padding = from < 0 || from >= picture.dim(0);
    if (is_padding || !is_whole) std::memset(out, 0, static_cast<size_t>(width * channels));
    if (is_padding) continue;
    const int64_t count = overlap.end - overlap.begin;
    const uint8_t* row = picture.data<uint8_t>() + (from * picture.dim(1) + cut.left + overlap.begin) * channels;
    if (cut.is_mirrored) {
      Mirror(row, count, channels, out + (width - overlap.end) * channels);
    } else {
      std::memcpy(out + overlap.begin * channels, row, static_cast<size_t>(count * channels));
    }
  }
}

void PictureTransform::RenderFloat(const Tensor& picture, const Cut& cut, const Shape& shape, const ColorMap& colors,
                                   bool normalizes, float* out, std::vector<float>& scratch) const {
  const int64_t channels = picture.dim(2), width = shape.dim(1), row_size = width * channels;
  // Scale and shift of each value of a row, and a row before it is mirrored.
  scratch.resize(static_cast<size_t>(3 * row_size));
  float *scales = scratch.data(), *shifts = scales + row_size, *unmirrored = shifts + row_size;
  float scale[4], shift[4];
  for (int64_t c = 0; c < channels; ++c) {
    scale[c] = normalizes ? ValueOf(options_.scale, c, 1) : 1;
    shift[c] = normalizes ? -ValueOf(options_.mean, c, 0) * scale[c] : 0;
  }
  for (int64_t i = 0; i < row_size; ++i) {
    scales[i] = scale[i % channels];
    shifts[i] = shift[i % channels];
  }
  const bool has_mean_picture = normalizes && options_.mean_picture.dtype() != DataType::kInvalid;
  const Overlap overlap = OverlapOf(cut.left, width, picture.dim(1));
  const int64_t count = overlap.end - overlap.begin;
  for (int64_t y = 0; y < shape.dim(0); ++y, out += row_size) {
    const int64_t from = cut.top + y;
    const bool is_padding = from < 0 || from >= picture.dim(0);
    if (is_padding || count < width) std::fill_n(out, row_size, 0.0f);
    if (is_padding) continue;
    const int64_t offset = (from * picture.dim(1) + cut.left + overlap.begin) * channels;
    const uint8_t* row = picture.data<uint8_t>() + offset;
    float* target = cut.is_mirrored ? unmirrored : out + overlap.begin * channels;
    if (colors.is_identity) {
      ScaleRow(row, scales, shifts, count * channels, target);
    } else {
      for (int64_t x = 0; x < count; ++x) {
        for (int64_t c = 0; c < channels; ++c) {
          float value = colors.shift[c];
          for (int64_t k = 0; k < channels; ++k)
            value += colors.matrix[c][k] * static_cast<float>(row[x * channels + k]);
          target[x * channels + c] = value * scale[c] + shift[c];
        }
      }
    }
    if (has_mean_picture) {
      const float* mean = options_.mean_picture.data<float>() + offset;
      for (int64_t i = 0; i < count * channels; ++i) target[i] -= mean[i] * scales[i];
    }
    if (cut.is_mirrored) Mirror(unmirrored, count, channels, out + (width - overlap.end) * channels);
  }
}

void PictureTransform::Render(const Tensor& picture, PictureView view, ExampleRandom& random, DataType dtype, void* out,
                              std::vector<float>& scratch) const {
  const int64_t height = options_.crop_height > 0 ? options_.crop_height : picture.dim(0);
  const int64_t width = options_.crop_height > 0 ? options_.crop_width : picture.dim(1);
  const Shape shape{height, width, picture.dim(2)};
  const int64_t size = shape.num_elements(), down = picture.dim(0) - height, right = picture.dim(1) - width;
  for (int i = 0; i < ViewsOf(view); ++i) {
    Cut cut{down / 2, right / 2, false};
    ColorMap colors = {.matrix = {}, .shift = {}, .is_identity = true};
    if (view == PictureView::kRandom) {
      // The window's place among all in the padded picture.
      cut.top = random.Below(down + 2 * options_.pad + 1) - options_.pad;
      cut.left = random.Below(right + 2 * options_.pad + 1) - options_.pad;
      cut.is_mirrored = options_.flip && random.Coin();
      if (HasColorChanges()) colors = RandomColors(picture, cut, shape, random);
    } else if (view == PictureView::kTenCrops) {
      if (i % 5 < 4) cut = {i % 5 / 2 * down, i % 5 % 2 * right, false};
      cut.is_mirrored = i >= 5;
    }
    if (dtype == DataType::kFloat) {
      RenderFloat(picture, cut, shape, colors, true, static_cast<float*>(out) + i * size, scratch);
    } else if (dtype == DataType::kUint8 && colors.is_identity) {
      RenderUint8(picture, cut, shape, static_cast<uint8_t*>(out) + i * size);
    } else {
      Tensor pixels(DataType::kFloat, shape);
      RenderFloat(picture, cut, shape, colors, dtype == DataType::kDouble, pixels.data<float>(), scratch);
      if (dtype == DataType::kDouble) {
        std::copy_n(pixels.data<float>(), size, static_cast<double*>(out) + i * size);
      } else {
        std::copy_n(RoundToUint8(pixels)->data<uint8_t>(), size, static_cast<uint8_t*>(out) + i * size);
      }
    }
  }
}

}  // namespace sluice
