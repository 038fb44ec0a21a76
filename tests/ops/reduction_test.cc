#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

TEST(ReductionShapeTest, KnownPartlyKnownAndWrong) {
  struct Row {
    PartialShape input;
    TensorInfo axes;
    std::string dropped, kept;  // without and with keep_dims
  } rows[] = {
      {{2, 3, 4}, Ints({1}), "[2,4]", "[2,1,4]"},
      {{2, kU, 4}, Ints({-1, 0}), "[?]", "[1,?,1]"},
      {{2, 3}, Ints({}), "[2,3]", "[2,3]"},
      {{2, 3}, Of(Tensor::Scalar<int32_t>(0)), "[3]", "[1,3]"},
      {PartialShape(), Ints({0}), "<unknown>", "<unknown>"},
      {{2, 3, 4}, Ints({kUnknownValue, 0}), "[?]", "[?,?,?]"},
      {{2, 3, 4}, Of(PartialShape(), DataType::kInt32), "<unknown>", "[?,?,?]"},
      {{2, 3}, Ints({2}), "expected -2 to 1", "expected -2 to 1"},
      {Shape{}, Ints({0}), "expected", "expected"},
      {{2, 3}, Ints({1, -1}), "given twice", "given twice"},
      {PartialShape{2}, Of(PartialShape{3}, DataType::kInt32), "given twice", "[?]"},
      {{2, 3}, Of(PartialShape{1, 1}, DataType::kInt32), "scalar or a vector", "scalar or a vector"},
  };
  for (const char* op : {"Sum", "Mean", "Max"}) {
    for (const Row& row : rows) {
      for (bool keep : {false, true}) {
        AttrMap attrs{{"T", DataType::kFloat}, {"keep_dims", keep}};
        EXPECT_THAT(InferShape(op, {Of(row.input), row.axes}, attrs), HasSubstr(keep ? row.kept : row.dropped))
            << op << " of " << row.input.ToString();
      }
    }
  }
}

TEST(ArgMaxShapeTest, KnownPartlyKnownAndWrong) {
  const auto arg_max = [](PartialShape input, TensorInfo axis) {
    return InferShape("ArgMax", {Of(std::move(input)), std::move(axis)}, {{"T", DataType::kFloat}});
  };
  const TensorInfo unknown = Of(PartialShape::OfRank(0), DataType::kInt32);
  EXPECT_EQ(arg_max({2, 3, kU}, Of(Tensor::Scalar<int32_t>(-2))), "[2,?]");
  EXPECT_EQ(arg_max({2, 3}, unknown), "[?]");
  EXPECT_EQ(arg_max(PartialShape(), unknown), "<unknown>");
  EXPECT_THAT(arg_max({2, 3}, Of(Tensor::Scalar<int32_t>(2))), HasSubstr("expected -2 to 1"));
  EXPECT_THAT(arg_max({2, 0}, Of(Tensor::Scalar<int32_t>(1))), HasSubstr("empty"));
  EXPECT_THAT(arg_max(Shape{}, unknown), HasSubstr("rank 1"));
  EXPECT_THAT(arg_max({2}, Ints({0})), HasSubstr("rank 0"));
}

}  // namespace
}  // namespace sluice
