#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TensorInfo Axis(int32_t axis) { return Of(Tensor::Scalar<int32_t>(axis)); }
TensorInfo SomeAxis() { return Of(PartialShape::OfRank(0), DataType::kInt32); }

AttrMap Attrs(int64_t n, DataType dtype = DataType::kFloat) { return {{"N", n}, {"T", dtype}}; }
AttrMap WithAxis(AttrMap attrs, int64_t axis) {
  attrs.emplace("axis", axis);
  return attrs;
}

TEST(ConcatShapeTest, AddsUpAlongTheAxis) {
  struct Row {
    PartialShape a, b;
    TensorInfo axis;
    std::string expected;
  } rows[] = {
      {{2, 3}, {4, 3}, Axis(0), "[6,3]"},
      {{2, kU}, {kU, 3}, Axis(1), "[2,?]"},
      {{2, 3}, PartialShape(), Axis(-1), "[2,?]"},
      {{2, 3}, {2, 4}, SomeAxis(), "[?,?]"},
      {PartialShape(), PartialShape(), Axis(7), "<unknown>"},
      {{2, 3}, {4, 4}, Axis(0), "values[1] has shape [4,4], expected [?,3] apart from axis 0"},
      {{2, 3}, {2}, Axis(0), "expected rank 2"},
      {{2, 3}, {2, 3}, Axis(2), "axis is 2, expected -2 to 1"},
      {Shape{}, Shape{}, Axis(0), "values are scalars, expected at least rank 1"},
      {{kHuge}, {kHuge}, Axis(0), "overflows int64"},
      {{2, 3}, {2, 3}, Of(PartialShape{1}, DataType::kInt32), "expected rank 0"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(InferShape("ConcatV2", {Of(row.a), Of(row.b), row.axis}, Attrs(2)), HasSubstr(row.expected));
  }
}

TEST(ConcatShapeTest, JoinsValues) {
  EXPECT_THAT(InferInts("ConcatV2", {Ints({1, kUnknownValue}), Ints({3}), Axis(0)}, Attrs(2, DataType::kInt32)),
              ElementsAre(1, kUnknownValue, 3));
}

TEST(ConcatOffsetShapeTest, AddsUpWhatIsKnown) {
  auto outputs = Infer("ConcatOffset", {Axis(-1), Ints({2, 3}), Ints({2, kUnknownValue}), Ints({2, 1})}, {{"N", 3}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_THAT(*(*outputs)[1].ints, ElementsAre(0, 3));
  EXPECT_THAT(*(*outputs)[2].ints, ElementsAre(0, kUnknownValue));
  EXPECT_THAT(InferShape("ConcatOffset", {Axis(2), Ints({2, 3}), Ints({2, 1})}, {{"N", 2}}),
              HasSubstr("expected -2 to 1"));
  EXPECT_THAT(InferShape("ConcatOffset", {Axis(0), Ints({2, 3}), Ints({2})}, {{"N", 2}}), HasSubstr("expected [2]"));
}

TEST(PackShapeTest, InsertsTheNewDimension) {
  EXPECT_EQ(InferShape("Pack", {Of(PartialShape{2, kU}), Of(PartialShape{kU, 3})}, WithAxis(Attrs(2), 1)), "[2,2,3]");
  EXPECT_EQ(InferShape("Pack", {Of(PartialShape{4}), Of(PartialShape())}, WithAxis(Attrs(2), -1)), "[4,2]");
  EXPECT_THAT(InferShape("Pack", {Of(PartialShape{4}), Of(PartialShape{5})}, Attrs(2)), HasSubstr("expected [4]"));
  EXPECT_THAT(InferShape("Pack", {Of(PartialShape{4})}, WithAxis(Attrs(1), 2)), HasSubstr("expected -2 to 1"));
  EXPECT_THAT(InferInts("Pack", {SomeAxis(), Axis(784)}, Attrs(2, DataType::kInt32)), ElementsAre(kUnknownValue, 784));
}

TEST(UnpackShapeTest, DropsTheDimension) {
  auto attrs = [](int64_t num, int64_t axis) { return AttrMap{{"num", num}, {"T", DataType::kInt32}, {"axis", axis}}; };
  EXPECT_EQ(InferShape("Unpack", {Of(PartialShape{kU, 3}, DataType::kInt32)}, attrs(3, 1)), "[?]");
  EXPECT_EQ(InferShape("Unpack", {Of(PartialShape{kU, 3}, DataType::kInt32)}, attrs(9, 0)), "[3]");
  EXPECT_THAT(InferShape("Unpack", {Of(PartialShape{2, 3}, DataType::kInt32)}, attrs(3, 0)), HasSubstr("num, 3"));
  EXPECT_THAT(InferShape("Unpack", {Of(PartialShape::OfRank(0), DataType::kInt32)}, attrs(1, 0)),
              HasSubstr("at least rank 1"));
  EXPECT_THAT(InferInts("Unpack", {Ints({5, kUnknownValue})}, attrs(2, 0)), ElementsAre(5));
}

}  // namespace
}  // namespace sluice
