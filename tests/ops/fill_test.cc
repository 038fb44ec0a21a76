#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FillShapeTest, IsTheValue) {
  const auto fill = [](TensorInfo dims, PartialShape value = Shape{}) {
    return InferShape("Fill", {std::move(dims), Of(std::move(value))}, {{"T", DataType::kFloat}});
  };
  EXPECT_EQ(fill(Ints({2, kUnknownValue})), "[2,?]");
  EXPECT_EQ(fill(Ints({})), "[]");
  EXPECT_EQ(fill(Of(PartialShape{kU}, DataType::kInt32)), "<unknown>");
  EXPECT_THAT(fill(Ints({2, -1})), HasSubstr("-1"));
  EXPECT_THAT(fill(Ints({-7})), HasSubstr("-7"));
  EXPECT_THAT(fill(Ints({int64_t{1} << 62, 4})), HasSubstr("overflows"));
  EXPECT_THAT(fill(Ints({2}), PartialShape{1}), HasSubstr("rank 0"));
}

TEST(RangeShapeTest, CountsTheSteps) {
  const auto range = [](auto start, auto limit, auto delta) {
    using T = decltype(start);
    return InferShape("Range",
                      {Of(Tensor::Scalar<T>(start)), Of(Tensor::Scalar<T>(limit)), Of(Tensor::Scalar<T>(delta))},
                      {{"Tidx", kDataTypeOf<T>}});
  };
  EXPECT_EQ(range(0, 10, 3), "[4]");
  EXPECT_EQ(range(10, 0, -5), "[2]");
  EXPECT_EQ(range(5, 5, 1), "[0]");
  EXPECT_EQ(range(0., 1., .1), "[10]");
  EXPECT_EQ(range(INT64_MIN + 1, INT64_MIN + 3, int64_t{INT64_MAX}), "[1]");
  EXPECT_EQ(range(INT32_MAX, INT32_MIN, INT32_MIN), "[2]");
  EXPECT_THAT(range(INT64_MIN, INT64_MAX, int64_t{1}), HasSubstr("too many"));
  EXPECT_THAT(range(0.f, INFINITY, 1.f), HasSubstr("too many"));
  EXPECT_THAT(range(0, 10, 0), HasSubstr("must not be 0"));
  EXPECT_THAT(range(0, 10, -1), HasSubstr("away"));
  EXPECT_THAT(range(0.f, 1.f, NAN), HasSubstr("away"));
  EXPECT_THAT(range(NAN, 1.f, 1.f), HasSubstr("away"));
  TensorInfo unknown = Of(PartialShape::OfRank(0), DataType::kInt32);
  EXPECT_EQ(InferShape("Range", {unknown, unknown, unknown}, {{"Tidx", DataType::kInt32}}), "[?]");
}

TEST(RandomShapeTest, IsTheValue) {
  const AttrMap attrs{{"dtype", DataType::kFloat}, {"T", DataType::kInt32}};
  for (const char* op : {"RandomUniform", "RandomStandardNormal", "TruncatedNormal"}) {
    EXPECT_EQ(InferShape(op, {Ints({3, kUnknownValue})}, attrs), "[3,?]");
    EXPECT_THAT(InferShape(op, {Ints({-1})}, attrs), HasSubstr("-1"));
    EXPECT_THAT(InferShape(op, {Of(Tensor::Scalar<int32_t>(3))}, attrs), HasSubstr("rank 1"));
  }
}

TEST(CastShapeTest, IndicesStayKnown) {
  EXPECT_THAT(InferInts("Cast", {Ints({3, kUnknownValue})}, {{"SrcT", DataType::kInt32}, {"DstT", DataType::kInt64}}),
              ElementsAre(3, kUnknownValue));
  EXPECT_EQ(InferShape("Cast", {Of(PartialShape{kU, 2})}, {{"SrcT", DataType::kFloat}, {"DstT", DataType::kInt32}}),
            "[?,2]");
  EXPECT_THAT(InferShape("Cast", {Of(PartialShape{2})}, {{"SrcT", DataType::kFloat}}), HasSubstr("'DstT'"));
}

TEST(UnaryShapeTest, UnchangedOrMerged) {
  const AttrMap attrs{{"T", DataType::kFloat}};
  EXPECT_EQ(InferShape("Tanh", {Of(PartialShape{kU, 2})}, attrs), "[?,2]");
  EXPECT_EQ(InferShape("TanhGrad", {Of(PartialShape{kU, 2}), Of(PartialShape{3, kU})}, attrs), "[3,2]");
  EXPECT_THAT(InferShape("TanhGrad", {Of(PartialShape{2}), Of(PartialShape{3})}, attrs), HasSubstr("contradict"));
  EXPECT_THAT(InferShape("Exp", {Of(PartialShape{2})}, {{"T", DataType::kInt32}}), HasSubstr("'T'"));
  EXPECT_EQ(InferShape("ZerosLike", {Of(PartialShape())}, attrs), "<unknown>");
}

}  // namespace
}  // namespace sluice
