#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const AttrMap kInt{{"T", DataType::kInt32}};

TEST(ReshapeShapeTest, KnownAndPartlyKnown) {
  struct Row {
    PartialShape from;
    std::vector<int64_t> target;
    std::string expected;
  } rows[] = {
      {{3, 4}, {2, -1}, "[2,6]"}, {{2, 3}, {2, 3, -1}, "[2,3,1]"},      {{0, 3}, {-1, 3}, "[0,3]"},
      {{}, {-1}, "[?]"},          {{kU, 28, 28}, {-1, 784}, "[?,784]"}, {{6}, {kUnknownValue, 2}, "[?,2]"},
      {Shape{}, {}, "[]"},
  };
  for (const Row& row : rows) EXPECT_EQ(InferShape("Reshape", {Of(row.from), Ints(row.target)}, kFloat), row.expected);
  EXPECT_EQ(InferShape("Reshape", {Of(PartialShape{6}), Of(PartialShape{3}, DataType::kInt32)}, kFloat), "[?,?,?]");
  EXPECT_EQ(InferShape("Reshape", {Of(PartialShape{6}), Of(PartialShape{kU}, DataType::kInt32)}, kFloat), "<unknown>");
}

TEST(ReshapeShapeTest, RefusesWhatCannotFit) {
  struct Row {
    PartialShape from;
    std::vector<int64_t> target;
    std::string message;
  } rows[] = {
      {{3, 4}, {5, -1}, "does not fit"},
      {{3, 4}, {13}, "12 elements"},
      {{3, 4}, {-1, -1}, "more than one"},
      {{3, 4}, {-2, 6}, "at least -1"},
      {{0, 3}, {0, -1}, "another dimension is 0"},
      {{3, 4}, {int64_t{1} << 40, int64_t{1} << 40}, "overflows"},
      {{kU, 4}, {int64_t{1} << 40, int64_t{1} << 40}, "overflows"},
      {{0}, {-1, int64_t{1} << 40, int64_t{1} << 40}, "overflows"},
  };
  for (const Row& row : rows)
    EXPECT_THAT(InferShape("Reshape", {Of(row.from), Ints(row.target)}, kFloat), HasSubstr(row.message));
  EXPECT_THAT(InferShape("Reshape", {Of(PartialShape{4}), Of(PartialShape{2, 2}, DataType::kInt32)}, kFloat),
              HasSubstr("expected rank 1"));
}

TEST(ReshapeShapeTest, ForwardsValues) {
  EXPECT_THAT(InferInts("Reshape", {Ints({7}), Ints({})}, kInt), ElementsAre(7));
  EXPECT_THAT(InferInts("Squeeze", {Ints({kUnknownValue})}, kInt), ElementsAre(kUnknownValue));
  EXPECT_THAT(InferInts("ExpandDims", {Of(Tensor::Scalar<int32_t>(5)), Of(Tensor::Scalar<int32_t>(0))}, kInt),
              ElementsAre(5));
}

TEST(ShapeShapeTest, SaysWhatItKnows) {
  EXPECT_THAT(InferInts("Shape", {Of(PartialShape{kU, 3})}, kFloat), ElementsAre(kUnknownValue, 3));
  EXPECT_EQ(InferShape("Shape", {Of(PartialShape())}, kFloat), "[?]");
  EXPECT_THAT(InferInts("Size", {Of(PartialShape{2, 3})}, kFloat), ElementsAre(6));
  EXPECT_THAT(InferInts("Size", {Of(PartialShape{kU, 3})}, kFloat), ElementsAre(kUnknownValue));
  EXPECT_THAT(InferInts("Rank", {Of(PartialShape{kU, 3})}, kFloat), ElementsAre(2));
  EXPECT_THAT(InferInts("Rank", {Of(PartialShape())}, kFloat), ElementsAre(kUnknownValue));
}

TEST(SqueezeShapeTest, DropsOnes) {
  auto squeeze = [](PartialShape shape, std::vector<int64_t> dims) {
    AttrList list;
    list.i = std::move(dims);
    return InferShape("Squeeze", {Of(std::move(shape))}, {{"T", DataType::kFloat}, {"squeeze_dims", list}});
  };
  EXPECT_EQ(squeeze({1, 3, 1}, {}), "[3]");
  EXPECT_EQ(squeeze({1, kU, 1}, {}), "<unknown>");
  EXPECT_EQ(squeeze({1, kU, 1}, {-1, 0}), "[?]");
  EXPECT_EQ(squeeze({1, kU, 1}, {1}), "[1,1]");
  EXPECT_THAT(squeeze({1, 3}, {1}), HasSubstr("expected 1, got 3"));
  EXPECT_THAT(squeeze({1, 3}, {2}), HasSubstr("expected -2 to 1"));
}

TEST(ExpandDimsShapeTest, InsertsAOne) {
  auto expand = [](PartialShape shape, TensorInfo axis) {
    return InferShape("ExpandDims", {Of(std::move(shape)), std::move(axis)}, kFloat);
  };
  EXPECT_EQ(expand({2, kU}, Of(Tensor::Scalar<int32_t>(-1))), "[2,?,1]");
  EXPECT_EQ(expand({2, kU}, Ints({0})), "[1,2,?]");
  EXPECT_EQ(expand({2, 3}, Of(PartialShape::OfRank(0), DataType::kInt32)), "[?,?,?]");
  EXPECT_THAT(expand({2, 3}, Of(Tensor::Scalar<int32_t>(3))), HasSubstr("expected -3 to 2"));
  EXPECT_THAT(expand({2, 3}, Ints({0, 1})), HasSubstr("scalar"));
}

}  // namespace
}  // namespace sluice
