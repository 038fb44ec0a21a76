#include "ops/top_k.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

TEST(TopKShapeTest, TopKV2) {
  auto infer = [](PartialShape input, TensorInfo k) {
    return InferShape("TopKV2", {Of(std::move(input)), std::move(k)}, {{"T", DataType::kFloat}});
  };
  const TensorInfo unknown = Of(PartialShape::OfRank(0), DataType::kInt32);
  TensorInfo three = unknown;
  three.ints = {{3}};
  EXPECT_EQ(infer({2, 5}, three), "[2,3]");
  EXPECT_EQ(infer({kU, kU}, three), "[?,3]");
  EXPECT_EQ(infer({2, 5}, unknown), "[2,?]");
  EXPECT_EQ(infer(PartialShape(), three), "<unknown>");
  EXPECT_THAT(infer({2, 2}, three), HasSubstr("has only 2 columns"));
  EXPECT_THAT(infer(PartialShape::OfRank(0), three), HasSubstr("at least rank 1"));
  EXPECT_THAT(infer({2, 5}, Of(PartialShape{1}, DataType::kInt32)), HasSubstr("expected rank 0"));
  three.ints = {{-3}};
  EXPECT_THAT(infer({2, 5}, three), HasSubstr("k is -3"));
}

TEST(TopKShapeTest, InTopKV2) {
  auto infer = [](PartialShape predictions, PartialShape targets) {
    return InferShape("InTopKV2",
                      {Of(std::move(predictions)), Of(std::move(targets), DataType::kInt32),
                       Of(PartialShape::OfRank(0), DataType::kInt32)},
                      {{"T", DataType::kInt32}});
  };
  EXPECT_EQ(infer({kU, 5}, {7}), "[7]");
  EXPECT_EQ(infer(PartialShape(), PartialShape()), "[?]");
  EXPECT_THAT(infer({6, 5}, {7}), HasSubstr("expected one target a row"));
  EXPECT_THAT(infer({6}, {6}), HasSubstr("expected rank 2"));
}

}  // namespace
}  // namespace sluice
