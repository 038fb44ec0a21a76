#include "tests/gpu_check/own_cases.h"

namespace sluice::gpu_check {
namespace {

Tensor Ints(std::vector<int32_t> values) { return Tensor::Vector<int32_t>(values); }

AttrMap OfFloat(AttrMap more = {}) {
  more["T"] = DataType::kFloat;
  return more;
}

// Sums of thousands of terms differ with their order.
constexpr double kLongSum = 5e-5;

void AddConvolutions(std::vector<OpCase>& cases) {
  struct {
    const char* name;
    Shape x, filter;
    int64_t stride;
    Shape y;
  } const rows[] = {
      {"3x3", Shape{8, 28, 28, 64}, Shape{3, 3, 64, 64}, 1, Shape{8, 28, 28, 64}},
      {"1x1", Shape{8, 14, 14, 256}, Shape{1, 1, 256, 128}, 1, Shape{8, 14, 14, 128}},
      {"7x7_of_pictures", Shape{4, 64, 64, 3}, Shape{7, 7, 3, 64}, 2, Shape{4, 32, 32, 64}},
      {"5x5_in_groups", Shape{4, 27, 27, 48}, Shape{5, 5, 24, 64}, 1, Shape{4, 27, 27, 64}},
      {"odd", Shape{3, 17, 19, 33}, Shape{3, 3, 33, 47}, 2, Shape{3, 9, 10, 47}},
  };
  auto sizes = [](const Shape& shape) {
    std::vector<int32_t> dims;
    for (int64_t dim : shape.dims()) dims.push_back(static_cast<int32_t>(dim));
    return Ints(dims);
  };
  for (const auto& row : rows) {
    const AttrMap attrs = OfFloat({{"strides", IntList({1, row.stride, row.stride, 1})}, {"padding", "SAME"}});
    const Tensor x = Numbers("x", row.x), filter = Numbers("filter", row.filter), dy = Numbers("dy", row.y);
    const std::string name = absl::StrCat("of_many_", row.name);
    cases.push_back({.name = name, .op = "Conv2D", .attrs = attrs, .inputs = {{x}, {filter}}, .float_error = kLongSum});
    cases.push_back({.name = name,
                     .op = "Conv2DBackpropInput",
                     .attrs = attrs,
                     .inputs = {{sizes(row.x)}, {filter}, {dy}},
                     .float_error = kLongSum});
    cases.push_back({.name = name,
                     .op = "Conv2DBackpropFilter",
                     .attrs = attrs,
                     .inputs = {{x}, {sizes(row.filter)}, {dy}},
                     .float_error = kLongSum});
  }
}

void AddProducts(std::vector<OpCase>& cases) {
  for (bool transpose_a : {false, true}) {
    for (bool transpose_b : {false, true}) {
      const Shape a = transpose_a ? Shape{1024, 129} : Shape{129, 1024};
      const Shape b = transpose_b ? Shape{1000, 1024} : Shape{1024, 1000};
      cases.push_back({.name = absl::StrCat("of_many_", transpose_a, transpose_b),
                       .op = "MatMul",
                       .attrs = OfFloat({{"transpose_a", transpose_a}, {"transpose_b", transpose_b}}),
                       .inputs = {{Numbers("a", a)}, {Numbers("b", b)}},
                       .float_error = kLongSum});
    }
  }
}

void AddReductions(std::vector<OpCase>& cases) {
  for (const char* op : {"Sum", "Mean", "Max"}) {
    for (const Shape& shape : {Shape{7, 5, 3, 11}, Shape{300, 1, 41, 9}, Shape{2, 40000}, Shape{40000, 2}}) {
      for (const std::vector<int32_t>& axes : {std::vector<int32_t>{0}, {-1}, {0, -1}, {0, 1}}) {
        cases.push_back({.name = absl::StrCat("of_many_", shape.ToString(), Ints(axes).ToString()),
                         .op = op,
                         .attrs = OfFloat({{"Tidx", DataType::kInt32}, {"keep_dims", false}}),
                         .inputs = {{Numbers("x", shape, 0, 1)}, {Ints(axes)}}});
      }
    }
  }
  const Tensor wide = Numbers("x", Shape{123, 457});
  cases.push_back({.name = "of_many", .op = "L2Loss", .attrs = OfFloat(), .inputs = {{wide}}});
  cases.push_back({.name = "of_many",
                   .op = "BiasAddGrad",
                   .attrs = OfFloat({{"data_format", "NHWC"}}),
                   .inputs = {{Numbers("x", Shape{9, 31, 17, 23}, 0, 1)}}});
  for (const char* op : {"Softmax", "LogSoftmax"}) {
    cases.push_back(
        {.name = "of_many", .op = op, .attrs = OfFloat(), .inputs = {{Numbers("x", Shape{67, 5003}, -9, 9)}}});
  }
  Tensor labels(DataType::kInt32, Shape{123});
  for (int64_t i = 0; i < labels.num_elements(); ++i) labels.data<int32_t>()[i] = static_cast<int32_t>(i * 37 % 457);
  cases.push_back({.name = "of_many",
                   .op = "SparseSoftmaxCrossEntropyWithLogits",
                   .attrs = OfFloat({{"Tlabels", DataType::kInt32}}),
                   .inputs = {{wide}, {labels}}});
}

void AddPictures(std::vector<OpCase>& cases) {
  const Tensor x = Numbers("x", Shape{16, 28, 28, 64});
  const Tensor scale = Numbers("scale", Shape{64}, 0.5, 1.5), offset = Numbers("offset", Shape{64});
  for (bool is_training : {false, true}) {
    const Tensor none(DataType::kFloat, Shape{0});
    const Tensor mean = is_training ? none : offset, variance = is_training ? none : scale;
    cases.push_back({.name = is_training ? "of_many_training" : "of_many",
                     .op = "FusedBatchNormV3",
                     .attrs = OfFloat({{"U", DataType::kFloat}, {"is_training", is_training}}),
                     .inputs = {{x}, {scale}, {offset}, {mean}, {variance}},
                     .float_error = kLongSum});
  }
  for (const char* padding : {"SAME", "VALID"}) {
    for (auto [window, stride] : {std::pair<int64_t, int64_t>{2, 2}, {3, 2}, {3, 1}, {2, 3}}) {
      const AttrMap attrs = OfFloat({{"ksize", IntList({1, window, window, 1})},
                                     {"strides", IntList({1, stride, stride, 1})},
                                     {"padding", padding}});
      for (const char* op : {"MaxPool", "AvgPool"}) {
        cases.push_back({.name = absl::StrCat("of_many_", padding, window, stride),
                         .op = op,
                         .attrs = attrs,
                         .inputs = {{Numbers("x", Shape{5, 31, 34, 24})}}});
      }
    }
  }
  cases.push_back({.name = "of_many",
                   .op = "LRN",
                   .attrs = OfFloat({{"depth_radius", 2}, {"bias", 2.F}, {"alpha", 1e-4F}, {"beta", 0.75F}}),
                   .inputs = {{Numbers("x", Shape{4, 27, 27, 96}, 0, 3)}}});
  for (const std::vector<int32_t>& perm : {std::vector<int32_t>{0, 2, 3, 1}, {0, 3, 1, 2}, {3, 2, 1, 0}}) {
    cases.push_back({.name = absl::StrCat("of_many_", Ints(perm).ToString()),
                     .op = "Transpose",
                     .attrs = OfFloat({{"Tperm", DataType::kInt32}}),
                     .inputs = {{Numbers("x", Shape{9, 65, 66, 31})}, {Ints(perm)}}});
  }
}

void AddElements(std::vector<OpCase>& cases) {
  constexpr int64_t kMany = 1'000'003;
  const Tensor many = Numbers("many", Shape{kMany}), others = Numbers("others", Shape{kMany}, 0.1F, 2);
  for (const char* op : {"AddV2", "Mul", "RealDiv", "Maximum"}) {
    cases.push_back({.name = "of_many", .op = op, .attrs = OfFloat(), .inputs = {{many}, {others}}});
    cases.push_back({.name = "of_many_broadcast",
                     .op = op,
                     .attrs = OfFloat(),
                     .inputs = {{Numbers("x", Shape{65, 1, 129, 7})}, {Numbers("y", Shape{33, 1, 7}, 0.1F, 2)}}});
  }
  for (const char* op : {"Relu", "Tanh", "Sigmoid", "Exp"}) {
    cases.push_back({.name = "of_many", .op = op, .attrs = OfFloat(), .inputs = {{many}}});
  }
  std::vector<CaseInput> addends;
  for (int i = 0; i < 20; ++i) addends.push_back({Numbers(absl::StrCat("addend", i), Shape{3001})});
  cases.push_back({.name = "of_many", .op = "AddN", .attrs = OfFloat({{"N", int64_t{20}}}), .inputs = addends});
  cases.push_back({.name = "of_many",
                   .op = "RandomUniform",
                   .attrs = {{"dtype", DataType::kFloat}, {"T", DataType::kInt32}, {"seed", 3}, {"seed2", 4}},
                   .inputs = {{Ints({1001, 997})}}});
  auto scalar = [](float value) { return CaseInput{Tensor::Scalar<float>(value)}; };
  cases.push_back(
      {.name = "of_many",
       .op = "ResourceApplyMomentum",
       .attrs = OfFloat(),
       .inputs = {{many, true}, {others, true}, scalar(0.1F), {Numbers("gradient", Shape{kMany})}, scalar(0.9F)}});
}

}  // namespace

void AddLargeCases(std::vector<OpCase>& cases) {
  AddConvolutions(cases);
  AddProducts(cases);
  AddReductions(cases);
  AddPictures(cases);
  AddElements(cases);
}

}  // namespace sluice::gpu_check
