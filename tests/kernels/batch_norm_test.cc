// Values are compared with TensorFlow's recordings (tests/conformance) and gradients with finite differences
// (tests/graph); here: sizes around the pieces that threads take, against plain loops, and what is refused.
#include "ops/batch_norm.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/kernels/kernel_tester.h"

namespace sluice {
namespace {

using testing::KernelTester;
using testing::RandomTensor;

constexpr float kEpsilon = 1e-3F;

Tensor Vector(int64_t channels, int seed) { return RandomTensor({channels}, seed, 0.5, 1.5); }
Tensor None() { return Tensor(DataType::kFloat, Shape{0}); }

double MeanOf(const Tensor& x, int64_t c) {
  int64_t channels = x.dim(x.shape().rank() - 1);
  double sum = 0;
  for (int64_t i = c; i < x.num_elements(); i += channels) sum += x.data<float>()[i];
  return sum / static_cast<double>(x.num_elements() / channels);
}
double VarianceOf(const Tensor& x, int64_t c) {
  int64_t channels = x.dim(x.shape().rank() - 1);
  double sum = 0, mean = MeanOf(x, c);
  for (int64_t i = c; i < x.num_elements(); i += channels) sum += std::pow(x.data<float>()[i] - mean, 2);
  return sum / static_cast<double>(x.num_elements() / channels);
}

class BatchNormSizes : public ::testing::TestWithParam<std::tuple<Shape, int>> {};

TEST_P(BatchNormSizes, NormalisesByTheBatch) {
  auto [shape, threads] = GetParam();
  int64_t channels = shape.dim(3);
  Tensor x = RandomTensor(shape, 1, -2, 5), scale = Vector(channels, 2), offset = Vector(channels, 3);
  auto got = KernelTester("FusedBatchNormV3")
                 .Attrs(ToAttrMap(FusedBatchNormV3Attrs{.epsilon = kEpsilon}))
                 .Input(x)
                 .Input(scale)
                 .Input(offset)
                 .Input(None())
                 .Input(None())
                 .Threads(threads)
                 .Run();
  ASSERT_TRUE(got.ok()) << got.status();
  double n = static_cast<double>(x.num_elements() / channels);
  for (int64_t c = 0; c < channels; ++c) {
    double mean = MeanOf(x, c), variance = VarianceOf(x, c);
    ASSERT_NEAR((*got)[1].data<float>()[c], mean, 1e-5);
    ASSERT_NEAR((*got)[2].data<float>()[c], variance * n / (n - 1), 1e-4);
    ASSERT_NEAR((*got)[3].data<float>()[c], mean, 1e-5);
    ASSERT_NEAR((*got)[4].data<float>()[c], variance, 1e-4);
    double factor = scale.data<float>()[c] / std::sqrt(variance + kEpsilon);
    for (int64_t i = c; i < x.num_elements(); i += channels) {
      ASSERT_NEAR((*got)[0].data<float>()[i], (x.data<float>()[i] - mean) * factor + offset.data<float>()[c], 1e-4);
    }
  }
}

// The gradient is orthogonal to what normalisation takes out: constants and x itself.
TEST_P(BatchNormSizes, GradientHasNoMeanAndDoesNotFollowX) {
  auto [shape, threads] = GetParam();
  int64_t channels = shape.dim(3);
  Tensor x = RandomTensor(shape, 1, -2, 5), dy = RandomTensor(shape, 4), scale = Vector(channels, 2);
  Tensor mean(DataType::kFloat, Shape{channels}), variance(DataType::kFloat, Shape{channels});
  for (int64_t c = 0; c < channels; ++c) {
    mean.data<float>()[c] = static_cast<float>(MeanOf(x, c));
    variance.data<float>()[c] = static_cast<float>(VarianceOf(x, c));
  }
  auto got = KernelTester("FusedBatchNormGradV3")
                 .Attrs(ToAttrMap(FusedBatchNormGradV3Attrs{.epsilon = 1e-9F}))
                 .Input(dy)
                 .Input(x)
                 .Input(scale)
                 .Input(mean)
                 .Input(variance)
                 .Input(Tensor::Scalar<float>(0))
                 .Threads(threads)
                 .Run();
  ASSERT_TRUE(got.ok()) << got.status();
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0, product = 0, offset_backprop = 0, n = 0;
    for (int64_t i = c; i < x.num_elements(); i += channels, ++n) {
      sum += (*got)[0].data<float>()[i];
      product += (*got)[0].data<float>()[i] * (x.data<float>()[i] - mean.data<float>()[c]);
      offset_backprop += dy.data<float>()[i];
    }
    ASSERT_NEAR(sum / n, 0, 1e-5);
    ASSERT_NEAR(product / n, 0, 1e-5);
    ASSERT_NEAR((*got)[2].data<float>()[c], offset_backprop, 1e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, BatchNormSizes,
                         ::testing::Combine(::testing::Values(Shape{2, 3, 3, 1}, Shape{4, 33, 31, 3},
                                                              Shape{2, 40, 40, 16}, Shape{3, 17, 19, 64},
                                                              Shape{5, 9, 7, 129}, Shape{2, 3, 2, 1024}),
                                            ::testing::Values(1, 2, 5)));

TEST(BatchNormErrors, RefuseWhatDoesNotFit) {
  struct Row {
    const char* what;
    Shape x, scale, offset, mean, variance;
    bool is_training;
    const char* format;
    absl::StatusCode code = absl::StatusCode::kInvalidArgument;
  };
  const Row rows[] = {
      {"fits", {1, 2, 2, 3}, {3}, {3}, {0}, {0}, true, "NHWC", absl::StatusCode::kOk},
      {"rank", {2, 2, 3}, {3}, {3}, {0}, {0}, true, "NHWC"},
      {"scale", {1, 2, 2, 3}, {2}, {3}, {0}, {0}, true, "NHWC"},
      {"offset's rank", {1, 2, 2, 3}, {3}, {3, 1}, {0}, {0}, true, "NHWC"},
      {"no mean", {1, 2, 2, 3}, {3}, {3}, {0}, {3}, false, "NHWC"},
      {"no variance", {1, 2, 2, 3}, {3}, {3}, {3}, {0}, false, "NHWC"},
      {"NCHW", {1, 3, 2, 2}, {3}, {3}, {0}, {0}, true, "NCHW", absl::StatusCode::kUnimplemented},
  };
  for (const Row& row : rows) {
    FusedBatchNormV3Attrs attrs{.data_format = row.format, .is_training = row.is_training};
    auto got = KernelTester("FusedBatchNormV3")
                   .Attrs(ToAttrMap(attrs))
                   .Input(RandomTensor(row.x))
                   .Input(RandomTensor(row.scale))
                   .Input(RandomTensor(row.offset))
                   .Input(RandomTensor(row.mean))
                   .Input(RandomTensor(row.variance))
                   .Run();
    EXPECT_EQ(got.status().code(), row.code) << row.what << ": " << got.status();
  }
}

TEST(BatchNormErrors, GradientsRefuseWhatDoesNotFit) {
  auto run = [](const Shape& dy, const Shape& x, const Shape& scale, const Shape& mean) {
    return KernelTester("FusedBatchNormGrad")
        .Attrs(ToAttrMap(FusedBatchNormGradAttrs{}))
        .Input(RandomTensor(dy))
        .Input(RandomTensor(x))
        .Input(RandomTensor(scale))
        .Input(RandomTensor(mean))
        .Input(RandomTensor(mean))
        .Run()
        .status();
  };
  const Shape x = {1, 2, 2, 3};
  EXPECT_TRUE(run(x, x, {3}, {3}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(run({1, 2, 1, 3}, x, {3}, {3})));
  EXPECT_TRUE(absl::IsInvalidArgument(run(x, x, {4}, {3})));
  EXPECT_TRUE(absl::IsInvalidArgument(run(x, x, {3}, {2})));
}

}  // namespace
}  // namespace sluice
