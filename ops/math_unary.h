// Functions of one tensor, element by element, and the gradient ops that take their result.
#pragma once

#include "core/attrs.h"

namespace sluice {

inline constexpr DataType kFloatingOrComplexTypes[] = {DataType::kBfloat16,  DataType::kHalf,
                                                       DataType::kFloat,     DataType::kDouble,
                                                       DataType::kComplex64, DataType::kComplex128};

// Sqrt, Exp, SqrtGrad …
struct FloatingUnaryAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const FloatingUnaryAttrs&) const = default;
  void Visit(auto& v) { v.Required("T", T, OneOf(kFloatingOrComplexTypes)); }
};

// Neg, Sign, Reciprocal, Round.
struct NegAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const NegAttrs&) const = default;
  void Visit(auto& v) {
    v.Required(
        "T", T,
        OneOf({DataType::kBfloat16, DataType::kHalf, DataType::kFloat, DataType::kDouble, DataType::kInt8,
               DataType::kInt16, DataType::kInt32, DataType::kInt64, DataType::kComplex64, DataType::kComplex128}));
  }
};

struct SquareAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const SquareAttrs&) const = default;
  void Visit(auto& v) { v.Required("T", T, OneOf(kNumberTypes)); }
};

// Floor, Ceil.
struct RoundingAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const RoundingAttrs&) const = default;
  void Visit(auto& v) { v.Required("T", T, OneOf(kFloatingTypes)); }
};

struct AbsAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const AbsAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T,
               OneOf({DataType::kBfloat16, DataType::kHalf, DataType::kFloat, DataType::kDouble, DataType::kInt8,
                      DataType::kInt16, DataType::kInt32, DataType::kInt64}));
  }
};

}  // namespace sluice
