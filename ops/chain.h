// Several elementwise ops in one (graph/passes/chains.cc).
#pragma once

#include <string>
#include <vector>

#include "core/attrs.h"

namespace sluice {

// What a step does, named as TensorFlow's op.
enum class ChainOp : uint8_t {
  kAbs,
  kAdd,
  kElu,
  kEluGrad,
  kExp,
  kLog,
  kMaximum,
  kMinimum,
  kMul,
  kNeg,
  kPow,
  kRealDiv,
  kReciprocal,
  kReciprocalGrad,
  kRelu,
  kReluGrad,
  kRelu6,
  kRelu6Grad,
  kRsqrt,
  kRsqrtGrad,
  kSelu,
  kSeluGrad,
  kSigmoid,
  kSigmoidGrad,
  kSign,
  kSoftplus,
  kSoftplusGrad,
  kSqrt,
  kSqrtGrad,
  kSquare,
  kSquaredDifference,
  kSub,
  kTanh,
  kTanhGrad,
};

struct ChainOpInfo {
  const char* name;
  ChainOp op;
  int arity;  // 1 or 2
};
// nullptr for an op that no chain has. "AddV2" is "Add".
const ChainOpInfo* FindChainOp(absl::string_view op);

inline constexpr int kMostChainInputs = 8;
inline constexpr int kMostChainSteps = 16;
inline constexpr int kMostChainRank = 6;  // of the output

// _Chain: every step makes a value out of two earlier ones, or of one; the last is the output. Inputs broadcast.
struct ChainAttrs {
  DataType T = DataType::kInvalid;
  int64_t N = 0;
  std::vector<std::string> steps;
  // Two for each step (the second of unary ones is -1): input i, or N + s for the value of step s.
  std::vector<int64_t> operands;
  bool operator==(const ChainAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf({DataType::kFloat, DataType::kDouble}));
    v.Required("N", N, AtLeast(1));
    v.Required("steps", steps);
    v.Required("operands", operands);
  }
};

struct ChainStep {
  ChainOp op;
  int8_t a, b;  // operands; of unary steps b is a
};
// The steps, checked. InvalidArgument for unknown ops, operands that are not there yet, and more than there may be.
absl::StatusOr<std::vector<ChainStep>> ResolveChain(const ChainAttrs& attrs);

}  // namespace sluice
