// Activations that TensorFlow defines for real types only.
#pragma once

#include "core/attrs.h"

namespace sluice {

// Relu, Relu6 and their gradients.
struct ReluAttrs {
  DataType T = DataType::kFloat;
  bool operator==(const ReluAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T,
               OneOf({DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kUint8, DataType::kInt16,
                      DataType::kInt8, DataType::kInt64, DataType::kBfloat16, DataType::kUint16, DataType::kHalf,
                      DataType::kUint32, DataType::kUint64}));
  }
};

// Elu, Selu, Softplus and their gradients.
struct SmoothActivationAttrs {
  DataType T = DataType::kFloat;
  bool operator==(const SmoothActivationAttrs&) const = default;
  void Visit(auto& v) { v.Required("T", T, OneOf(kFloatingTypes)); }
};

struct LeakyReluAttrs {
  float alpha = 0.2F;
  DataType T = DataType::kFloat;
  bool operator==(const LeakyReluAttrs&) const = default;
  void Visit(auto& v) {
    v.Optional("alpha", alpha);
    v.Optional("T", T, OneOf(kFloatingTypes));
  }
};

}  // namespace sluice
