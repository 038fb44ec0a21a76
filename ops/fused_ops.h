// What a fused op does to its result before it writes it: attribute `fused_ops` of _FusedMatMul, _FusedConv2D and
// _FusedDepthwiseConv2dNative, in TensorFlow's words.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"

namespace sluice {

enum class EpilogueActivation { kNone, kRelu, kRelu6 };

struct Epilogue {
  bool bias = false;      // the first of `args` is added to every row
  bool residual = false;  // the last of `args` has the result's shape and is added to it
  EpilogueActivation activation = EpilogueActivation::kNone;

  int num_args() const { return (bias ? 1 : 0) + (residual ? 1 : 0); }
  bool is_none() const { return num_args() == 0 && activation == EpilogueActivation::kNone; }
};

// An optional "BiasAdd", then, of convolutions, an optional "Add", then an optional "Relu" or "Relu6". Unimplemented for other
// names or another order; InvalidArgument where the number of further inputs is not what the names ask for.
absl::StatusOr<Epilogue> ParseFusedOps(const std::vector<std::string>& fused_ops, int64_t num_args,
                                       bool is_convolution = false);

}  // namespace sluice
