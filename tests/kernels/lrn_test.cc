// Values are compared with TensorFlow's recordings (tests/conformance); here: rows over several threads against the formula,
// and what is refused.
#include "ops/lrn.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/kernels/kernel_tester.h"

namespace sluice {
namespace {

using testing::KernelTester;
using testing::RandomTensor;

TEST(LRNTest, RowsOverSeveralThreads) {
  Tensor x = RandomTensor({3, 13, 13, 48}, 1, -3, 3);
  for (int threads : {1, 2, 3}) {
    auto got = KernelTester("LRN")
                   .Attrs(ToAttrMap(LRNAttrs{.depth_radius = 2, .bias = 2, .alpha = 0.1F, .beta = 0.75F}))
                   .Input(x)
                   .Threads(threads)
                   .Run();
    ASSERT_TRUE(got.ok()) << got.status();
    for (int64_t row = 0; row < x.num_elements() / 48; ++row) {
      const float* in = x.data<float>() + row * 48;
      for (int64_t c = 0; c < 48; ++c) {
        double sum = 0;
        for (int64_t k = std::max<int64_t>(0, c - 2); k <= std::min<int64_t>(47, c + 2); ++k) sum += in[k] * in[k];
        ASSERT_NEAR(got->front().data<float>()[row * 48 + c], in[c] / std::pow(2 + 0.1 * sum, 0.75), 1e-5);
      }
    }
  }
}

TEST(LRNTest, RefusesWhatDoesNotFit) {
  auto run = [](const Shape& shape, int64_t radius) {
    return KernelTester("LRN").Attrs(ToAttrMap(LRNAttrs{.depth_radius = radius})).Input(RandomTensor(shape)).Run();
  };
  EXPECT_TRUE(run({1, 2, 2, 3}, int64_t{1} << 60).ok());
  EXPECT_TRUE(run({1, 2, 2, 0}, 2).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(run({1, 2, 2, 3}, -1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(run({2, 2, 3}, 2).status()));
  auto gradient = KernelTester("LRNGrad")
                      .Attrs(ToAttrMap(LRNAttrs{}))
                      .Input(RandomTensor({1, 2, 2, 3}))
                      .Input(RandomTensor({1, 2, 2, 3}))
                      .Input(RandomTensor({1, 2, 3, 2}))
                      .Run();
  EXPECT_TRUE(absl::IsInvalidArgument(gradient.status()));
}

}  // namespace
}  // namespace sluice
