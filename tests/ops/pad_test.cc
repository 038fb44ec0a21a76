#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

TEST(PadShapeTest, KnownPartlyKnownAndWrong) {
  auto pad = [](PartialShape in, std::vector<int64_t> paddings) {
    const int64_t rank = static_cast<int64_t>(paddings.size()) / 2;
    AttrMap attrs{{"T", DataType::kFloat}, {"Tpaddings", DataType::kInt64}};
    return InferShape("Pad", {Of(std::move(in)), Of(Tensor::Of<int64_t>(paddings, Shape{rank, 2}))}, attrs);
  };
  EXPECT_EQ(pad({2, kU}, {1, 2, 3, 4}), "[5,?]");
  EXPECT_EQ(pad(PartialShape(), {1, 2, 3, 4}), "[?,?]");
  EXPECT_THAT(pad({2}, {-1, 0}), HasSubstr("expected at least 0"));
  EXPECT_THAT(pad({2}, {kHuge, kHuge}), HasSubstr("overflows"));
  EXPECT_THAT(pad({2, 2}, {0, kHuge, 0, kHuge}), HasSubstr("overflows"));
  EXPECT_THAT(pad({2}, {1, 2, 3, 4}), HasSubstr("about 2 dimensions"));
  EXPECT_EQ(InferShape("Pad", {Of(PartialShape{2, 3}), Of(PartialShape{kU, 2}, DataType::kInt32)}, kFloat), "[?,?]");
  EXPECT_THAT(InferShape("Pad", {Of(PartialShape{2}), Of(PartialShape{1, 3}, DataType::kInt32)}, kFloat),
              HasSubstr("expected [rank,2]"));
}

TEST(TileShapeTest, KnownPartlyKnownAndWrong) {
  struct Row {
    PartialShape in;
    std::vector<int64_t> multiples;
    std::string expected;
  } rows[] = {
      {{2, kU}, {3, 4}, "[6,?]"},          {{2, 3}, {kUnknownValue, 0}, "[?,0]"},
      {PartialShape(), {1, 1}, "[?,?]"},   {{2}, {-1}, "expected at least 0"},
      {{4}, {kHuge}, "overflows"},         {{2, 2}, {kHuge / 2, kHuge / 2}, "overflows"},
      {{2}, {1, 1}, "about 2 dimensions"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(InferShape("Tile", {Of(row.in), Ints(row.multiples)}, kFloat), HasSubstr(row.expected));
  }
}

}  // namespace
}  // namespace sluice
