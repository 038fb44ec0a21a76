#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

TEST(BinaryShapeTest, Broadcasts) {
  struct Row {
    PartialShape x, y;
    std::string expected;
  } rows[] = {
      {{2, 3}, {2, 3}, "[2,3]"},
      {{2, 3}, Shape{}, "[2,3]"},
      {{3}, {2, 1}, "[2,3]"},
      {{2, kU}, {3}, "[2,3]"},
      {{2, kU}, {1}, "[2,?]"},
      {{0}, {1}, "[0]"},
      {{2, 3}, {4}, "do not broadcast"},
      {PartialShape(), {3}, "<unknown>"},
      {{0}, {2}, "do not broadcast"},
      {{int64_t{1} << 40, 1}, {1, int64_t{1} << 40}, "overflows"},
  };
  for (const char* op : {"AddV2", "Maximum", "Less"}) {
    for (const Row& row : rows) {
      EXPECT_THAT(InferShape(op, {Of(row.x), Of(row.y)}, kFloat), HasSubstr(row.expected))
          << op << row.x.ToString() << row.y.ToString();
    }
  }
}

TEST(BinaryShapeTest, EqualMayAllowShapesThatDoNotFit) {
  AttrMap lenient{{"T", DataType::kFloat}, {"incompatible_shape_error", false}};
  const auto equal = [](PartialShape x, PartialShape y, const AttrMap& attrs) {
    return InferShape("Equal", {Of(std::move(x)), Of(std::move(y))}, attrs);
  };
  EXPECT_THAT(equal({3}, {4}, kFloat), HasSubstr("do not broadcast"));
  EXPECT_EQ(equal({3}, {4}, lenient), "[]");
  EXPECT_EQ(equal({3}, {1}, lenient), "[3]");
  EXPECT_EQ(equal({kU}, {4}, lenient), "<unknown>");  // it may be [3], and then the answer is a scalar
  EXPECT_EQ(equal({kU}, {4}, kFloat), "[4]");
}

TEST(BinaryShapeTest, TypesAreTensorFlows) {
  EXPECT_THAT(InferShape("FloorMod", {Of(PartialShape{1}), Of(PartialShape{1})}, {{"T", DataType::kComplex64}}),
              HasSubstr("'T'"));
  EXPECT_THAT(InferShape("Mul", {Of(PartialShape{1}), Of(PartialShape{1})}, {{"T", DataType::kBool}}),
              HasSubstr("'T'"));
  EXPECT_THAT(InferShape("Sub", {Of(PartialShape{1}), Of(PartialShape{1})}), HasSubstr("'T'"));
}

TEST(BinaryShapeTest, AddNMergesWhatIsKnown) {
  AttrMap attrs{{"T", DataType::kFloat}, {"N", 3}};
  EXPECT_EQ(InferShape("AddN", {Of(PartialShape()), Of(PartialShape{kU, 3}), Of(PartialShape{2, kU})}, attrs), "[2,3]");
  EXPECT_THAT(InferShape("AddN", {Of(PartialShape{2}), Of(PartialShape{2}), Of(PartialShape{3})}, attrs),
              HasSubstr("contradict"));
  EXPECT_THAT(InferShape("AddN", {}, {{"T", DataType::kFloat}, {"N", 0}}), HasSubstr("'N'"));
}

TEST(SelectShapeTest, BroadcastsThree) {
  const auto select = [](PartialShape c, PartialShape t, PartialShape e) {
    return InferShape("SelectV2", {Of(std::move(c), DataType::kBool), Of(std::move(t)), Of(std::move(e))}, kFloat);
  };
  EXPECT_EQ(select({3, 1, 1}, {1, 4, 1}, {5}), "[3,4,5]");
  EXPECT_EQ(select(Shape{}, {kU}, {2}), "[2]");
  EXPECT_EQ(select(PartialShape(), {2}, {2}), "<unknown>");
  EXPECT_THAT(select({2}, {3}, {3}), HasSubstr("do not broadcast"));
}

}  // namespace
}  // namespace sluice
