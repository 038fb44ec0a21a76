// Every op's gradient rule against finite differences.
#include <functional>
#include <gtest/gtest.h>
#include <numeric>
#include <set>

#include "graph/builders.h"
#include "tests/graph/gradient_checker.h"

namespace sluice {
namespace {

using testing::GradientChecker;

struct Row {
  const char* op;
  std::function<void(GradientChecker&)> build;  // inputs and attributes
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.op; }

// Random inputs of these shapes, in [low, high).
std::function<void(GradientChecker&)> Inputs(const std::vector<Shape>& shapes, double low = -1, double high = 1) {
  return [=](GradientChecker& c) {
    for (const Shape& shape : shapes) c.Input(shape, low, high);
  };
}
std::function<void(GradientChecker&)> Values(const std::vector<Tensor>& values) {
  return [=](GradientChecker& c) {
    for (const Tensor& value : values) c.Input(value);
  };
}
// A reduction of [2, 3, 4].
std::function<void(GradientChecker&)> Reduced(const std::vector<int32_t>& axes, bool keep_dims = false) {
  return [=](GradientChecker& c) { c.Input(Shape{2, 3, 4}).Ints(axes).Attr("keep_dims", keep_dims); };
}

// The attributes of window ops; `size` along height and width for `attr`.
void Window(GradientChecker& c, const char* attr, int64_t size, const char* padding) {
  c.Attr(attr, AttrList{.i = {1, size, size, 1}}).Attr("padding", padding);
}
void Pool(GradientChecker& c, int64_t ksize, int64_t stride, const char* padding) {
  Window(c, "ksize", ksize, padding);
  Window(c, "strides", stride, padding);
}
// The gradient of the normalised tensor. The statistics that were given are not differentiated.
void BatchNorm(GradientChecker& c, bool is_training) {
  c.Float().Input(Shape{2, 3, 2, 3}).Input(Shape{3}).Input(Shape{3}).Attr("is_training", is_training).Output(0);
  c.Attr("epsilon", 0.1F);
  if (is_training) {
    c.Constant(Tensor(DataType::kFloat, Shape{0})).Constant(Tensor(DataType::kFloat, Shape{0}));
  } else {
    c.Constant(Tensor::Vector<float>({0.1F, -0.2F, 0.3F})).Constant(Tensor::Vector<float>({0.5F, 1, 2}));
  }
}
// Values without ties, in no order.
Tensor Ramp(Shape shape) {
  Tensor t(DataType::kDouble, std::move(shape));
  for (int64_t i = 0; i < t.num_elements(); ++i) t.data<double>()[i] = static_cast<double>(i * 37 % 101);
  return t;
}

// Rows of positive numbers whose sum is 1.
Tensor Distributions(int64_t rows, int64_t classes) {
  Tensor t = Ramp({rows, classes});
  for (int64_t r = 0; r < rows; ++r) {
    double* row = t.data<double>() + r * classes;
    double sum = std::accumulate(row, row + classes, 0.0);
    for (int64_t c = 0; c < classes; ++c) row[c] /= sum;
  }
  return t;
}

// Odd sizes, every kind of broadcasting, values away from kinks.
const std::vector<Row>& Rows() {
  using C = GradientChecker;
  static const auto& rows = *new std::vector<Row>{
      {"Identity",
       [](C& c) {
         c.Input(Shape{2, 3});
       }},
      {"PlaceholderWithDefault",
       [](C& c) {
         c.Input(Shape{2, 3}).Attr("shape", PartialShape{2, 3});
       }},
      {"Reshape",
       [](C& c) {
         c.Input(Shape{2, 3}).Ints({3, -1});
       }},
      {"TopKV2",
       [](C& c) {
         c.Input(Ramp({2, 3, 5})).Constant(Tensor::Scalar<int32_t>(2)).Output(0);
       }},
      {"Squeeze",
       [](C& c) {
         c.Input(Shape{1, 3, 1});
       }},
      {"ExpandDims",
       [](C& c) {
         c.Input(Shape{2, 3}).Constant(Tensor::Scalar<int32_t>(1));
       }},
      {"Transpose",
       [](C& c) {
         c.Input(Shape{2, 3, 4}).Ints({2, 0, 1});
       }},
      {"Transpose",
       [](C& c) {
         c.Input(Shape{2, 3, 4}).Ints({-1, 0, 1});
       }},
      {"ConcatV2",
       [](C& c) {
         c.Input(Shape{2, 3}).Input(Shape{2, 1}).Input(Shape{2, 2}).Constant(Tensor::Scalar<int32_t>(-1));
       }},
      {"ConcatV2",
       [](C& c) {
         c.Input(Shape{1, 3}).Input(Shape{4, 3}).Constant(Tensor::Scalar<int64_t>(0));
       }},
      {"Pack",
       [](C& c) {
         c.Input(Shape{2, 3}).Input(Shape{2, 3}).Attr("axis", -1);
       }},
      {"Unpack",
       [](C& c) {
         c.Input(Shape{2, 3}).Attr("num", 3).Attr("axis", 1);
       }},
      {"Unpack",
       [](C& c) {
         c.Input(Shape{2, 3}).Attr("num", 3).Attr("axis", 1).Output(1);
       }},
      {"Slice",
       [](C& c) {
         c.Input(Shape{4, 5}).Ints({1, 2}).Ints({2, -1});
       }},
      {"StridedSlice",
       [](C& c) {
         c.Input(Shape{5, 6})
             .Ints({4, 0, 1})
             .Ints({0, 0, 0})
             .Ints({-2, 1, 1})
             .Attr("new_axis_mask", 2)
             .Attr("shrink_axis_mask", 4);
       }},
      {"StridedSliceGrad",
       [](C& c) {
         c.Ints({5, 6}).Ints({0, 4}).Ints({0, 0}).Ints({1, -3}).Input(Shape{5, 2}).Attr("ellipsis_mask", 1);
       }},
      {"Pad",
       [](C& c) {
         c.Input(Shape{2, 3}).Constant(Tensor::Of<int32_t>({1, 0, 2, 3}, Shape{2, 2}));
       }},
      {"Tile",
       [](C& c) {
         c.Input(Shape{2, 3}).Ints({3, 2});
       }},
      {"MatMul",
       [](C& c) {
         c.Input(Shape{3, 5}).Input(Shape{5, 2});
       }},
      {"MatMul",
       [](C& c) {
         c.Input(Shape{5, 3}).Input(Shape{5, 2}).Attr("transpose_a", true);
       }},
      {"MatMul",
       [](C& c) {
         c.Input(Shape{3, 5}).Input(Shape{2, 5}).Attr("transpose_b", true);
       }},
      {"MatMul",
       [](C& c) {
         c.Input(Shape{5, 3}).Input(Shape{2, 5}).Attr("transpose_a", true).Attr("transpose_b", true);
       }},
      {"BiasAdd",
       [](C& c) {
         c.Input(Shape{2, 3, 4, 5}).Input(Shape{5});
       }},
      {"BiasAdd",
       [](C& c) {
         c.Input(Shape{2, 3, 4, 5}).Input(Shape{3}).Attr("data_format", "NCHW");
       }},
      {"BiasAddGrad",
       [](C& c) {
         c.Input(Shape{2, 3, 5});
       }},
      {"BiasAddGrad",
       [](C& c) {
         c.Input(Shape{2, 3, 2, 2}).Attr("data_format", "NCHW");
       }},
      {"Relu",
       [](C& c) {
         c.Input(Tensor::Vector<double>({-2, -0.5, 0.5, 3}));
       }},
      {"ReluGrad",
       [](C& c) {
         c.Input(Shape{4}).Constant(Tensor::Vector<double>({-2, -0.5, 0.5, 3}));
       }},
      {"Relu6", Values({Tensor::Vector<double>({-2, -0.5, 0.5, 3, 5.5, 6.5})})},
      {"Relu6Grad",
       [](C& c) {
         c.Input(Shape{4}).Constant(Tensor::Vector<double>({-2, 0.5, 5, 7}));
       }},
      {"LeakyRelu", [](C& c) { c.Input(Tensor::Vector<double>({-2, -0.5, 0.5, 3})).Attr("alpha", 0.3F); }},
      {"LeakyReluGrad",
       [](C& c) {
         c.Input(Shape{4}).Constant(Tensor::Vector<double>({-2, -0.5, 0.5, 3}));
       }},
      {"Elu", Values({Tensor::Vector<double>({-2, -0.5, 0.5, 3})})},
      {"EluGrad", Values({Tensor::Vector<double>({1, 2, 3, 4}), Tensor::Vector<double>({-0.9, -0.2, 0.5, 3})})},
      {"Selu", Values({Tensor::Vector<double>({-2, -0.5, 0.5, 3})})},
      {"SeluGrad", Values({Tensor::Vector<double>({1, 2, 3, 4}), Tensor::Vector<double>({-0.9, -0.2, 0.5, 3})})},
      {"Softplus", Inputs({{7}}, -3, 3)},
      {"SoftplusGrad", Inputs({{7}, {7}}, -3, 3)},
      {"Abs", Values({Tensor::Vector<double>({-2, -0.5, 0.5, 3})})},
      {"Reciprocal", Inputs({{7}}, 0.5, 2)},
      {"ReciprocalGrad", Inputs({{7}, {7}}, 0.5, 2)},
      {"Pow", Inputs({{2, 3}, {3}}, 0.5, 2)},
      {"Pow",
       [](C& c) { c.Input(Tensor::Vector<double>({-2, 0.5})).Constant(Tensor::Scalar<double>(3)); }},
      {"ClipByValue",
       Values({Tensor::Vector<double>({-2, 0.5, 3}), Tensor::Scalar<double>(-1), Tensor::Scalar<double>(1)})},
      {"ClipByValue", Values({Tensor::Vector<double>({-2, 0.5, 3}), Tensor::Vector<double>({-1, 0, 0}),
                              Tensor::Vector<double>({1, 1, 1})})},
      {"IdentityN", Inputs({{2, 3}, {4}})},
      {"Split",
       [](C& c) {
         c.Constant(Tensor::Scalar<int32_t>(-1)).Input(Shape{2, 6}).Attr("num_split", 3);
       }},
      {"Split",
       [](C& c) {
         c.Constant(Tensor::Scalar<int32_t>(0)).Input(Shape{4, 3}).Attr("num_split", 2).Output(1);
       }},
      {"SplitV",
       [](C& c) {
         c.Input(Shape{2, 6}).Constant(Tensor::Vector<int64_t>({1, -1, 2})).Constant(Tensor::Scalar<int32_t>(1));
         c.Attr("num_split", 3);
       }},
      {"LRN",
       [](C& c) {
         c.Float().Input(Shape{1, 1, 2, 7}).Attr("depth_radius", 2).Attr("bias", 2.F).Attr("alpha", 0.5F);
         c.Attr("beta", 0.75F);
       }},
      {"LRN",
       [](C& c) {
         c.Float().Input(Shape{1, 2, 1, 5}).Attr("depth_radius", 9).Attr("alpha", 0.3F).Attr("beta", 0.6F);
       }},
      {"FusedBatchNorm", [](C& c) { BatchNorm(c, true); }},
      {"FusedBatchNormV2", [](C& c) { BatchNorm(c, false); }},
      {"FusedBatchNormV3", [](C& c) { BatchNorm(c, true); }},
      {"FusedBatchNormV3", [](C& c) { BatchNorm(c, false); }},
      {"DepthwiseConv2dNative",
       [](C& c) {
         Window(c.Input(Shape{2, 5, 4, 3}).Input(Shape{3, 2, 3, 2}), "strides", 1, "VALID");
       }},
      {"DepthwiseConv2dNative",
       [](C& c) {
         Window(c.Input(Shape{1, 5, 6, 4}).Input(Shape{3, 3, 4, 1}), "strides", 2, "SAME");
       }},
      {"DepthwiseConv2dNativeBackpropInput",
       [](C& c) {
         Window(c.Ints({1, 5, 4, 2}).Input(Shape{3, 3, 2, 2}).Input(Shape{1, 3, 2, 4}), "strides", 2, "SAME");
       }},
      {"DepthwiseConv2dNativeBackpropFilter",
       [](C& c) {
         Window(c.Input(Shape{1, 5, 4, 2}).Ints({3, 3, 2, 2}).Input(Shape{1, 3, 2, 4}), "strides", 2, "SAME");
       }},
      {"Neg", Inputs({{2, 3}})},
      {"Square", Inputs({{2, 3}})},
      {"Sqrt", Inputs({{7}}, 0.2, 3)},
      {"Rsqrt", Inputs({{7}}, 0.2, 3)},
      {"Exp", Inputs({{7}}, -2, 2)},
      {"Log", Inputs({{7}}, 0.2, 3)},
      {"Tanh", Inputs({{7}}, -2, 2)},
      {"Sigmoid", Inputs({{7}}, -3, 3)},
      {"SqrtGrad", Inputs({{7}, {7}}, 0.3, 2)},
      {"RsqrtGrad", Inputs({{7}, {7}}, 0.3, 2)},
      {"TanhGrad", Inputs({{7}, {7}}, -0.9, 0.9)},
      {"SigmoidGrad", Inputs({{7}, {7}}, 0.1, 0.9)},
      {"Add", Inputs({{2, 3}, {2, 3}})},
      {"AddV2", Inputs({{2, 3}, {3}})},
      {"AddV2", Inputs({{3}, {2, 3}})},
      {"AddV2", Inputs({{2, 1, 3}, {4, 1}})},
      {"AddV2", Inputs({{}, {2, 3}})},
      {"AddV2", Inputs({{1, 1}, {5}})},
      {"AddN", Inputs({{2, 3}, {2, 3}, {2, 3}})},
      {"Sub", Inputs({{2, 3}, {2, 1}})},
      {"Mul", Inputs({{2, 3}, {2, 3}})},
      {"Mul", Inputs({{3, 1}, {1, 4}})},
      {"Mul", Inputs({{2, 3, 4}, {}})},
      {"RealDiv", Inputs({{2, 3}, {3}}, 0.5, 2)},
      {"FloorMod", Values({Tensor::Vector<double>({5.3, -4.2, 7.9}), Tensor::Vector<double>({2.1, 2.2, -3.3})})},
      {"Maximum", Inputs({{2, 3}, {3}})},
      {"Minimum", Inputs({{2, 3}, {2, 1}})},
      {"SquaredDifference", Inputs({{2, 3}, {3}})},
      {"SelectV2",
       [](C& c) { c.Constant(Tensor::Vector<bool>({true, false, true})).Input(Shape{2, 3}).Input(Shape{2, 1}); }},
      {"SelectV2",
       [](C& c) { c.Constant(Tensor::Of<bool>({true, false}, Shape{2, 1})).Input(Shape{}).Input(Shape{3}); }},
      {"BroadcastTo", [](C& c) { c.Input(Shape{3, 1}).Ints({2, 3, 4}); }},
      {"BroadcastTo", [](C& c) { c.Input(Shape{}).Ints({2, 3}); }},
      {"Sum", Reduced({1})},
      {"Sum", Reduced({0, 2})},
      {"Sum", Reduced({-1, 0}, true)},
      {"Sum", Reduced({})},
      {"Sum", [](C& c) { c.Input(Shape{2, 3}).Constant(Tensor::Scalar<int32_t>(-2)); }},
      {"Sum", [](C& c) { c.Input(Shape{2, 3}).Constant(Tensor::Vector<int64_t>({0, 1})); }},
      {"Mean", Reduced({1, 2})},
      {"Mean", Reduced({0}, true)},
      {"Max", Reduced({2})},
      {"Max", Reduced({0, 1, 2})},
      {"Cast", [](C& c) { c.Input(Shape{2, 3}).Attr("DstT", DataType::kDouble); }},
      {"Fill", [](C& c) { c.Ints({2, 3}).Input(Shape{}); }},
      {"Softmax", Inputs({{2, 3, 4}})},
      {"LogSoftmax", Inputs({{3, 5}})},
      // The rule for the features takes it that the labels are distributions, so these are not differentiated with them.
      {"SoftmaxCrossEntropyWithLogits",
       [](C& c) {
         c.Input(Shape{3, 5}).Constant(Distributions(3, 5));
       }},
      {"SoftmaxCrossEntropyWithLogits",
       [](C& c) {
         c.Input(Shape{3, 5}).Constant(Distributions(3, 5)).Output(0);
       }},
      {"SoftmaxCrossEntropyWithLogits",
       [](C& c) {
         c.Input(Shape{3, 5}).Input(Shape{3, 5}).Output(1);
       }},
      {"SoftmaxCrossEntropyWithLogits",
       [](C& c) {
         c.Constant(Distributions(3, 5)).Input(Shape{3, 5});
       }},
      {"SoftmaxCrossEntropyWithLogits",
       [](C& c) {
         c.Constant(Distributions(3, 5)).Input(Shape{3, 1});
       }},
      {"SoftmaxCrossEntropyWithLogits",
       [](C& c) {
         c.Input(Shape{1, 5}).Constant(Distributions(3, 5));
       }},
      {"SparseSoftmaxCrossEntropyWithLogits",
       [](C& c) {
         c.Input(Shape{3, 4}).Ints({3, 0, 2});
       }},
      {"SparseSoftmaxCrossEntropyWithLogits",
       [](C& c) {
         c.Input(Shape{3, 4}).Ints({3, 0, 2}).Output(0);
       }},
      {"SparseSoftmaxCrossEntropyWithLogits",
       [](C& c) {
         c.Input(Shape{3, 4}).Ints({3, 0, 2}).Output(1);
       }},
      {"L2Loss", Inputs({{2, 3}})},
      {"MaxPool",
       [](C& c) {
         Pool(c.Input(Shape{2, 5, 4, 3}), 2, 2, "VALID");
       }},
      {"MaxPool",
       [](C& c) {
         Pool(c.Input(Shape{1, 4, 5, 2}), 3, 2, "SAME");
       }},
      {"MaxPoolGrad",
       [](C& c) {
         Pool(c.Constant(Ramp(Shape{1, 4, 4, 2})).Constant(Ramp(Shape{1, 2, 2, 2})).Input(Shape{1, 2, 2, 2}), 2, 2,
              "VALID");
       }},
      {"MaxPoolGradGrad",
       [](C& c) {
         Pool(c.Constant(Ramp(Shape{1, 4, 5, 2})).Constant(Ramp(Shape{1, 2, 3, 2})).Input(Shape{1, 4, 5, 2}), 3, 2,
              "SAME");
       }},
      {"AvgPool",
       [](C& c) {
         Pool(c.Input(Shape{2, 5, 4, 3}), 3, 2, "SAME");
       }},
      {"AvgPool",
       [](C& c) {
         Pool(c.Input(Shape{1, 5, 4, 2}), 2, 3, "VALID");
       }},
      {"AvgPoolGrad",
       [](C& c) {
         Pool(c.Ints({1, 4, 5, 2}).Input(Shape{1, 2, 3, 2}), 3, 2, "SAME");
       }},
      {"Conv2D",
       [](C& c) {
         Window(c.Input(Shape{2, 5, 4, 3}).Input(Shape{3, 2, 3, 2}), "strides", 1, "VALID");
       }},
      {"Conv2D",
       [](C& c) {
         Window(c.Input(Shape{1, 5, 6, 4}).Input(Shape{3, 3, 2, 4}), "strides", 2, "SAME");
       }},
      {"Conv2D",
       [](C& c) {
         Window(c.Input(Shape{1, 6, 5, 2}).Input(Shape{2, 3, 2, 3}), "strides", 1, "EXPLICIT");
         c.Attr("explicit_paddings", AttrList{.i = {0, 0, 1, 2, 0, 1, 0, 0}});
         c.Attr("dilations", AttrList{.i = {1, 2, 2, 1}});
       }},
      {"Conv2DBackpropInput",
       [](C& c) {
         Window(c.Ints({1, 5, 4, 2}).Input(Shape{3, 3, 2, 3}).Input(Shape{1, 3, 2, 3}), "strides", 2, "SAME");
       }},
      {"Conv2DBackpropFilter",
       [](C& c) {
         Window(c.Input(Shape{1, 5, 4, 2}).Ints({3, 3, 2, 3}).Input(Shape{1, 3, 2, 3}), "strides", 2, "SAME");
       }},
  };
  return rows;
}

class GradientRules : public ::testing::TestWithParam<Row> {};

TEST_P(GradientRules, AgreeWithFiniteDifferences) {
  GradientChecker checker(GetParam().op);
  GetParam().build(checker);
  EXPECT_EQ(checker.Check(), "");
}

INSTANTIATE_TEST_SUITE_P(Rows, GradientRules, ::testing::ValuesIn(Rows()),
                         [](const auto& info) { return absl::StrCat(info.param.op, "_", info.index); });

// A variable's gradient is asked for by its handle; two reads of it add up.
TEST(GradientRules, ReadVariableOpPassesTheGradientToTheHandle) {
  OpRegistry ops;
  RegisterAllOps(ops);
  GradientRegistry gradients;
  RegisterAllGradients(gradients);
  KernelRegistry kernels;
  cpu::RegisterAllKernels(kernels);
  Graph graph(ops);
  Scope scope(graph);
  const Endpoint handle = ops::VarHandleOp(scope, {.dtype = DataType::kDouble, .shape = PartialShape{2}});
  const Endpoint value = scope.Const(Tensor::Vector<double>({5, 7}));
  const NodeId assign = ops::AssignVariableOp(scope, handle, value);
  auto read = [&] { return ops::ReadVariableOp(scope, handle, {.dtype = DataType::kDouble}); };
  const Endpoint y = ops::Mul(scope, read(), ops::Mul(scope, read(), scope.Const(Tensor::Vector<double>({1, 10}))));
  ASSERT_TRUE(scope.status().ok()) << scope.status();
  auto grads = AddGradients(scope, gradients, {y}, {handle});
  ASSERT_TRUE(grads.ok()) << grads.status();
  testing::Interpreter interpreter(graph, kernels);
  ASSERT_TRUE(interpreter.Run({}, {}, {assign}).ok());
  auto gradient = interpreter.Run({}, {std::get<Endpoint>((*grads)[0])});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  EXPECT_EQ((*gradient)[0], Tensor::Vector<double>({10, 140}));
}

// The rules of these only say that there is none.
bool IsRefused(const std::string& op) { return op == "LRNGrad" || op.rfind("FusedBatchNormGrad", 0) == 0; }

// An op without a rule stops training at the node that uses it; one without a row here has a rule that nobody checked.
TEST(GradientRules, CoverEveryOp) {
  OpRegistry ops;
  RegisterAllOps(ops);
  GradientRegistry gradients;
  RegisterAllGradients(gradients);
  std::set<std::string> checked = {"ReadVariableOp"};
  for (const Row& row : Rows()) checked.insert(row.op);
  for (const OpSchema* op : ops.All()) {
    if (op->is_private()) continue;
    EXPECT_TRUE(gradients.Has(op->name)) << op->name << " has neither a gradient nor AddNotDifferentiable";
    if (gradients.Find(op->name) != nullptr && !IsRefused(op->name)) {
      EXPECT_TRUE(checked.contains(op->name)) << op->name << "'s gradient has no row in this table";
    }
  }
}

}  // namespace
}  // namespace sluice
