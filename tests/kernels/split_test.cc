// What Split, SplitV and ClipByValue refuse; their values are compared with TensorFlow's recordings (tests/conformance).
#include "ops/split.h"

#include <gtest/gtest.h>

#include "ops/clip.h"
#include "tests/kernels/kernel_tester.h"

namespace sluice {
namespace {

using testing::KernelTester;
using testing::RandomTensor;

TEST(SplitErrors, RefuseWhatDoesNotFit) {
  auto split = [](const Shape& shape, Tensor axis, int64_t pieces) {
    return KernelTester("Split")
        .Attrs(ToAttrMap(SplitAttrs{.num_split = pieces, .T = DataType::kFloat}))
        .Input(std::move(axis))
        .Input(RandomTensor(shape))
        .Run()
        .status();
  };
  EXPECT_TRUE(split({4, 6}, Tensor::Scalar<int32_t>(-1), 3).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(split({4, 6}, Tensor::Scalar<int32_t>(0), 3)));
  EXPECT_TRUE(absl::IsInvalidArgument(split({4, 6}, Tensor::Scalar<int32_t>(2), 2)));
  EXPECT_TRUE(absl::IsInvalidArgument(split({4, 6}, Tensor::Scalar<int32_t>(-3), 2)));
  EXPECT_TRUE(absl::IsInvalidArgument(split({4, 6}, Tensor::Vector<int32_t>({0, 1}), 2)));
  EXPECT_TRUE(absl::IsInvalidArgument(split({}, Tensor::Scalar<int32_t>(0), 1)));
}

TEST(SplitErrors, RefuseSizesThatDoNotFit) {
  auto split = [](std::vector<int64_t> sizes, int64_t pieces) {
    return KernelTester("SplitV")
        .Attrs(ToAttrMap(SplitVAttrs{.num_split = pieces, .T = DataType::kFloat}))
        .Input(RandomTensor({2, 5}))
        .Input(Tensor::Vector<int64_t>(sizes))
        .Input(Tensor::Scalar<int32_t>(1))
        .Run()
        .status();
  };
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  EXPECT_TRUE(split({2, 3}, 2).ok());
  EXPECT_TRUE(split({2, -1}, 2).ok());
  for (const std::vector<int64_t>& sizes : std::vector<std::vector<int64_t>>{
           {2, 2}, {2, 4}, {6, -1}, {-1, -1}, {-2, 7}, {2, 2, 1}, {kHuge, kHuge}, {kHuge, -1}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(split(sizes, 2))) << absl::StrJoin(sizes, ",");
  }
}

TEST(ClipErrors, RefuseBoundsOfAnotherShape) {
  auto clip = [](const Shape& low, const Shape& high) {
    return KernelTester("ClipByValue")
        .Attrs(ToAttrMap(ClipByValueAttrs{.T = DataType::kFloat}))
        .Input(RandomTensor({2, 3}))
        .Input(RandomTensor(low))
        .Input(RandomTensor(high))
        .Run()
        .status();
  };
  EXPECT_TRUE(clip({}, {2, 3}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(clip({3}, {})));
  EXPECT_TRUE(absl::IsInvalidArgument(clip({}, {3, 2})));
}

}  // namespace
}  // namespace sluice
