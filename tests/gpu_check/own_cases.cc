#include "tests/gpu_check/own_cases.h"

#include <algorithm>

#include "tests/models/fixed_values.h"

namespace sluice::gpu_check {
namespace {

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
  const AttrMap attrs = {{"T", DataType::kFloat},
                         {"ksize", IntList({1, 2, 2, 1})},
                         {"strides", IntList({1, 2, 2, 1})},
                         {"padding", "VALID"}};
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
    AddFusedCases(cases);
    AddMaxPoolGradGrad(cases);
    AddLargeCases(cases);
    return cases;
  }());
  std::vector<OpCase> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](const OpCase& c) { return c.op == op; });
  return found;
}

}  // namespace sluice::gpu_check
