// Values of MatMul are compared with TensorFlow's recordings (tests/conformance); here: sizes around the
// blocks of our own loops against a plain triple loop, fused forms, threads, and what is refused.
#include "ops/matmul.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_tester.h"

namespace sluice {
namespace {

using testing::KernelTester;
using testing::RandomTensor;

template <class T>
Tensor TripleLoop(const Tensor& a, const Tensor& b, bool ta, bool tb) {
  int64_t m = a.dim(ta ? 1 : 0), k = a.dim(ta ? 0 : 1), n = b.dim(tb ? 0 : 1);
  Tensor c(kDataTypeOf<T>, Shape{m, n});
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      T sum{};
      for (int64_t p = 0; p < k; ++p)
        sum += a.data<T>()[ta ? p * m + i : i * k + p] * b.data<T>()[tb ? j * k + p : p * n + j];
      c.data<T>()[i * n + j] = sum;
    }
  }
  return c;
}

struct Sizes {
  int64_t m, k, n;
};

class MatMulTest : public ::testing::TestWithParam<std::tuple<Sizes, bool, bool, int>> {
 protected:
  template <class T>
  void Check(double low, double high) {
    auto [sizes, ta, tb, threads] = GetParam();
    Tensor a = RandomTensor<T>(ta ? Shape{sizes.k, sizes.m} : Shape{sizes.m, sizes.k}, 1, low, high);
    Tensor b = RandomTensor<T>(tb ? Shape{sizes.n, sizes.k} : Shape{sizes.k, sizes.n}, 2, low, high);
    auto got = KernelTester("MatMul")
                   .Attrs(ToAttrMap(MatMulAttrs{.transpose_a = ta, .transpose_b = tb, .T = kDataTypeOf<T>}))
                   .Input(a)
                   .Input(b)
                   .Threads(threads)
                   .Run();
    ASSERT_TRUE(got.ok()) << got.status();
    Tensor want = TripleLoop<T>(a, b, ta, tb);
    ASSERT_EQ(got->front().shape(), want.shape());
    for (int64_t i = 0; i < want.num_elements(); ++i)
      ASSERT_NEAR(got->front().data<T>()[i], want.data<T>()[i], 1e-4) << "element " << i;
  }
};

TEST_P(MatMulTest, Float) { Check<float>(-1, 1); }
TEST_P(MatMulTest, Double) { Check<double>(-1, 1); }
TEST_P(MatMulTest, Int32) { Check<int32_t>(-9, 9); }
TEST_P(MatMulTest, Int64) { Check<int64_t>(-9, 9); }

INSTANTIATE_TEST_SUITE_P(Sizes, MatMulTest,
                         ::testing::Combine(::testing::Values(Sizes{1, 1, 1}, Sizes{3, 65, 7}, Sizes{5, 64, 64},
                                                              Sizes{130, 3, 73}, Sizes{64, 129, 8}, Sizes{0, 3, 2},
                                                              Sizes{3, 0, 2}, Sizes{3, 2, 0}),
                                            ::testing::Bool(), ::testing::Bool(), ::testing::Values(1, 2)));

// Few rows times a large transposed matrix are computed the other way round.
TEST(MatMulTurned, FewRowsOfALargeTransposedMatrix) {
  Tensor a = RandomTensor({16, 1024}, 1), b = RandomTensor({1031, 1024}, 2), bias = RandomTensor({1031}, 3);
  auto got = KernelTester("_FusedMatMul")
                 .Attrs(ToAttrMap(FusedMatMulAttrs{.transpose_b = true, .num_args = 1, .fused_ops = {"BiasAdd"}}))
                 .Input(a)
                 .Input(b)
                 .Input(bias)
                 .Run();
  ASSERT_TRUE(got.ok()) << got.status();
  Tensor want = TripleLoop<float>(a, b, false, true);
  for (int64_t i = 0; i < want.num_elements(); ++i) {
    ASSERT_NEAR(got->front().data<float>()[i], want.data<float>()[i] + bias.data<float>()[i % 1031], 1e-3) << i;
  }
}

TEST(FusedMatMulTest, AddsTheBiasAndActivates) {
  Tensor a = RandomTensor({5, 7}, 1), b = RandomTensor({7, 9}, 2), bias = RandomTensor({9}, 3);
  Tensor product = TripleLoop<float>(a, b, false, false);
  for (const std::vector<std::string>& fused :
       std::vector<std::vector<std::string>>{{}, {"BiasAdd"}, {"BiasAdd", "Relu"}, {"Relu"}}) {
    bool with_bias = !fused.empty() && fused.front() == "BiasAdd";
    bool relu = !fused.empty() && fused.back() == "Relu";
    KernelTester tester("_FusedMatMul");
    tester.Attrs(ToAttrMap(FusedMatMulAttrs{.num_args = with_bias ? 1 : 0, .fused_ops = fused}));
    tester.Input(a).Input(b);
    if (with_bias) tester.Input(bias);
    auto got = tester.Run();
    ASSERT_TRUE(got.ok()) << got.status();
    for (int64_t i = 0; i < product.num_elements(); ++i) {
      float want = product.data<float>()[i] + (with_bias ? bias.data<float>()[i % 9] : 0.f);
      EXPECT_NEAR(got->front().data<float>()[i], relu ? std::max(want, 0.f) : want, 1e-5);
    }
  }
}

TEST(FusedMatMulTest, RefusesWhatDoesNotFit) {
  auto run = [](std::vector<std::string> fused, int64_t bias_size) {
    return KernelTester("_FusedMatMul")
        .Attrs(ToAttrMap(FusedMatMulAttrs{.num_args = 1, .fused_ops = std::move(fused)}))
        .Input(RandomTensor({5, 7}))
        .Input(RandomTensor({7, 9}))
        .Input(RandomTensor({bias_size}))
        .Run()
        .status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(run({"BiasAdd"}, 8)));
  EXPECT_TRUE(absl::IsInvalidArgument(run({"Relu"}, 9)));
  EXPECT_TRUE(absl::IsUnimplemented(run({"Relu", "BiasAdd"}, 9)));
  EXPECT_TRUE(absl::IsUnimplemented(run({"BiasAdd", "Elu"}, 9)));
}

TEST(MatMulTest, InnerDimensionsMustAgree) {
  auto got = KernelTester("MatMul")
                 .Attrs(ToAttrMap(MatMulAttrs{}))
                 .Input(RandomTensor({2, 3}))
                 .Input(RandomTensor({4, 5}))
                 .Run();
  EXPECT_TRUE(absl::IsInvalidArgument(got.status())) << got.status();
}

}  // namespace
}  // namespace sluice
