#include "models/mixed_precision.h"

#include <algorithm>
#include <limits>

#include "graph/builders.h"
#include "models/training.h"

namespace sluice {
namespace {

constexpr absl::string_view kAlwaysHalf[] = {"Conv2D", "Conv2DBackpropInput", "DepthwiseConv2dNative", "MatMul"};
constexpr absl::string_view kFollowing[] = {"Add",
                                            "AddV2",
                                            "AvgPool",
                                            "BiasAdd",
                                            "ConcatV2",
                                            "Elu",
                                            "ExpandDims",
                                            "FusedBatchNormV2",
                                            "FusedBatchNormV3",
                                            "Identity",
                                            "LeakyRelu",
                                            "MaxPool",
                                            "Pad",
                                            "Relu",
                                            "Relu6",
                                            "Reshape",
                                            "Selu",
                                            "Sigmoid",
                                            "Split",
                                            "Squeeze",
                                            "StopGradient",
                                            "Tanh",
                                            "Transpose"};

// A scale that nothing makes overflow would double to infinity.
constexpr float kLargestScale = 1 << 24;

Scope On(const std::string& device, Scope scope) { return device.empty() ? scope : scope.WithDevice(device); }

}  // namespace

absl::StatusOr<DataType> ParsePrecision(absl::string_view name) {
  if (name == "float" || name == "f32") return DataType::kFloat;
  if (name == "bf16" || name == "bfloat16") return DataType::kBfloat16;
  if (name == "f16" || name == "float16" || name == "half") return DataType::kHalf;
  return absl::InvalidArgumentError(absl::StrCat("there is no precision '", name, "': expected float, bf16 or f16"));
}

PrecisionRule PrecisionRuleOf(const Node& node) {
  auto is_in = [&](const auto& list) {
    return std::find(std::begin(list), std::end(list), node.op()) != std::end(list);
  };
  if (is_in(kAlwaysHalf)) return PrecisionRule::kAlways;
  return is_in(kFollowing) ? PrecisionRule::kFollows : PrecisionRule::kNever;
}

LossScale::LossScale(Network& network, const MixedPrecision& precision, const std::string& device)
    : network_(network), precision_(precision), scope_(On(device, network.scope())) {
  scale_variable_ = AddSlot(scope_, training::kLossScale, Shape{}, Tensor::Scalar<float>(precision.initial_scale()));
  good_steps_variable_ = AddSlot(scope_, training::kGoodSteps, Shape{}, Tensor::Scalar<int32_t>(0));
  scale_ = ops::ReadVariableOp(scope_.SubScope(training::kLossScale).Named("Read"), scale_variable_.handle,
                               {.dtype = DataType::kFloat});
}

Endpoint LossScale::Scaled(Endpoint loss) { return ops::Mul(scope_.Named(training::kScaledLoss), loss, scale_); }

Endpoint LossScale::Unscale(const std::vector<NetworkVariable>& variables, std::vector<Endpoint>& gradients) {
  Scope all = scope_.SubScope(training::kLossScale);
  Endpoint inverse = ops::Reciprocal(all.Named("inverse"), scale_);
  std::vector<Endpoint> halves;  // of the squares
  for (size_t i = 0; i < variables.size(); ++i) {
    Scope scope = On(variables[i].device, network_.scope()).SubScope(training::kLossScale).SubScope(variables[i].name);
    gradients[i] = ops::Mul(scope.Named("unscaled"), gradients[i], inverse);
    halves.push_back(ops::L2Loss(scope, gradients[i]));
  }
  Endpoint sum = halves.size() == 1 ? halves[0] : ops::AddN(all, halves);
  Endpoint is_finite = ops::Less(all.Named("is_finite"), sum,
                                 all.Named("infinity").Scalar<float>(std::numeric_limits<float>::infinity()));
  for (size_t i = 0; i < variables.size(); ++i) {
    Scope scope = On(variables[i].device, network_.scope()).SubScope(training::kLossScale).SubScope(variables[i].name);
    gradients[i] = ops::SelectV2(scope, is_finite, gradients[i], scope.Named("zero").Scalar<float>(0));
  }
  return is_finite;
}

void LossScale::AddUpdate(Endpoint is_finite, OptimizerNodes& nodes) {
  Scope scope = scope_.SubScope(training::kTrain).SubScope(training::kLossScale);
  Endpoint zero = scope.Named("zero").Scalar<int32_t>(0);
  Endpoint good = ops::ReadVariableOp(scope_.SubScope(training::kGoodSteps).Named("Read"), good_steps_variable_.handle,
                                      {.dtype = DataType::kInt32});
  Endpoint now_good = ops::Add(scope, good, scope.Named("one").Scalar<int32_t>(1));
  Endpoint grows =
      ops::GreaterEqual(scope, now_good, scope.Named("growth_steps").Scalar<int32_t>(precision_.growth_steps));
  Endpoint largest = scope.Named("largest").Scalar<float>(std::max(kLargestScale, precision_.initial_scale()));
  Endpoint doubled = ops::Minimum(scope, ops::Mul(scope, scale_, scope.Named("two").Scalar<float>(2)), largest);
  Endpoint halved = ops::Maximum(scope, ops::Mul(scope, scale_, scope.Named("half").Scalar<float>(0.5F)),
                                 scope.Named("smallest").Scalar<float>(1));
  Endpoint scale = ops::SelectV2(scope, is_finite, ops::SelectV2(scope, grows, doubled, scale_), halved);
  Endpoint steps = ops::SelectV2(scope, is_finite, ops::SelectV2(scope, grows, zero, now_good), zero);
  nodes.steps.push_back(ops::AssignVariableOp(scope, scale_variable_.handle, scale, {.dtype = DataType::kFloat}));
  nodes.steps.push_back(ops::AssignVariableOp(scope, good_steps_variable_.handle, steps, {.dtype = DataType::kInt32}));
  nodes.assigns.push_back(scale_variable_.assign);
  nodes.assigns.push_back(good_steps_variable_.assign);
}

}  // namespace sluice
