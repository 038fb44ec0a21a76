// One step of a chain of elementwise ops, which is only known when the kernel runs.
#pragma once

#include "kernels/functors/activation.h"
#include "kernels/functors/binary.h"
#include "kernels/functors/unary.h"
#include "ops/chain.h"

namespace sluice::functors {

// T is float or double.
template <class T>
SLUICE_HOST_DEVICE inline T ApplyStep(ChainOp op, T x, T y) {
  switch (op) {
    case ChainOp::kAbs:
      return AbsFunctor::Apply(x);
    case ChainOp::kAdd:
      return AddFunctor::Apply(x, y);
    case ChainOp::kElu:
      return EluFunctor::Apply(x);
    case ChainOp::kEluGrad:
      return EluGradFunctor::Apply(x, y);
    case ChainOp::kExp:
      return ExpFunctor::Apply(x);
    case ChainOp::kLog:
      return LogFunctor::Apply(x);
    case ChainOp::kMaximum:
      return MaximumFunctor::Apply(x, y);
    case ChainOp::kMinimum:
      return MinimumFunctor::Apply(x, y);
    case ChainOp::kMul:
      return MulFunctor::Apply(x, y);
    case ChainOp::kNeg:
      return NegFunctor::Apply(x);
    case ChainOp::kPow:
      return PowFunctor::Apply(x, y);
    case ChainOp::kRealDiv:
      return RealDivFunctor::Apply(x, y);
    case ChainOp::kReciprocal:
      return ReciprocalFunctor::Apply(x);
    case ChainOp::kReciprocalGrad:
      return ReciprocalGradFunctor::Apply(x, y);
    case ChainOp::kRelu:
      return ReluFunctor::Apply(x);
    case ChainOp::kReluGrad:
      return ReluGradFunctor::Apply(x, y);
    case ChainOp::kRelu6:
      return Relu6Functor::Apply(x);
    case ChainOp::kRelu6Grad:
      return Relu6GradFunctor::Apply(x, y);
    case ChainOp::kRsqrt:
      return RsqrtFunctor::Apply(x);
    case ChainOp::kRsqrtGrad:
      return RsqrtGradFunctor::Apply(x, y);
    case ChainOp::kSelu:
      return SeluFunctor::Apply(x);
    case ChainOp::kSeluGrad:
      return SeluGradFunctor::Apply(x, y);
    case ChainOp::kSigmoid:
      return SigmoidFunctor::Apply(x);
    case ChainOp::kSigmoidGrad:
      return SigmoidGradFunctor::Apply(x, y);
    case ChainOp::kSign:
      return SignFunctor::Apply(x);
    case ChainOp::kSoftplus:
      return SoftplusFunctor::Apply(x);
    case ChainOp::kSoftplusGrad:
      return SoftplusGradFunctor::Apply(x, y);
    case ChainOp::kSqrt:
      return SqrtFunctor::Apply(x);
    case ChainOp::kSqrtGrad:
      return SqrtGradFunctor::Apply(x, y);
    case ChainOp::kSquare:
      return SquareFunctor::Apply(x);
    case ChainOp::kSquaredDifference:
      return SquaredDifferenceFunctor::Apply(x, y);
    case ChainOp::kSub:
      return SubFunctor::Apply(x, y);
    case ChainOp::kTanh:
      return TanhFunctor::Apply(x);
    case ChainOp::kTanhGrad:
      return TanhGradFunctor::Apply(x, y);
  }
  return x;
}

// The steps, as plain values that a device's kernel takes by value. Operands count from kMostChainInputs on for the values
// of steps, so that they do not depend on the number of inputs.
struct ChainProgram {
  int num_inputs = 0;
  int num_steps = 0;
  ChainStep steps[kMostChainSteps] = {};

  ChainProgram() = default;
  ChainProgram(int inputs, const std::vector<ChainStep>& resolved)
      : num_inputs(inputs), num_steps(static_cast<int>(resolved.size())) {
    auto renumber = [&](int8_t operand) {
      return static_cast<int8_t>(operand < inputs ? operand : operand - inputs + kMostChainInputs);
    };
    for (int s = 0; s < num_steps; ++s) steps[s] = {resolved[s].op, renumber(resolved[s].a), renumber(resolved[s].b)};
  }

  // `values` has room for all inputs and steps, and holds the inputs.
  template <class T>
  SLUICE_HOST_DEVICE T Run(T* values) const {
    for (int s = 0; s < num_steps; ++s) {
      values[kMostChainInputs + s] = ApplyStep(steps[s].op, values[steps[s].a], values[steps[s].b]);
    }
    return values[kMostChainInputs + num_steps - 1];
  }
};
inline constexpr int kMostChainValues = kMostChainInputs + kMostChainSteps;

}  // namespace sluice::functors
