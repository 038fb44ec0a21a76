// What a fused op does to its result before it writes it: attribute `fused_ops` of _FusedMatMul, _FusedConv2D and
// _FusedDepthwiseConv2dNative, in TensorFlow's words.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"

namespace sluice {

enum class EpilogueActivation { kNone, kRelu, kRelu6 };

struct Epilogue {
  bool bias = false;  // the first of `args` is added to every row
  EpilogueActivation activation = EpilogueActivation::kNone;
};

// An optional "BiasAdd", then an optional "Relu" or "Relu6". Unimplemented for other names or another order;
// InvalidArgument where the number of further inputs is not what the names ask for.
absl::StatusOr<Epilogue> ParseFusedOps(const std::vector<std::string>& fused_ops, int64_t num_args);

}  // namespace sluice
