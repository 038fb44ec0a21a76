// Convolutions and matrix products with what passes fuse into them, which are nowhere recorded.
#include "tests/gpu_check/own_cases.h"

namespace sluice::gpu_check {
namespace {

AttrValue Names(std::vector<std::string> names) {
  AttrList list;
  list.s = std::move(names);
  return AttrValue(std::move(list));
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

}  // namespace

void AddFusedCases(std::vector<OpCase>& cases) {
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

}  // namespace sluice::gpu_check
