// Convolutions that write into the slices of a concat (graph/passes/slices.cc).
#pragma once

#include <string>
#include <vector>

#include "ops/conv.h"
#include "ops/fused_ops.h"

namespace sluice {

// _ConcatConv2D: the concat, along the channels, of branches that are each a tensor or a convolution in NHWC of its own.
struct ConcatConv2DAttrs {
  DataType T = DataType::kFloat;
  int64_t N = 0;                      // inputs in all
  std::vector<int64_t> num_inputs;    // of each branch: 1, the tensor itself; else input, filter and perhaps a bias
  std::vector<int64_t> strides;       // two for each branch: height, width
  std::vector<int64_t> dilations;     // likewise
  std::vector<std::string> paddings;  // one for each branch, as Conv2D's
  std::vector<int64_t> explicit_paddings;  // four for each branch: rows above and below, columns left and right
  std::vector<std::string> activations;    // one for each branch: "Relu", "Relu6" or ""
  bool operator==(const ConcatConv2DAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf({DataType::kHalf, DataType::kBfloat16, DataType::kFloat, DataType::kDouble}));
    v.Required("N", N, AtLeast(2));
    v.Required("num_inputs", num_inputs);
    v.Required("strides", strides);
    v.Required("dilations", dilations);
    v.Required("paddings", paddings);
    v.Required("explicit_paddings", explicit_paddings);
    v.Required("activations", activations);
  }
};

struct ConcatBranch {
  int first_input = 0;
  int num_inputs = 1;
  FusedConv2DAttrs conv;  // where it is one
  bool is_convolution() const { return num_inputs > 1; }
};

// InvalidArgument where the lists do not fit each other.
absl::StatusOr<std::vector<ConcatBranch>> ResolveConcatConv2D(const ConcatConv2DAttrs& attrs);
// Adds a branch.
void AddConcatBranch(const ConcatBranch& branch, ConcatConv2DAttrs& attrs);

}  // namespace sluice
