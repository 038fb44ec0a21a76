#include "io/resize.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "io/npy.h"
#include "tests/io/test_files.h"

namespace sluice {
namespace {

const std::filesystem::path kFolder = TestFile("io/recorded/resize");

TEST(ResizeTest, AsTensorFlowDoes) {
  const Tensor picture = *ReadNpy((kFolder / "picture.npy").string(), 1 << 20);
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().stem().string();
    std::vector<std::string> parts = absl::StrSplit(name, '_');
    if (parts.size() != 2) continue;
    SCOPED_TRACE(name);
    const Tensor expected = *ReadNpy(entry.path().string(), 1 << 20);
    const ResizeMethod method = parts[0] == "area"        ? ResizeMethod::kArea
                                : parts[0] == "antialias" ? ResizeMethod::kAntialias
                                                          : ResizeMethod::kBilinear;
    auto result = ResizePicture(picture, expected.dim(0), expected.dim(1), method);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(result->shape(), expected.shape());
    for (int64_t i = 0; i < expected.num_elements(); ++i) {
      ASSERT_NEAR(result->data<float>()[i], expected.data<float>()[i], 1e-3) << i;
    }
    ++compared;
  }
  EXPECT_EQ(compared, 15);
}

TEST(ResizeTest, AWindowIsAPictureOfItsOwn) {
  const Tensor picture = *ReadNpy((kFolder / "picture.npy").string(), 1 << 20);
  Tensor cut(DataType::kUint8, Shape{4, 6, 3});
  for (int64_t y = 0; y < 4; ++y) {
    std::copy_n(picture.data<uint8_t>() + ((y + 2) * picture.dim(1) + 5) * 3, 18, cut.data<uint8_t>() + y * 18);
  }
  auto area = ResizePicture(picture, {2, 5, 4, 6}, 2, 3, ResizeMethod::kArea);
  EXPECT_EQ(*area, *ResizePicture(cut, 2, 3, ResizeMethod::kArea));
}

TEST(ResizeTest, RefusesWhatIsNoPicture) {
  const Tensor picture(DataType::kUint8, Shape{2, 2, 1});
  EXPECT_FALSE(ResizePicture(picture, 0, 1, ResizeMethod::kArea).ok());
  EXPECT_FALSE(ResizePicture(picture, {0, 0, 0, 1}, 1, 1, ResizeMethod::kArea).ok());
  EXPECT_FALSE(ResizePicture(Tensor(DataType::kUint8, Shape{0, 2, 1}), 1, 1, ResizeMethod::kArea).ok());
  EXPECT_FALSE(ResizePicture(Tensor(DataType::kFloat, Shape{2, 2, 1}), 1, 1, ResizeMethod::kArea).ok());
  EXPECT_FALSE(ResizePicture(Tensor(DataType::kUint8, Shape{2, 2}), 1, 1, ResizeMethod::kArea).ok());
}

TEST(ResizeTest, RoundsAndClamps) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor pixels = Tensor::Of<float>({-5, 0.49f, 0.5f, 254.6f, 300, nan}, Shape{1, 2, 3});
  EXPECT_EQ(*RoundToUint8(pixels), Tensor::Of<uint8_t>({0, 0, 1, 255, 255, 0}, Shape{1, 2, 3}));
}

}  // namespace
}  // namespace sluice
