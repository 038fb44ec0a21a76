// The GPU's own kernels, made by the host's compiler, against the CPU's: what TensorFlow's recordings (tests/conformance,
// which run on these kernels too) are too small for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/gpu/index_space.h"
#include "kernels/gpu/reduce.h"
#include "kernels/gpu/register_all.h"
#include "ops/bias.h"
#include "ops/pool.h"
#include "tests/kernels/kernel_tester.h"

namespace sluice::gpu {
namespace {

using ::sluice::testing::KernelTester;
using ::sluice::testing::RandomTensor;
using ::testing::HasSubstr;

struct Case {
  std::string op;
  std::vector<Tensor> inputs;
  AttrMap attrs;
  double tolerance = 1e-5;
  bool inputs_are_constant = true;
};

absl::StatusOr<std::vector<Tensor>> RunCase(const Case& c, void (*kernels)(KernelRegistry&)) {
  KernelTester tester(c.op, kernels);
  tester.Attrs(c.attrs);
  for (const Tensor& input : c.inputs) tester.Input(input, c.inputs_are_constant);
  return tester.Run();
}

// The largest relative difference, and where.
void ExpectSame(const Case& c) {
  auto cpu = RunCase(c, cpu::RegisterAllKernels), gpu = RunCase(c, RegisterAllKernels);
  ASSERT_TRUE(cpu.ok()) << c.op << cpu.status();
  ASSERT_TRUE(gpu.ok()) << c.op << gpu.status();
  ASSERT_EQ(cpu->size(), gpu->size());
  for (size_t o = 0; o < cpu->size(); ++o) {
    const Tensor &a = (*cpu)[o], &b = (*gpu)[o];
    ASSERT_EQ(a.shape(), b.shape()) << c.op;
    if (a.dtype() != DataType::kFloat) {
      ASSERT_EQ(std::memcmp(a.raw(), b.raw(), a.bytes()), 0) << c.op << " output " << o;
      continue;
    }
    for (int64_t i = 0; i < a.num_elements(); ++i) {
      const double x = a.data<float>()[i], y = b.data<float>()[i];
      ASSERT_NEAR(x, y, c.tolerance * std::max(1.0, std::fabs(x))) << c.op << " output " << o << " element " << i;
    }
  }
}

Tensor Ints(std::vector<int32_t> values) {
  return Tensor::Of<int32_t>(values, Shape{static_cast<int64_t>(values.size())});
}

TEST(Divisor, DividesLikeTheProcessor) {
  for (int64_t by : {1, 2, 3, 5, 7, 10, 127, 641, 65535, 65536, 1000003, INT32_MAX}) {
    const Divisor divisor(by);
    for (int64_t base : {int64_t{0}, by, 2 * by, int64_t{1} << 20, int64_t{INT32_MAX}, int64_t{1} << 40}) {
      for (int64_t n = std::max<int64_t>(base - 3, 0); n < base + 4; ++n) {
        ASSERT_EQ(divisor.Divide(n), n / by) << n << " / " << by;
      }
    }
  }
  EXPECT_EQ(Divisor(int64_t{1} << 33).Divide((int64_t{5} << 33) + 1), 5);
}

TEST(GpuOnHost, ReductionsOfRowsColumnsAndInParts) {
  AttrMap attrs = {{"T", DataType::kFloat}, {"Tidx", DataType::kInt32}, {"keep_dims", false}};
  for (const char* op : {"Sum", "Mean", "Max"}) {
    for (const Shape& shape : {Shape{7, 5, 3, 11}, Shape{300, 1, 41, 9}, Shape{2, 40000}, Shape{40000, 2}}) {
      for (const std::vector<int32_t>& axes : {std::vector<int32_t>{0}, {-1}, {0, -1}, {0, 1}}) {
        ExpectSame({op, {RandomTensor(shape), Ints(axes)}, attrs});
        ExpectSame({op, {RandomTensor(shape), Ints(axes)}, attrs, 1e-5, false});
      }
    }
  }
  // What this is meant to reach.
  EXPECT_GT(ReduceSpace::Create(Shape{2, 40000}, {false, true}).parts, 1);
  EXPECT_GT(ReduceSpace::Create(Shape{40000, 2}, {true, false}).parts, 1);
  EXPECT_FALSE(ReduceSpace::Create(Shape{40000, 2}, {true, false}).inner_reduced);
}

TEST(GpuOnHost, LossOfALargeTensorAndGradientOfABias) {
  ExpectSame({"L2Loss", {RandomTensor(Shape{123, 457})}, {{"T", DataType::kFloat}}});
  for (const char* format : {"NHWC", "NCHW"}) {
    AttrMap attrs = {{"T", DataType::kFloat}, {"data_format", std::string(format)}};
    ExpectSame({"BiasAddGrad", {RandomTensor(Shape{9, 31, 17, 23})}, attrs, 1e-4});
    const int64_t channels = format[1] == 'C' ? 31 : 23;
    ExpectSame({"BiasAdd", {RandomTensor(Shape{9, 31, 17, 23}), RandomTensor(Shape{channels}, 2)}, attrs});
  }
}

TEST(GpuOnHost, BroadcastsAlongEveryDimension) {
  const AttrMap attrs = {{"T", DataType::kFloat}};
  for (const Shape& x : {Shape{5, 7, 1, 9}, Shape{}, Shape{9}, Shape{5, 7, 3, 9}}) {
    for (const Shape& y : {Shape{7, 3, 1}, Shape{5, 1, 3, 9}, Shape{1}}) {
      ExpectSame({"AddV2", {RandomTensor(x), RandomTensor(y, 2)}, attrs});
    }
  }
}

TEST(GpuOnHost, PoolingWithWindowsThatOverlapAndReachOut) {
  for (const char* padding : {"SAME", "VALID"}) {
    for (auto [window, stride] : {std::pair<int64_t, int64_t>{2, 2}, {3, 2}, {3, 1}, {2, 3}, {5, 2}}) {
      MaxPoolAttrs attrs;
      attrs.ksize = {1, window, window, 1};
      attrs.strides = {1, stride, stride, 1};
      attrs.padding = padding;
      const AttrMap max = ToAttrMap(attrs);
      AvgPoolAttrs mean_attrs;
      mean_attrs.ksize = attrs.ksize;
      mean_attrs.strides = attrs.strides;
      mean_attrs.padding = padding;
      const AttrMap mean = ToAttrMap(mean_attrs);
      Tensor x = RandomTensor(Shape{3, 11, 14, 6});
      ExpectSame({"MaxPool", {x}, max});
      ExpectSame({"AvgPool", {x}, mean});
      auto y = RunCase({"MaxPool", {x}, max}, cpu::RegisterAllKernels);
      ASSERT_TRUE(y.ok());
      Tensor dy = RandomTensor((*y)[0].shape(), 3);
      ExpectSame({"MaxPoolGrad", {x, (*y)[0], dy}, max});
      ExpectSame({"MaxPoolGradGrad", {x, (*y)[0], RandomTensor(x.shape(), 4)}, max});
      ExpectSame({"AvgPoolGrad", {Ints({3, 11, 14, 6}), dy}, mean});
    }
  }
}

TEST(GpuOnHost, CopiesAreWideWhereTheyCanBe) {
  const AttrMap attrs = {{"T", DataType::kFloat}, {"Tperm", DataType::kInt32}};
  for (const Shape& shape : {Shape{4, 6, 8, 10}, Shape{3, 5, 7, 9}, Shape{2, 3, 4, 8}}) {
    for (const std::vector<int32_t>& perm :
         {std::vector<int32_t>{0, 2, 3, 1}, {0, 3, 1, 2}, {1, 0, 2, 3}, {3, 2, 1, 0}}) {
      ExpectSame({"Transpose", {RandomTensor(shape), Ints(perm)}, attrs});
    }
  }
  const AttrMap concat = {{"T", DataType::kFloat}, {"N", int64_t{3}}, {"Tidx", DataType::kInt32}};
  for (int64_t width : {4, 5}) {
    const Tensor a = RandomTensor(Shape{3, 6, width}), b = RandomTensor(Shape{3, 6, 2 * width}, 2);
    ExpectSame({"ConcatV2", {a, b, a, Tensor::Scalar<int32_t>(2)}, concat});
    ExpectSame({"ConcatV2", {a, a, a, Tensor::Scalar<int32_t>(0)}, concat});
  }
}

TEST(GpuOnHost, SumsOfManyTensorsTakeMoreThanOnePass) {
  std::vector<Tensor> inputs;
  for (int i = 0; i < 20; ++i) inputs.push_back(RandomTensor(Shape{37}, i + 1));
  ExpectSame({"AddN", inputs, {{"T", DataType::kFloat}, {"N", int64_t{20}}}});
}

TEST(GpuOnHost, ChainsOfEveryStep) {
  // x and y, then each step of both and the sum of all that came so far, in chains of at most 16.
  const char* unary[] = {"Abs",  "Elu",     "Exp",  "Neg",      "Relu",   "Relu6",
                         "Selu", "Sigmoid", "Sign", "Softplus", "Square", "Tanh"};
  const char* positive[] = {"Log", "Reciprocal", "Rsqrt", "Sqrt"};
  const char* binary[] = {"Add",      "EluGrad",   "Maximum",        "Minimum",     "Mul",          "RealDiv",
                          "ReluGrad", "Relu6Grad", "SeluGrad",       "SigmoidGrad", "SoftplusGrad", "SquaredDifference",
                          "Sub",      "TanhGrad",  "ReciprocalGrad", "RsqrtGrad",   "SqrtGrad",     "Pow"};
  auto check = [](const std::string& step, bool is_unary, double low) {
    for (const auto& [a, b] : {std::pair{Shape{5, 7, 3}, Shape{5, 7, 3}},
                               {Shape{5, 7, 3}, Shape{3}},
                               {Shape{4}, Shape{}},
                               {Shape{5, 1, 3}, Shape{1, 7, 1}},
                               {Shape{0, 3}, Shape{3}}}) {
      const AttrMap attrs = {{"T", DataType::kFloat},
                             {"N", int64_t{2}},
                             {"steps", AttrList{.s = {"Add", step, "Sub"}}},
                             {"operands", AttrList{.i = {0, 1, 2, is_unary ? -1 : 1, 3, 0}}}};
      ExpectSame({"_Chain", {RandomTensor(a, 1, low, 2), RandomTensor(b, 2, low, 2)}, attrs});
    }
  };
  for (const char* step : unary) check(step, true, -2);
  for (const char* step : positive) check(step, true, 0.1);
  for (const char* step : binary) check(step, false, 0.1);
}

TEST(GpuOnHost, ChainsThatAreNoneAreRefused) {
  const Tensor x = RandomTensor(Shape{3});
  auto attempt = [&](std::vector<std::string> steps, std::vector<int64_t> operands) {
    Case c{"_Chain", {x}, {{"T", DataType::kFloat}, {"N", int64_t{1}}}};
    c.attrs["steps"] = AttrList{.s = std::move(steps)};
    c.attrs["operands"] = AttrList{.i = std::move(operands)};
    return RunCase(c, RegisterAllKernels).status().code();
  };
  EXPECT_EQ(attempt({"Neg", "Abs"}, {0, -1, 1, -1}), absl::StatusCode::kOk);
  EXPECT_EQ(attempt({"Neg"}, {1, -1}), absl::StatusCode::kInvalidArgument);  // its own value
  EXPECT_EQ(attempt({"Neg", "Add"}, {0, -1, 1, 2}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(attempt({"Add"}, {0, -1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(attempt({"Conv2D"}, {0, 0}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(attempt({"Neg"}, {0}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(attempt(std::vector<std::string>(17, "Neg"), std::vector<int64_t>(34, 0)),
            absl::StatusCode::kInvalidArgument);
}

TEST(GpuOnHost, WrongValuesAreReported) {
  const AttrMap attrs = {{"T", DataType::kFloat}, {"Tlabels", DataType::kInt32}};
  for (auto* kernels : {&cpu::RegisterAllKernels, &RegisterAllKernels}) {
    auto result =
        RunCase({"SparseSoftmaxCrossEntropyWithLogits", {RandomTensor(Shape{3, 4}), Ints({0, 4, 1})}, attrs}, kernels);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(result.status().message()), HasSubstr("label 4 of row 1"));
    result = RunCase({"FloorDiv", {Ints({4, 5}), Ints({2, 0})}, {{"T", DataType::kInt32}}}, kernels);
    EXPECT_EQ(result.status().message(), "integer division by zero");
  }
}

// The rest of the message is the CPU's as well.
TEST(GpuOnHost, BadInputIsRefusedAsOnTheCpu) {
  const std::vector<Case> cases = {
      {"Sum", {RandomTensor(Shape{2, 3}), Ints({5})}, {{"T", DataType::kFloat}, {"Tidx", DataType::kInt32}}},
      {"ArgMax", {RandomTensor(Shape{2, 3}), Tensor::Scalar<int32_t>(7)}, {{"T", DataType::kFloat}}},
      {"Transpose", {RandomTensor(Shape{2, 3}), Ints({0, 0})}, {{"T", DataType::kFloat}, {"Tperm", DataType::kInt32}}},
  };
  for (const Case& c : cases) {
    auto result = RunCase(c, RegisterAllKernels);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument) << c.op << result.status();
  }
}

}  // namespace
}  // namespace sluice::gpu
