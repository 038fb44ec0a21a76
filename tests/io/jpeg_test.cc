#include "io/jpeg.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>

#include "absl/strings/str_cat.h"

#include "io/npy.h"
#include "tests/io/test_files.h"

namespace sluice {
namespace {

const std::filesystem::path kJpegPictures = TestFile("io/recorded/jpeg");

// Grey pixels that go up to the right, with a bright column.
Tensor Ramp(int64_t height, int64_t width, int64_t channels) {
  Tensor image(DataType::kUint8, Shape{height, width, channels});
  for (int64_t i = 0; i < image.num_elements(); ++i) {
    image.data<uint8_t>()[i] = static_cast<uint8_t>(60 + 4 * (i / channels % width));
  }
  return image;
}

TEST(JpegTest, DecodesAsTensorFlowDoes) {
  JpegDecoder decoder;  // one for all, as the pipeline has it
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kJpegPictures)) {
    if (entry.path().extension() != ".jpg") continue;
    const std::string file = ReadTestFile(entry.path());
    const auto accurate = kJpegPictures / absl::StrCat(entry.path().stem().string(), ".accurate.npy");
    EXPECT_TRUE(*decoder.Decode(file, {.channels = 3, .accurate = true}) == *ReadNpy(accurate.string(), 1 << 20))
        << accurate;
    for (int channels : {0, 1, 3}) {
      for (int denominator : {1, 2, 4, 8}) {
        const auto expected =
            kJpegPictures / absl::StrCat(entry.path().stem().string(), ".", channels, "r", denominator, ".npy");
        SCOPED_TRACE(expected.string());
        absl::StatusOr<Tensor> image = decoder.Decode(file, {.channels = channels, .scale_denominator = denominator});
        ASSERT_TRUE(image.ok()) << image.status();
        if (!std::filesystem::exists(expected)) continue;
        EXPECT_TRUE(*image == *ReadNpy(expected.string(), 1 << 20)) << image->ToString(100);
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 50);
}

TEST(JpegTest, MakesRgbaAndGreyOfCmyk) {
  const std::string file = ReadTestFile(kJpegPictures / "cmyk.jpg");
  Tensor rgb = *DecodeJpeg(file, {.channels = 3});
  Tensor rgba = *DecodeJpeg(file, {.channels = 4});
  Tensor grey = *DecodeJpeg(file, {.channels = 1});
  for (int64_t i = 0; i < grey.num_elements(); ++i) {
    const uint8_t *pixel = rgb.data<uint8_t>() + 3 * i, *with_alpha = rgba.data<uint8_t>() + 4 * i;
    EXPECT_TRUE(std::equal(pixel, pixel + 3, with_alpha));
    EXPECT_EQ(with_alpha[3], 255);
    EXPECT_NEAR(grey.data<uint8_t>()[i], 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2], 0.51);
  }
}

TEST(JpegTest, OpaqueAlpha) {
  Tensor rgba = *DecodeJpeg(ReadTestFile(kJpegPictures / "rgb_420.jpg"), {.channels = 4});
  EXPECT_EQ(rgba.shape(), (Shape{37, 53, 4}));
  for (int64_t i = 3; i < rgba.num_elements(); i += 4) EXPECT_EQ(rgba.data<uint8_t>()[i], 255);
}

TEST(JpegTest, ReadsSizesFromTheHeader) {
  JpegDecoder decoder;
  absl::StatusOr<JpegInfo> info = decoder.ReadInfo(ReadTestFile(kJpegPictures / "grey.jpg").substr(0, 400));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->height, 37);
  EXPECT_EQ(info->width, 53);
}

TEST(JpegTest, EncodesWhatDecodesAlike) {
  for (int64_t channels : {1, 3}) {
    Tensor image = Ramp(21, 33, channels);
    absl::StatusOr<std::string> file = EncodeJpeg(image, 98);
    ASSERT_TRUE(file.ok()) << file.status();
    Tensor decoded = *DecodeJpeg(*file);
    ASSERT_EQ(decoded.shape(), image.shape());
    for (int64_t i = 0; i < image.num_elements(); ++i) {
      EXPECT_NEAR(decoded.data<uint8_t>()[i], image.data<uint8_t>()[i], 4);
    }
    EXPECT_LT(EncodeJpeg(image, 30)->size(), file->size());
  }
}

TEST(JpegTest, EncodesPicturesOnly) {
  for (const Tensor& t : {Tensor(DataType::kFloat, Shape{2, 2, 3}), Tensor(DataType::kUint8, Shape{2, 2}),
                          Tensor(DataType::kUint8, Shape{2, 2, 4}), Tensor(DataType::kUint8, Shape{0, 2, 3}),
                          Tensor(DataType::kUint8, Shape{1, 70000, 1})}) {
    EXPECT_EQ(EncodeJpeg(t).status().code(), absl::StatusCode::kInvalidArgument) << t.shape().ToString();
  }
  EXPECT_FALSE(EncodeJpeg(Ramp(2, 2, 3), 0).ok());
}

TEST(JpegTest, RefusesEveryTruncation) {
  JpegDecoder decoder;
  for (const char* name : {"rgb_420.jpg", "progressive.jpg", "cmyk.jpg"}) {
    const std::string file = ReadTestFile(kJpegPictures / name);
    for (size_t size = 0; size < file.size(); ++size) {
      EXPECT_FALSE(decoder.Decode(file.substr(0, size)).ok()) << name << " " << size;
    }
    EXPECT_TRUE(decoder.Decode(file).ok()) << "after errors it goes on";
  }
}

// JPEG has no checksums: many a flipped bit makes another picture. None may crash, or take more than it should.
TEST(JpegTest, SurvivesFlippedBits) {
  JpegDecoder decoder;
  HostAllocator allocator(1 << 20);
  for (const char* name : {"rgb_420.jpg", "progressive.jpg"}) {
    const std::string file = ReadTestFile(kJpegPictures / name);
    int refused = 0;
    for (size_t bit = 0; bit < 8 * file.size(); bit += 3) {
      std::string damaged = file;
      damaged[bit / 8] ^= static_cast<char>(1 << (bit % 8));
      refused += decoder.Decode(damaged, {.max_pixels = 1 << 16}, allocator).ok() ? 0 : 1;
    }
    EXPECT_GT(refused, 100) << name;
  }
  EXPECT_EQ(allocator.stats().bytes_in_use, 0);
}

TEST(JpegTest, RefusesLargePicturesBeforeTakingMemory) {
  const std::string file = ReadTestFile(kJpegPictures / "rgb_420.jpg");
  EXPECT_EQ(DecodeJpeg(file, {.max_pixels = 37 * 53 - 1}).status().code(), absl::StatusCode::kResourceExhausted);
  HostAllocator allocator(1000);
  EXPECT_EQ(DecodeJpeg(file, {}, allocator).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(DecodeJpeg("no picture").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(DecodeJpeg(file, {.channels = 2}).ok());
  EXPECT_FALSE(DecodeJpeg(file, {.scale_denominator = 3}).ok());
}

// A small file with thousands of scans would keep a reader busy for hours.
TEST(JpegTest, RefusesEndlessScans) {
  const std::string file = ReadTestFile(kJpegPictures / "progressive.jpg");
  const size_t last = file.rfind("\xff\xda");
  ASSERT_NE(last, std::string::npos);
  const std::string scan = file.substr(last, file.size() - 2 - last);
  std::string bomb = file.substr(0, file.size() - 2);
  for (int i = 0; i < 1000; ++i) bomb += scan;
  bomb += "\xff\xd9";
  absl::StatusOr<Tensor> image = DecodeJpeg(bomb);
  ASSERT_FALSE(image.ok());
  EXPECT_NE(image.status().message().find("scans"), std::string::npos) << image.status();
}

}  // namespace
}  // namespace sluice
