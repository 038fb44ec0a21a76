// Arithmetic on two tensors (AddN: on several), element by element; all but AddN broadcast.
#pragma once

#include "core/attrs.h"

namespace sluice {

// Without complex numbers: what has an order and a remainder.
inline constexpr DataType kRealTypes[] = {DataType::kFloat,  DataType::kDouble, DataType::kInt32,    DataType::kInt64,
                                          DataType::kUint8,  DataType::kInt8,   DataType::kInt16,    DataType::kUint16,
                                          DataType::kUint32, DataType::kUint64, DataType::kBfloat16, DataType::kHalf};

struct AddAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const AddAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T,
               OneOf({DataType::kBfloat16, DataType::kHalf, DataType::kFloat, DataType::kDouble, DataType::kUint8,
                      DataType::kInt8, DataType::kInt16, DataType::kInt32, DataType::kInt64, DataType::kComplex64,
                      DataType::kComplex128, DataType::kString}));
  }
};

// AddV2, Sub, Mul, RealDiv, FloorDiv.
struct ArithmeticAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const ArithmeticAttrs&) const = default;
  void Visit(auto& v) { v.Required("T", T, OneOf(kNumberTypes)); }
};

// FloorMod, Maximum, Minimum.
struct RealArithmeticAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const RealArithmeticAttrs&) const = default;
  void Visit(auto& v) { v.Required("T", T, OneOf(kRealTypes)); }
};

struct SquaredDifferenceAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const SquaredDifferenceAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T,
               OneOf({DataType::kBfloat16, DataType::kHalf, DataType::kFloat, DataType::kDouble, DataType::kInt32,
                      DataType::kInt64, DataType::kComplex64, DataType::kComplex128}));
  }
};

struct PowAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const PowAttrs&) const = default;
  void Visit(auto& v) {
    v.Required(
        "T", T,
        OneOf({DataType::kBfloat16, DataType::kFloat, DataType::kHalf, DataType::kDouble, DataType::kInt8,
               DataType::kInt16, DataType::kInt32, DataType::kInt64, DataType::kComplex64, DataType::kComplex128}));
  }
};

struct AddNAttrs {
  int64_t N = 0;
  DataType T = DataType::kInvalid;
  bool operator==(const AddNAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("N", N, AtLeast(1));
    v.Required("T", T, OneOf({DataType::kFloat,    DataType::kDouble,     DataType::kInt32,  DataType::kUint8,
                              DataType::kInt16,    DataType::kInt8,       DataType::kInt64,  DataType::kComplex64,
                              DataType::kQint8,    DataType::kQuint8,     DataType::kQint32, DataType::kQint16,
                              DataType::kQuint16,  DataType::kUint16,     DataType::kUint32, DataType::kUint64,
                              DataType::kBfloat16, DataType::kComplex128, DataType::kHalf,   DataType::kVariant}));
  }
};

}  // namespace sluice
