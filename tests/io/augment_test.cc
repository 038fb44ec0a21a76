#include "io/augment.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

namespace sluice {
namespace {

// Every value tells where it is from: 100 * channel + 10 * row + column, for up to ten rows and columns.
Tensor Marked(int64_t height, int64_t width, int64_t channels) {
  Tensor picture(DataType::kUint8, Shape{height, width, channels});
  for (int64_t i = 0; i < picture.num_elements(); ++i) {
    const int64_t pixel = i / channels;
    picture.data<uint8_t>()[i] = static_cast<uint8_t>(i % channels * 100 + pixel / width * 10 + pixel % width + 1);
  }
  return picture;
}

PictureTransform Make(AugmentOptions options) {
  auto transform = PictureTransform::Create(std::move(options));
  EXPECT_TRUE(transform.ok()) << transform.status();
  return *std::move(transform);
}

Tensor Rendered(const PictureTransform& transform, const Tensor& picture, PictureView view, DataType dtype,
                int64_t example = 0) {
  auto shape = transform.OutputShape(picture.shape());
  EXPECT_TRUE(shape.ok()) << shape.status();
  Tensor result(dtype, Shape{ViewsOf(view), shape->dim(0), shape->dim(1), shape->dim(2)});
  ExampleRandom random(1, 2, example);
  std::vector<float> scratch;
  transform.Render(picture, view, random, dtype, result.raw(), scratch);
  return result;
}

TEST(AugmentTest, CutsTheCentre) {
  Tensor cut =
      Rendered(Make({.crop_height = 2, .crop_width = 3}), Marked(6, 9, 1), PictureView::kCenter, DataType::kUint8);
  EXPECT_EQ(cut, Tensor::Of<uint8_t>({24, 25, 26, 34, 35, 36}, Shape{1, 2, 3, 1}));
}

// The plain way, against which the rows of the real one are compared.
TEST(AugmentTest, RandomWindowsArePartsOfThePaddedPicture) {
  for (int64_t channels : {1, 3}) {
    const Tensor picture = Marked(5, 6, channels);
    const PictureTransform transform =
        Make({.crop_height = 4, .crop_width = 5, .pad = 2, .flip = true, .mean = {10}, .scale = {0.5}});
    std::vector<int> places(6 * 6 * 2);
    for (int64_t example = 0; example < 2000; ++example) {
      Tensor cut = Rendered(transform, picture, PictureView::kRandom, DataType::kFloat, example);
      int found = 0;
      for (int64_t top = -2; top <= 3; ++top) {
        for (int64_t left = -2; left <= 3; ++left) {
          for (bool is_mirrored : {false, true}) {
            bool is_same = true;
            for (int64_t i = 0; i < cut.num_elements() && is_same; ++i) {
              const int64_t c = i % channels, x = i / channels % 5, y = i / channels / 5;
              const int64_t from_y = top + y, from_x = left + (is_mirrored ? 4 - x : x);
              const bool is_inside = from_y >= 0 && from_y < 5 && from_x >= 0 && from_x < 6;
              const float expected =
                  is_inside ? (picture.data<uint8_t>()[(from_y * 6 + from_x) * channels + c] - 10) * 0.5f : 0;
              is_same = cut.data<float>()[i] == expected;
            }
            if (!is_same) continue;
            ++found;
            ++places[static_cast<size_t>(((top + 2) * 6 + left + 2) * 2 + (is_mirrored ? 1 : 0))];
          }
        }
      }
      EXPECT_EQ(found, 1) << example;
    }
    // About 28 each; a place that is never taken, or twice as often, is a mistake.
    for (int count : places) EXPECT_TRUE(count > 5 && count < 60) << count;
  }
}

TEST(AugmentTest, TenCrops) {
  Tensor crops =
      Rendered(Make({.crop_height = 2, .crop_width = 2}), Marked(4, 6, 1), PictureView::kTenCrops, DataType::kUint8);
  const std::vector<uint8_t> expected = {1, 2, 11, 12, 5, 6, 15, 16, 21, 22, 31, 32, 25, 26, 35, 36, 13, 14, 23, 24,
                                         2, 1, 12, 11, 6, 5, 16, 15, 22, 21, 32, 31, 26, 25, 36, 35, 14, 13, 24, 23};
  EXPECT_EQ(crops, Tensor::Of<uint8_t>(expected, Shape{10, 2, 2, 1}));
}

TEST(AugmentTest, SubtractsTheMeanPictureWhereTheWindowIs) {
  const Tensor picture = Marked(4, 4, 3);
  Tensor mean(DataType::kFloat, picture.shape());
  for (int64_t i = 0; i < mean.num_elements(); ++i) mean.data<float>()[i] = picture.data<uint8_t>()[i] - 1.5f;
  const PictureTransform transform =
      Make({.crop_height = 3, .crop_width = 3, .pad = 1, .flip = true, .scale = {2}, .mean_picture = mean});
  for (int64_t example = 0; example < 50; ++example) {
    Tensor cut = Rendered(transform, picture, PictureView::kRandom, DataType::kFloat, example);
    for (float value : cut.values<float>()) EXPECT_TRUE(value == 3 || value == 0) << value;
  }
}

TEST(AugmentTest, PerChannelNormalisationAndOtherTypes) {
  const PictureTransform transform = Make({.mean = {1, 2, 3}, .scale = {1, 10, 100}});
  const Tensor picture = Tensor::Of<uint8_t>({5, 6, 7}, Shape{1, 1, 3});
  EXPECT_EQ(Rendered(transform, picture, PictureView::kCenter, DataType::kFloat),
            Tensor::Of<float>({4, 40, 400}, Shape{1, 1, 1, 3}));
  EXPECT_EQ(Rendered(transform, picture, PictureView::kCenter, DataType::kDouble),
            Tensor::Of<double>({4, 40, 400}, Shape{1, 1, 1, 3}));
  EXPECT_EQ(Rendered(transform, picture, PictureView::kCenter, DataType::kUint8),
            Tensor::Of<uint8_t>({5, 6, 7}, Shape{1, 1, 1, 3}));
}

TEST(AugmentTest, Colours) {
  const Tensor picture = Tensor::Of<uint8_t>({100, 150, 200, 120, 130, 140}, Shape{1, 2, 3});
  std::vector<double> added;
  for (int64_t example = 0; example < 300; ++example) {
    Tensor bright = Rendered(Make({.brightness = 0.1}), picture, PictureView::kRandom, DataType::kFloat, example);
    const float by = bright.data<float>()[0] - 100;
    EXPECT_LE(std::abs(by), 25.5f);
    for (int i = 0; i < 6; ++i) EXPECT_NEAR(bright.data<float>()[i], picture.data<uint8_t>()[i] + by, 1e-3);
    added.push_back(by);
    // The mean of each channel stays, and so does each pixel's grey.
    Tensor contrast = Rendered(Make({.contrast = 0.5}), picture, PictureView::kRandom, DataType::kFloat, example);
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(contrast.data<float>()[c] + contrast.data<float>()[3 + c],
                  picture.data<uint8_t>()[c] + picture.data<uint8_t>()[3 + c], 1e-3);
    }
    Tensor saturation = Rendered(Make({.saturation = 0.5}), picture, PictureView::kRandom, DataType::kFloat, example);
    for (int p = 0; p < 2; ++p) {
      auto grey = [&](auto* v) { return 0.299 * v[3 * p] + 0.587 * v[3 * p + 1] + 0.114 * v[3 * p + 2]; };
      EXPECT_NEAR(grey(saturation.data<float>()), grey(picture.data<uint8_t>()), 1e-3);
    }
    PrincipalComponents components{.values = {0.2, 0, 0}, .vectors = {{{0.6, 0, 0.8}, {}, {}}}};
    Tensor shifted = Rendered(Make({.pca = 0.1, .components = components}), picture, PictureView::kRandom,
                              DataType::kFloat, example);
    EXPECT_NEAR((shifted.data<float>()[2] - 200) * 0.6, (shifted.data<float>()[0] - 100) * 0.8, 1e-3);
    EXPECT_EQ(shifted.data<float>()[1], 150);
    Tensor bytes = Rendered(Make({.brightness = 5}), picture, PictureView::kRandom, DataType::kUint8, example);
    EXPECT_LE(bytes.data<uint8_t>()[0], bytes.data<uint8_t>()[2]);
  }
  double sum = 0;
  for (double by : added) sum += by;
  EXPECT_NEAR(sum / 300, 0, 3);
}

TEST(AugmentTest, ResizesTheShorterSide) {
  const PictureTransform transform = Make({.shorter_side = 4});
  EXPECT_EQ(transform.Resize(Marked(8, 6, 3))->shape(), (Shape{5, 4, 3}));
  EXPECT_EQ(transform.Resize(Marked(2, 6, 3))->shape(), (Shape{4, 12, 3}));
  EXPECT_EQ(Make({.resize_height = 3, .resize_width = 7}).Resize(Marked(8, 6, 1))->shape(), (Shape{3, 7, 1}));
}

TEST(AugmentTest, RefusesContradictions) {
  EXPECT_FALSE(PictureTransform::Create({.crop_height = 3}).ok());
  EXPECT_FALSE(PictureTransform::Create({.shorter_side = 3, .resize_height = 2, .resize_width = 2}).ok());
  EXPECT_FALSE(PictureTransform::Create({.pad = -1}).ok());
  EXPECT_FALSE(PictureTransform::Create({.pca = std::numeric_limits<double>::quiet_NaN()}).ok());
  EXPECT_FALSE(Make({.crop_height = 5, .crop_width = 5}).OutputShape(Shape{4, 9, 3}).ok());
  EXPECT_FALSE(Make({.mean = {1, 2}}).OutputShape(Shape{4, 9, 3}).ok());
  EXPECT_FALSE(Make({.pca = 0.1}).OutputShape(Shape{4, 9, 1}).ok());
}

TEST(ColorStatisticsTest, OfPixelsAlongALine) {
  ColorStatistics statistics(true);
  ASSERT_TRUE(statistics.Add(Tensor::Of<uint8_t>({10, 20, 30, 30, 20, 70}, Shape{1, 2, 3})).ok());
  ASSERT_TRUE(statistics.Add(Tensor::Of<uint8_t>({20, 20, 50, 20, 20, 50}, Shape{1, 2, 3})).ok());
  EXPECT_EQ(statistics.Mean(), (std::vector<float>{20, 20, 50}));
  EXPECT_NEAR(statistics.Deviation()[2], std::sqrt(200.0), 1e-4);
  EXPECT_EQ(statistics.MeanPicture(), Tensor::Of<float>({15, 20, 40, 25, 20, 60}, Shape{1, 2, 3}));
  PrincipalComponents components = *statistics.Components();
  EXPECT_NEAR(components.values[0], 250 / (255.0 * 255.0), 1e-9);
  EXPECT_NEAR(components.values[1], 0, 1e-12);
  EXPECT_NEAR(std::abs(components.vectors[0][0]), 1 / std::sqrt(5.0), 1e-9);
  EXPECT_NEAR(components.vectors[0][2] / components.vectors[0][0], 2, 1e-9);
  EXPECT_FALSE(statistics.Add(Tensor(DataType::kUint8, Shape{2, 2, 3})).ok());
}

}  // namespace
}  // namespace sluice
