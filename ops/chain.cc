#include "ops/chain.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

constexpr ChainOpInfo kChainOps[] = {
    {"Abs", ChainOp::kAbs, 1},
    {"Add", ChainOp::kAdd, 2},
    {"AddV2", ChainOp::kAdd, 2},
    {"Elu", ChainOp::kElu, 1},
    {"EluGrad", ChainOp::kEluGrad, 2},
    {"Exp", ChainOp::kExp, 1},
    {"Log", ChainOp::kLog, 1},
    {"Maximum", ChainOp::kMaximum, 2},
    {"Minimum", ChainOp::kMinimum, 2},
    {"Mul", ChainOp::kMul, 2},
    {"Neg", ChainOp::kNeg, 1},
    {"Pow", ChainOp::kPow, 2},
    {"RealDiv", ChainOp::kRealDiv, 2},
    {"Reciprocal", ChainOp::kReciprocal, 1},
    {"ReciprocalGrad", ChainOp::kReciprocalGrad, 2},
    {"Relu", ChainOp::kRelu, 1},
    {"ReluGrad", ChainOp::kReluGrad, 2},
    {"Relu6", ChainOp::kRelu6, 1},
    {"Relu6Grad", ChainOp::kRelu6Grad, 2},
    {"Rsqrt", ChainOp::kRsqrt, 1},
    {"RsqrtGrad", ChainOp::kRsqrtGrad, 2},
    {"Selu", ChainOp::kSelu, 1},
    {"SeluGrad", ChainOp::kSeluGrad, 2},
    {"Sigmoid", ChainOp::kSigmoid, 1},
    {"SigmoidGrad", ChainOp::kSigmoidGrad, 2},
    {"Sign", ChainOp::kSign, 1},
    {"Softplus", ChainOp::kSoftplus, 1},
    {"SoftplusGrad", ChainOp::kSoftplusGrad, 2},
    {"Sqrt", ChainOp::kSqrt, 1},
    {"SqrtGrad", ChainOp::kSqrtGrad, 2},
    {"Square", ChainOp::kSquare, 1},
    {"SquaredDifference", ChainOp::kSquaredDifference, 2},
    {"Sub", ChainOp::kSub, 2},
    {"Tanh", ChainOp::kTanh, 1},
    {"TanhGrad", ChainOp::kTanhGrad, 2},
};

absl::Status ChainShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<ChainAttrs>());
  SLUICE_RETURN_IF_ERROR(ResolveChain(attrs).status());
  PartialShape output = c.input(0);
  for (int i = 1; i < c.num_inputs(); ++i) {
    SLUICE_ASSIGN_OR_RETURN(output, BroadcastShapes(output, c.input(i)));
  }
  c.set_output(0, std::move(output));
  return absl::OkStatus();
}

}  // namespace

const ChainOpInfo* FindChainOp(absl::string_view op) {
  for (const ChainOpInfo& info : kChainOps) {
    if (op == info.name) return &info;
  }
  return nullptr;
}

absl::StatusOr<std::vector<ChainStep>> ResolveChain(const ChainAttrs& attrs) {
  if (attrs.N > kMostChainInputs || attrs.steps.empty() || attrs.steps.size() > kMostChainSteps ||
      attrs.operands.size() != 2 * attrs.steps.size()) {
    return absl::InvalidArgumentError(absl::StrCat("a chain of ", attrs.N, " inputs, ", attrs.steps.size(),
                                                   " steps and ", attrs.operands.size(), " operands"));
  }
  std::vector<ChainStep> steps;
  for (size_t s = 0; s < attrs.steps.size(); ++s) {
    const ChainOpInfo* info = FindChainOp(attrs.steps[s]);
    if (info == nullptr) return absl::InvalidArgumentError(absl::StrCat("no chain has a step ", attrs.steps[s]));
    int64_t operands[2] = {attrs.operands[2 * s], attrs.operands[2 * s + 1]};
    if (info->arity == 1) operands[1] = operands[0];
    for (int64_t operand : operands) {
      if (operand < 0 || operand >= attrs.N + static_cast<int64_t>(s)) {
        return absl::InvalidArgumentError(absl::StrCat("step ", s, " of a chain has operand ", operand));
      }
    }
    steps.push_back({info->op, static_cast<int8_t>(operands[0]), static_cast<int8_t>(operands[1])});
  }
  return steps;
}

void RegisterChain(OpRegistry& r) {
  r.Add<ChainAttrs>("_Chain")
      .Input("inputs: N * T")
      .Output("output: T")
      .Shape(ChainShape)
      .Doc("Several elementwise ops, one after the other, of which only the last result is written.");
}

}  // namespace sluice
