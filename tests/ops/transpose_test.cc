#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TransposeShapeTest, PermutesWhatIsKnown) {
  EXPECT_EQ(InferShape("Transpose", {Of(PartialShape{2, kU, 4}), Ints({2, 0, 1})}, kFloat), "[4,2,?]");
  EXPECT_EQ(InferShape("Transpose", {Of(PartialShape{2, 3}), Ints({-1, kUnknownValue})}, kFloat), "[3,?]");
  EXPECT_EQ(InferShape("Transpose", {Of(PartialShape()), Ints({1, 0})}, kFloat), "[?,?]");
  EXPECT_EQ(InferShape("Transpose", {Of(PartialShape()), Of(PartialShape{kU}, DataType::kInt32)}, kFloat), "<unknown>");
}

TEST(TransposeShapeTest, RefusesWhatIsNoPermutation) {
  struct Row {
    std::vector<int64_t> perm;
    std::string message;
  } rows[] = {{{0}, "expected 2"}, {{0, 0}, "twice"}, {{0, -2}, "twice"}, {{0, 2}, "expected -2 to 1"}};
  for (const Row& row : rows) {
    EXPECT_THAT(InferShape("Transpose", {Of(PartialShape{2, 3}), Ints(row.perm)}, kFloat), HasSubstr(row.message));
  }
}

TEST(InvertPermutationShapeTest, InvertsWhatIsKnown) {
  const AttrMap attrs{{"T", DataType::kInt32}};
  EXPECT_THAT(InferInts("InvertPermutation", {Ints({2, 0, 1})}, attrs), ElementsAre(1, 2, 0));
  EXPECT_THAT(InferInts("InvertPermutation", {Ints({2, kUnknownValue, 1})}, attrs), ElementsAre(kUnknownValue, 2, 0));
  EXPECT_THAT(InferShape("InvertPermutation", {Ints({0, 2})}, attrs), HasSubstr("expected each of 0 to 1 once"));
}

}  // namespace
}  // namespace sluice
