#include "tests/gpu_check/own_cases.h"

#include <algorithm>

#include "tests/models/fixed_values.h"

namespace sluice::gpu_check {
namespace {

AttrValue Names(std::vector<std::string> names) {
  AttrList list;
  list.s = std::move(names);
  return AttrValue(std::move(list));
}

void AddGraphNodes(std::vector<OpCase>& cases) {
  const Tensor value = Numbers("value", Shape{3, 5});
  cases.push_back({.name = "plain", .op = "NoOp"});
  cases.push_back({.name = "fed",
                   .op = "Placeholder",
                   .attrs = {{"dtype", DataType::kFloat}, {"shape", PartialShape::UnknownRank()}},
                   .inputs = {{value}}});
  cases.push_back({.name = "read",
                   .op = "VarHandleOp",
                   .attrs = {{"dtype", DataType::kFloat}, {"shape", PartialShape(Shape{3, 5})}},
                   .inputs = {{value, true}}});
}

// One with each epilogue.
void AddFused(std::vector<OpCase>& cases, const std::string& op, const std::string& name, const AttrMap& attrs,
              const Tensor& x, const Tensor& filter, int64_t columns) {
  struct {
    const char* name;
    std::vector<std::string> ops;
  } const epilogues[] = {{"plain", {}},
                         {"relu", {"Relu"}},
                         {"bias", {"BiasAdd"}},
                         {"bias_relu", {"BiasAdd", "Relu"}},
                         {"bias_relu6", {"BiasAdd", "Relu6"}}};
  for (const auto& epilogue : epilogues) {
    OpCase c{.name = absl::StrCat(name, "_", epilogue.name), .op = op, .attrs = attrs, .inputs = {{x}, {filter}}};
    const bool has_bias = !epilogue.ops.empty() && epilogue.ops[0] == "BiasAdd";
    if (has_bias) c.inputs.push_back({Numbers("bias", Shape{columns})});
    c.attrs["num_args"] = AttrValue(int64_t{has_bias});
    c.attrs["fused_ops"] = Names(epilogue.ops);
    cases.push_back(std::move(c));
  }
}

AttrMap Window(const char* padding, int64_t stride) {
  return {{"T", DataType::kFloat}, {"strides", IntList({1, stride, stride, 1})}, {"padding", padding}};
}

void AddFusedForms(std::vector<OpCase>& cases) {
  const Tensor x = Numbers("x", Shape{2, 9, 11, 8});
  AddFused(cases, "_FusedConv2D", "3x3", Window("SAME", 1), x, Numbers("filter", Shape{3, 3, 8, 16}), 16);
  AddFused(cases, "_FusedConv2D", "groups", Window("VALID", 2), x, Numbers("filter", Shape{3, 3, 4, 12}), 12);
  AddFused(cases, "_FusedConv2D", "1x1", Window("SAME", 1), x, Numbers("filter", Shape{1, 1, 8, 24}), 24);
  AddFused(cases, "_FusedDepthwiseConv2dNative", "3x3", Window("SAME", 1), x, Numbers("filter", Shape{3, 3, 8, 1}), 8);
  AddFused(cases, "_FusedDepthwiseConv2dNative", "two", Window("SAME", 2), x, Numbers("filter", Shape{3, 3, 8, 2}), 16);
  const AttrMap plain = {{"T", DataType::kFloat}};
  AddFused(cases, "_FusedMatMul", "plain", plain, Numbers("a", Shape{13, 24}), Numbers("b", Shape{24, 10}), 10);
  const AttrMap transposed = {{"T", DataType::kFloat}, {"transpose_b", true}};
  AddFused(cases, "_FusedMatMul", "transposed", transposed, Numbers("a", Shape{13, 24}), Numbers("b", Shape{10, 24}),
           10);
}

// TensorFlow's CPU has no such kernel. The largest of each window is its last element, so that its maximum is known here.
void AddMaxPoolGradGrad(std::vector<OpCase>& cases) {
  constexpr int64_t kSide = 6, kChannels = 5, kPooled = kSide / 2;
  Tensor x(DataType::kFloat, Shape{2, kSide, kSide, kChannels}),
      y(DataType::kFloat, Shape{2, kPooled, kPooled, kChannels});
  for (int64_t i = 0; i < x.num_elements(); ++i) x.data<float>()[i] = 0.25F * static_cast<float>(i);
  for (int64_t i = 0; i < y.num_elements(); ++i) {
    const int64_t channel = i % kChannels, column = i / kChannels % kPooled, row = i / kChannels / kPooled % kPooled;
    const int64_t picture = i / (kChannels * kPooled * kPooled);
    const int64_t at = ((picture * kSide + 2 * row + 1) * kSide + 2 * column + 1) * kChannels + channel;
    y.data<float>()[i] = x.data<float>()[at];
  }
  AttrMap attrs = Window("VALID", 2);
  attrs["ksize"] = IntList({1, 2, 2, 1});
  cases.push_back(
      {.name = "2x2", .op = "MaxPoolGradGrad", .attrs = attrs, .inputs = {{x}, {y}, {Numbers("dy", x.shape())}}});
}

}  // namespace

Tensor Numbers(const std::string& name, const Shape& shape, float low, float high) {
  return testing::FixedTensor(name, shape, low, high);
}

AttrValue IntList(std::vector<int64_t> values) {
  AttrList list;
  list.i = std::move(values);
  return AttrValue(std::move(list));
}

std::vector<OpCase> OwnCases(const std::string& op) {
  static const std::vector<OpCase>& all = *new std::vector<OpCase>([] {
    std::vector<OpCase> cases;
    AddGraphNodes(cases);
    AddFusedForms(cases);
    AddMaxPoolGradGrad(cases);
    AddLargeCases(cases);
    return cases;
  }());
  std::vector<OpCase> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](const OpCase& c) { return c.op == op; });
  return found;
}

}  // namespace sluice::gpu_check
