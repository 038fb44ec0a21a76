// Comparisons of two tensors and logic on bools; they broadcast.
#pragma once

#include "core/attrs.h"

namespace sluice {

// Greater, GreaterEqual, Less, LessEqual.
struct CompareAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const CompareAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T,
               OneOf({DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kUint8, DataType::kInt16,
                      DataType::kInt8, DataType::kInt64, DataType::kBfloat16, DataType::kUint16, DataType::kHalf,
                      DataType::kUint32, DataType::kUint64}));
  }
};

// Equal, NotEqual.
struct EqualAttrs {
  DataType T = DataType::kInvalid;
  bool incompatible_shape_error = true;  // else shapes that do not broadcast differ: one scalar
  bool operator==(const EqualAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T);
    v.Optional("incompatible_shape_error", incompatible_shape_error);
  }
};

}  // namespace sluice
