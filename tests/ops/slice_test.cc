#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kQ = kUnknownValue;

AttrMap Attrs(DataType dtype = DataType::kFloat) { return {{"T", dtype}, {"Index", DataType::kInt32}}; }
AttrMap Masks(std::initializer_list<std::pair<const char*, int64_t>> masks, DataType dtype = DataType::kFloat) {
  AttrMap attrs = Attrs(dtype);
  for (auto [name, mask] : masks) attrs.emplace(name, mask);
  return attrs;
}

TEST(SliceShapeTest, KnownPartlyKnownAndWrong) {
  struct Row {
    PartialShape in;
    std::vector<int64_t> begin, size;
    std::string expected;
  } rows[] = {
      {{9}, {2}, {4}, "[4]"},
      {{9}, {2}, {-1}, "[7]"},
      {{kU, 5}, {1, 0}, {-1, kQ}, "[?,?]"},
      {{9}, {kQ}, {3}, "[3]"},
      {PartialShape(), {0, 0}, {3, -1}, "[3,?]"},
      {{9}, {10}, {-1}, "begin 10 and size -1 leave it"},
      {{9}, {-1}, {2}, "begin -1"},
      {{9}, {2}, {8}, "leave it"},
      {{9}, {kQ}, {10}, "leave it"},
      {{9}, {2}, {-2}, "leave it"},
      {{9}, {2147483647}, {2147483647}, "leave it"},
      {{9}, {2, 0}, {2, 0}, "have 2 elements"},
      {{9}, {2}, {2, 0}, "expected the same"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(InferShape("Slice", {Of(row.in), Ints(row.begin), Ints(row.size)}, Attrs()), HasSubstr(row.expected));
  }
  EXPECT_THAT(InferInts("Slice", {Ints({4, kQ, 6, 7}), Ints({1}), Ints({2})}, Attrs(DataType::kInt32)),
              ElementsAre(kQ, 6));
}

TEST(StridedSliceShapeTest, KnownPartlyKnownAndWrong) {
  struct Row {
    PartialShape in;
    std::vector<int64_t> begin, end, strides;
    AttrMap attrs;
    std::string expected;
  } rows[] = {
      {{9}, {1}, {8}, {3}, Attrs(), "[3]"},
      {{9, 4}, {7}, {2}, {-2}, Attrs(), "[3,4]"},
      {{kU, 4}, {0}, {3}, {1}, Attrs(), "[?,4]"},
      {{9, 4}, {kQ}, {3}, {1}, Attrs(), "[?,4]"},
      {{9, 4}, {kQ}, {0}, {1}, Masks({{"shrink_axis_mask", 1}}), "[4]"},
      {{9, 4, 5}, {0, 0}, {0, 0}, {1, 1}, Masks({{"ellipsis_mask", 1}, {"new_axis_mask", 2}}), "[9,4,5,1]"},
      {PartialShape(), {0}, {1}, {1}, Attrs(), "<unknown>"},
      {{9}, {0}, {1}, {0}, Attrs(), "stride of dimension 0 is 0"},
      {{9},
       {9},
       {0},
       {1},
       Masks({{"shrink_axis_mask", 1}}),
       "index 9 of dimension 0 is out of bounds, expected -9 to 8"},
      {{9}, {-10}, {0}, {1}, Masks({{"shrink_axis_mask", 1}}), "out of bounds"},
      {{0}, {0}, {0}, {1}, Masks({{"shrink_axis_mask", 1}}), "out of bounds"},
      {{9}, {1}, {0}, {-1}, Masks({{"shrink_axis_mask", 1}}), "expected 1 where one index is taken"},
      {{9}, {0, 0}, {1, 1}, {1, 1}, Attrs(), "about 2 dimensions"},
      {{9}, {0, 0}, {1, 1}, {1, 1}, Masks({{"ellipsis_mask", 3}}), "more than one bit"},
      {{9}, {0, 0}, {1, 1}, {1}, Attrs(), "expected the same"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(InferShape("StridedSlice", {Of(row.in), Ints(row.begin), Ints(row.end), Ints(row.strides)}, row.attrs),
                HasSubstr(row.expected));
  }
}

// Shape -> StridedSlice -> Pack -> Reshape, as every flattening layer of an exported graph has it.
TEST(StridedSliceShapeTest, ForwardsValues) {
  auto ints = [](std::vector<int64_t> begin, std::vector<int64_t> end, std::vector<int64_t> strides, AttrMap attrs) {
    return InferInts("StridedSlice", {Ints({5, kQ, 28, 1}), Ints(begin), Ints(end), Ints(strides)}, attrs);
  };
  const DataType kInt = DataType::kInt32;
  EXPECT_THAT(ints({0}, {1}, {1}, Masks({{"shrink_axis_mask", 1}}, kInt)), ElementsAre(5));
  EXPECT_THAT(ints({-3}, {-1}, {1}, Attrs(kInt)), ElementsAre(kQ, 28));
  EXPECT_THAT(ints({0}, {0}, {-2}, Masks({{"begin_mask", 1}, {"end_mask", 1}}, kInt)), ElementsAre(1, kQ));
}

TEST(StridedSliceGradShapeTest, HasTheGivenShape) {
  auto infer = [](TensorInfo shape, PartialShape dy) {
    return InferShape("StridedSliceGrad", {std::move(shape), Ints({1}), Ints({8}), Ints({3}), Of(std::move(dy))},
                      Attrs());
  };
  EXPECT_EQ(infer(Ints({9, kQ}), {3, kU}), "[9,?]");
  EXPECT_EQ(infer(Of(PartialShape{2}, DataType::kInt32), {3, kU}), "[?,?]");
  EXPECT_THAT(infer(Ints({9}), {4}), HasSubstr("the slice has [3]"));
  EXPECT_THAT(infer(Ints({-9}), {3}), HasSubstr("expected at least -1"));
}

}  // namespace
}  // namespace sluice
