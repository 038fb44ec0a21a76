// Our own ops, which are nowhere recorded: what passes make of several nodes. Their attributes are written out, so that a
// device may lack an op.
#include "absl/strings/str_join.h"

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

// The shortcut around a residual block, with and without bias and activation.
void AddShortcuts(std::vector<OpCase>& cases) {
  for (const std::vector<std::string>& ops :
       {std::vector<std::string>{"BiasAdd", "Add", "Relu"}, {"BiasAdd", "Add"}, {"Add", "Relu6"}}) {
    OpCase c{.name = absl::StrCat("shortcut_", absl::StrJoin(ops, "_")),
             .op = "_FusedConv2D",
             .attrs = Window("SAME", 2),
             .inputs = {{Numbers("x", Shape{2, 9, 11, 8})}, {Numbers("filter", Shape{3, 3, 8, 16})}}};
    if (ops[0] == "BiasAdd") c.inputs.push_back({Numbers("bias", Shape{16})});
    c.inputs.push_back({Numbers("shortcut", Shape{2, 5, 6, 16})});
    c.attrs["num_args"] = AttrValue(static_cast<int64_t>(c.inputs.size()) - 2);
    c.attrs["fused_ops"] = Names(ops);
    cases.push_back(std::move(c));
  }
}

void AddChains(std::vector<OpCase>& cases) {
  // A step between a sum and a difference; unary ones have no second operand.
  auto add = [&cases](const char* step, bool is_unary, float low) {
    const std::pair<Shape, Shape> shapes[] = {{Shape{5, 7, 3}, Shape{5, 7, 3}}, {Shape{501, 1, 33}, Shape{1, 7, 1}}};
    for (const auto& [a, b] : shapes) {
      cases.push_back({.name = absl::StrCat(step, "_", a.ToString()),
                       .op = "_Chain",
                       .attrs = {{"T", DataType::kFloat},
                                 {"N", int64_t{2}},
                                 {"steps", Names({"Add", step, "Sub"})},
                                 {"operands", IntList({0, 1, 2, is_unary ? -1 : 1, 3, 0})}},
                       .inputs = {{Numbers("a", a, low, 2)}, {Numbers("b", b, low, 2)}}});
    }
  };
  for (const char* step :
       {"Abs", "Elu", "Exp", "Neg", "Relu", "Relu6", "Selu", "Sigmoid", "Sign", "Softplus", "Square", "Tanh"}) {
    add(step, true, -2);
  }
  for (const char* step : {"Log", "Reciprocal", "Rsqrt", "Sqrt"}) add(step, true, 0.1F);
  for (const char* step :
       {"Add", "EluGrad", "Maximum", "Minimum", "Mul", "RealDiv", "ReluGrad", "Relu6Grad", "SeluGrad", "SigmoidGrad",
        "SoftplusGrad", "SquaredDifference", "Sub", "TanhGrad", "ReciprocalGrad", "RsqrtGrad", "SqrtGrad", "Pow"}) {
    add(step, false, 0.1F);
  }
}

// As in an Inception module: 1x1, 3x3, 5x5 and a tensor of `pooled` channels, one behind the other. Where they are not a
// multiple of 4, convolutions cannot write into their slices.
void AddConcat(std::vector<OpCase>& cases, const std::string& name, int64_t pooled) {
  OpCase c{.name = name, .op = "_ConcatConv2D"};
  for (int64_t side : {1, 3, 5}) {
    c.inputs.push_back({Numbers("x", Shape{2, 14, 13, 24})});
    c.inputs.push_back({Numbers("filter", Shape{side, side, 24, 8 * side})});
    if (side > 1) c.inputs.push_back({Numbers("bias", Shape{8 * side})});
  }
  c.inputs.push_back({Numbers("pooled", Shape{2, 14, 13, pooled})});
  c.attrs = {{"T", DataType::kFloat},
             {"N", static_cast<int64_t>(c.inputs.size())},
             {"num_inputs", IntList({2, 3, 3, 1})},
             {"strides", IntList(std::vector<int64_t>(8, 1))},
             {"dilations", IntList(std::vector<int64_t>(8, 1))},
             {"paddings", Names({"SAME", "SAME", "SAME", "VALID"})},
             {"explicit_paddings", IntList(std::vector<int64_t>(16, 0))},
             {"activations", Names({"", "", "Relu", ""})}};
  cases.push_back(std::move(c));
}

// Updates of four variables of different sizes at once.
void AddGroups(std::vector<OpCase>& cases) {
  struct {
    const char* op;
    int variables, scalars;
  } const updates[] = {{"ResourceApplyGradientDescent", 1, 1}, {"ResourceApplyMomentum", 2, 2},
                       {"ResourceApplyKerasMomentum", 2, 2},   {"ResourceApplyAdam", 3, 6},
                       {"ResourceApplyRMSProp", 3, 4},         {"ResourceApplyCenteredRMSProp", 4, 4},
                       {"ResourceApplyAdagrad", 2, 1},         {"ResourceApplyAdagradV2", 2, 2}};
  const Shape shapes[] = {Shape{}, Shape{3, 5}, Shape{40'001}, Shape{64}};
  constexpr int64_t kCount = std::size(shapes);
  for (const auto& update : updates) {
    OpCase c{.name = update.op, .op = "_ApplyGroup"};
    for (const Shape& shape : shapes) {
      for (int i = 0; i < update.variables; ++i) {  // a mean of squares is above the square of the mean
        const float low = i < 2 ? 0.1F : 1.5F;
        c.inputs.push_back({Numbers(absl::StrCat("variable", i), shape, low, 2 * low), true});
      }
    }
    for (int i = 1; i <= update.scalars; ++i) c.inputs.push_back({Tensor::Scalar<float>(0.1F * static_cast<float>(i))});
    for (const Shape& shape : shapes) c.inputs.push_back({Numbers("gradient", shape)});
    c.attrs = {{"T", DataType::kFloat},
               {"op", update.op},
               {"count", kCount},
               {"num_resources", kCount * update.variables},
               {"num_scalars", int64_t{update.scalars}}};
    cases.push_back(std::move(c));
  }
}

}  // namespace

void AddFusedCases(std::vector<OpCase>& cases) {
  AddFusedForms(cases);
  AddChains(cases);
  AddShortcuts(cases);
  AddConcat(cases, "inception", 16);
  AddConcat(cases, "inception_unaligned", 9);
  AddGroups(cases);
}

}  // namespace sluice::gpu_check
