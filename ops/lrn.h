// Local response normalisation across channels (Krizhevsky et al. 2012, section 3.3), and its gradient.
#pragma once

#include "core/attrs.h"

namespace sluice {

// output[c] = input[c] / (bias + alpha * (sum of input[k]^2 over |k - c| <= depth_radius))^beta.
struct LRNAttrs {
  int64_t depth_radius = 5;
  float bias = 1;
  float alpha = 1;
  float beta = 0.5;
  DataType T = DataType::kFloat;
  bool operator==(const LRNAttrs&) const = default;
  void Visit(auto& v) {
    v.Optional("depth_radius", depth_radius);
    v.Optional("bias", bias);
    v.Optional("alpha", alpha);
    v.Optional("beta", beta);
    v.Optional("T", T, OneOf({DataType::kHalf, DataType::kBfloat16, DataType::kFloat}));
  }
};

}  // namespace sluice
