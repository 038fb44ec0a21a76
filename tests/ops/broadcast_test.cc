#include "ops/broadcast.h"

#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(BroadcastToShapeTest, IsTheValue) {
  const auto broadcast = [](PartialShape input, TensorInfo shape) {
    return InferShape("BroadcastTo", {Of(std::move(input)), std::move(shape)}, {{"T", DataType::kFloat}});
  };
  EXPECT_EQ(broadcast({3, 1}, Ints({2, 3, 4})), "[2,3,4]");
  EXPECT_EQ(broadcast({3, kU}, Ints({2, 3, kUnknownValue})), "[2,3,?]");
  EXPECT_EQ(broadcast(PartialShape(), Ints({2})), "[2]");
  EXPECT_EQ(broadcast({3}, Of(PartialShape{2}, DataType::kInt32)), "[?,?]");
  EXPECT_EQ(broadcast({3}, Of(PartialShape(), DataType::kInt32)), "<unknown>");
  EXPECT_THAT(broadcast({3}, Ints({2, 4})), HasSubstr("does not broadcast"));
  EXPECT_THAT(broadcast({2, 3}, Ints({3})), HasSubstr("does not broadcast"));
  EXPECT_THAT(broadcast({3}, Ints({-1, 3})), HasSubstr("-1"));
  EXPECT_THAT(broadcast({1}, Ints({1 << 30, 1 << 30, 1 << 30})), HasSubstr("overflows"));
  EXPECT_THAT(broadcast({1}, Of(Tensor::Scalar<int32_t>(3))), HasSubstr("rank 1"));
}

TEST(BroadcastGradientArgsTest, GivesTheAxesWhereBothShapesAreKnown) {
  const AttrMap attrs{{"T", DataType::kInt32}};
  auto known = Infer("BroadcastGradientArgs", {Ints({2, 1, 4}), Ints({3, 1})}, attrs);
  ASSERT_TRUE(known.ok()) << known.status();
  EXPECT_THAT(*(*known)[0].ints, ElementsAre(1));
  EXPECT_THAT(*(*known)[1].ints, ElementsAre(0, 2));
  ASSERT_TRUE((*known)[0].value.has_value());
  auto partly = Infer("BroadcastGradientArgs", {Ints({2, kUnknownValue}), Ints({2, 3})}, attrs);
  ASSERT_TRUE(partly.ok()) << partly.status();
  EXPECT_EQ((*partly)[0].shape.ToString(), "[?]");
  EXPECT_FALSE((*partly)[0].ints.has_value());
  EXPECT_THAT(InferShape("BroadcastGradientArgs", {Ints({2}), Ints({3})}, attrs), HasSubstr("do not broadcast"));
}

TEST(BroadcastGradientArgsTest, EqualShapesNeedNoSum) {
  auto axes = FindBroadcastAxes({1, 3}, {1, 3});
  ASSERT_TRUE(axes.ok());
  EXPECT_THAT(axes->r0, IsEmpty());
  EXPECT_THAT(axes->r1, IsEmpty());
  axes = FindBroadcastAxes({1, 3}, {1, 1});  // a dimension of 1 in both counts as soon as they differ
  EXPECT_THAT(axes->r0, ElementsAre(0));
  EXPECT_THAT(axes->r1, ElementsAre(0, 1));
}

}  // namespace
}  // namespace sluice
