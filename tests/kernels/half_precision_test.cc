// Half and bfloat16: a kernel's result is what the kernel for float makes of the same numbers, rounded once.
#include <cmath>
#include <gtest/gtest.h>

#include "kernels/functors/half.h"
#include "kernels/gpu/register_all.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/pool.h"
#include "tests/kernels/kernel_tester.h"

namespace sluice {
namespace {

using testing::KernelTester;
using testing::RandomTensor;

template <class T>
Tensor Narrowed(const Tensor& x) {
  Tensor y(kDataTypeOf<T>, x.shape());
  for (int64_t i = 0; i < x.num_elements(); ++i) y.data<T>()[i] = T(x.data<float>()[i]);
  return y;
}

template <class T>
Tensor Widened(const Tensor& x) {
  Tensor y(DataType::kFloat, x.shape());
  for (int64_t i = 0; i < x.num_elements(); ++i) y.data<float>()[i] = static_cast<float>(x.data<T>()[i]);
  return y;
}

TEST(HalfPrecision, InlineConversionsGiveTheBitsOfTheConstructors) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    Half half;
    half.bits = static_cast<uint16_t>(bits);
    const float wide = static_cast<float>(half);
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(functors::Widen(half)));
      continue;
    }
    ASSERT_EQ(functors::Widen(half), wide) << bits;
    ASSERT_EQ(functors::Narrow<Half>(wide).bits, half.bits) << bits;
    // Between this one and the next, and just beside the middle.
    for (float factor : {1.0001F, 1.00048828125F, 1.0004883F, 1.0004882F}) {
      ASSERT_EQ(functors::Narrow<Half>(wide * factor), Half(wide * factor)) << wide * factor;
      ASSERT_EQ(functors::Narrow<Bfloat16>(wide * factor), Bfloat16(wide * factor)) << wide * factor;
    }
  }
  EXPECT_EQ(functors::Narrow<Half>(65520.F), Half(INFINITY));
  EXPECT_EQ(functors::Narrow<Bfloat16>(3.4e38F), Bfloat16(INFINITY));
  EXPECT_TRUE(std::isnan(functors::Widen(functors::Narrow<Half>(NAN))));
  EXPECT_TRUE(std::isnan(functors::Widen(functors::Narrow<Bfloat16>(NAN))));
}

struct Row {
  const char* op;
  AttrMap attrs;
  std::vector<Tensor> inputs;
  std::vector<bool> is_half;     // which inputs are of type T
  std::vector<bool> halves_out;  // which outputs are
  bool is_constant = true;       // the kernel knows the inputs in Prepare
};

std::vector<Row> Rows() {
  const Tensor x = RandomTensor(Shape{2, 6, 5, 4}, 1), channels = RandomTensor(Shape{4}, 2);
  const Tensor none(DataType::kFloat, Shape{0});
  const AttrMap conv = {{"strides", AttrList{.i = {1, 1, 1, 1}}}, {"padding", "SAME"}};
  const AttrMap pool = {
      {"ksize", AttrList{.i = {1, 2, 2, 1}}}, {"strides", AttrList{.i = {1, 2, 2, 1}}}, {"padding", "VALID"}};
  const Tensor pooled = RandomTensor(Shape{2, 3, 2, 4}, 8);
  return {
      {"Conv2D", conv, {x, RandomTensor(Shape{3, 3, 4, 8}, 3)}, {true, true}, {true}},
      {"Conv2D", conv, {x, RandomTensor(Shape{3, 3, 4, 8}, 3)}, {true, true}, {true}, false},
      {"Conv2DBackpropFilter",
       conv,
       {x, Tensor::Vector<int32_t>({3, 3, 4, 8}), RandomTensor(Shape{2, 6, 5, 8}, 4)},
       {true, false, true},
       {true}},
      {"MatMul",
       {{"transpose_b", true}},
       {RandomTensor(Shape{7, 9}, 5), RandomTensor(Shape{3, 9}, 6)},
       {true, true},
       {true}},
      {"BiasAdd", {}, {x, channels}, {true, true}, {true}},
      {"BiasAddGrad", {}, {x}, {true}, {true}},
      {"Relu", {}, {x}, {true}, {true}},
      {"ReluGrad", {}, {x, RandomTensor(x.shape(), 7)}, {true, true}, {true}},
      {"AddV2", {}, {x, channels}, {true, true}, {true}},
      {"AddN", {{"N", 3}}, {x, x, x}, {true, true, true}, {true}},
      {"MaxPool", pool, {x}, {true}, {true}},
      {"AvgPool", pool, {x}, {true}, {true}},
      {"MaxPoolGrad", pool, {x, pooled, RandomTensor(pooled.shape(), 9)}, {true, true, true}, {true}},
      {"AvgPoolGrad",
       pool,
       {Tensor::Vector<int32_t>({2, 6, 5, 4}), RandomTensor(pooled.shape(), 9)},
       {false, true},
       {true}},
      {"Softmax", {}, {x}, {true}, {true}},
      {"Sum", {}, {x, Tensor::Vector<int32_t>({0, 2})}, {true, false}, {true}},
      {"Mul", {}, {x, RandomTensor(Shape{6, 1, 4}, 10)}, {true, true}, {true}},
      {"RealDiv", {}, {x, RandomTensor(Shape{}, 11, 1, 2)}, {true, true}, {true}},
      {"Less", {}, {x, RandomTensor(x.shape(), 12)}, {true, true}, {false}},
      {"Tanh", {}, {x}, {true}, {true}},
      {"FusedBatchNormGradV3",
       {{"U", DataType::kFloat}},
       {RandomTensor(x.shape(), 13), x, channels, channels, RandomTensor(Shape{4}, 14, 0.5, 1), none},
       {true, true, false, false, false, false},
       {true, false, false, false, false}},
      {"FusedBatchNormV3",
       {{"U", DataType::kFloat}},
       {x, channels, channels, none, none},
       {true, false, false, false, false},
       {true, false, false, false, false, false}},
  };
}

template <class T>
void Expect(const Row& row, void (*kernels)(KernelRegistry&)) {
  KernelTester half(row.op, kernels), single(row.op, kernels);
  half.Attrs(row.attrs).Attr("T", kDataTypeOf<T>);
  single.Attrs(row.attrs).Attr("T", DataType::kFloat);
  for (size_t i = 0; i < row.inputs.size(); ++i) {
    const bool known = row.is_constant || row.inputs[i].dtype() == DataType::kInt32;
    const Tensor narrow = row.is_half[i] ? Narrowed<T>(row.inputs[i]) : row.inputs[i];
    half.Input(narrow, known);
    single.Input(row.is_half[i] ? Widened<T>(narrow) : narrow, known);
  }
  auto got = half.Run(), expected = single.Run();
  ASSERT_TRUE(got.ok()) << row.op << ": " << got.status();
  ASSERT_TRUE(expected.ok()) << row.op << ": " << expected.status();
  ASSERT_EQ(got->size(), expected->size());
  for (size_t o = 0; o < got->size(); ++o) {
    const Tensor want = row.halves_out[o] ? Narrowed<T>((*expected)[o]) : (*expected)[o];
    EXPECT_EQ((*got)[o], want) << row.op << " of " << DataTypeName(kDataTypeOf<T>) << ", output " << o;
  }
}

TEST(HalfPrecision, KernelsRoundWhatFloatMakes) {
  for (const Row& row : Rows()) {
    Expect<Half>(row, cpu::RegisterAllKernels);
    Expect<Bfloat16>(row, cpu::RegisterAllKernels);
  }
}

TEST(HalfPrecision, SoDoTheGpusOwn) {
  KernelRegistry gpu;
  gpu::RegisterAllKernels(gpu);
  for (const Row& row : Rows()) {
    if (!gpu.Has(row.op)) continue;  // a library's
    Expect<Half>(row, gpu::RegisterAllKernels);
    Expect<Bfloat16>(row, gpu::RegisterAllKernels);
  }
}

}  // namespace
}  // namespace sluice
