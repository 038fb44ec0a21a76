// Element types of tensors, with TensorFlow's numbers (types.proto).
#pragma once

#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

#include "core/api.h"

namespace SLUICE_API sluice {

enum class DataType : int32_t {
  kInvalid = 0,
  kFloat = 1,
  kDouble = 2,
  kInt32 = 3,
  kUint8 = 4,
  kInt16 = 5,
  kInt8 = 6,
  kString = 7,
  kComplex64 = 8,
  kInt64 = 9,
  kBool = 10,
  kQint8 = 11,
  kQuint8 = 12,
  kQint32 = 13,
  kBfloat16 = 14,
  kQint16 = 15,
  kQuint16 = 16,
  kUint16 = 17,
  kComplex128 = 18,
  kHalf = 19,
  kResource = 20,
  kVariant = 21,
  kUint32 = 22,
  kUint64 = 23,
  kFloat8E5M2 = 24,
  kFloat8E4M3 = 25,
};

// 16-bit storage formats; arithmetic is done in float.
struct Bfloat16 {
  uint16_t bits = 0;
  Bfloat16() = default;
  explicit Bfloat16(float value);  // round to nearest, ties to even; NaN stays NaN
  explicit operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }
  bool operator==(const Bfloat16&) const = default;
};
struct Half {
  uint16_t bits = 0;
  Half() = default;
  explicit Half(float value);  // round to nearest, ties to even
  explicit operator float() const;
  bool operator==(const Half&) const = default;
};

// The type's name in TensorFlow's text form without "DT_", in lower case: "float", "int32", "resource".
absl::string_view DataTypeName(DataType dtype);
// The inverse, also with "DT_" and in upper case; kInvalid when there is no such type.
DataType DataTypeFromName(absl::string_view name);
// True for the types listed above except kInvalid.
bool IsKnownDataType(int32_t number);

// Bytes an element takes in memory; for string, resource and variant the size of the C++ object; 0 for
// kInvalid.
size_t DataTypeSize(DataType dtype);
// True where elements are plain bytes that memcpy may move.
bool IsTrivial(DataType dtype);
bool IsFloating(DataType dtype);  // half, bfloat16, float, double
inline bool IsHalfPrecision(DataType dtype) { return dtype == DataType::kHalf || dtype == DataType::kBfloat16; }
bool IsInteger(DataType dtype);  // signed and unsigned, not bool, not quantized

template <class T>
struct DataTypeOf;
#define SLUICE_DATA_TYPE(cpp, value)                    \
  template <>                                           \
  struct DataTypeOf<cpp> {                              \
    static constexpr DataType kValue = DataType::value; \
  };
SLUICE_DATA_TYPE(float, kFloat)
SLUICE_DATA_TYPE(double, kDouble)
SLUICE_DATA_TYPE(int8_t, kInt8)
SLUICE_DATA_TYPE(int16_t, kInt16)
SLUICE_DATA_TYPE(int32_t, kInt32)
SLUICE_DATA_TYPE(int64_t, kInt64)
SLUICE_DATA_TYPE(uint8_t, kUint8)
SLUICE_DATA_TYPE(uint16_t, kUint16)
SLUICE_DATA_TYPE(uint32_t, kUint32)
SLUICE_DATA_TYPE(uint64_t, kUint64)
SLUICE_DATA_TYPE(bool, kBool)
SLUICE_DATA_TYPE(Bfloat16, kBfloat16)
SLUICE_DATA_TYPE(Half, kHalf)
SLUICE_DATA_TYPE(std::complex<float>, kComplex64)
SLUICE_DATA_TYPE(std::complex<double>, kComplex128)
SLUICE_DATA_TYPE(std::string, kString)
#undef SLUICE_DATA_TYPE
template <class T>
inline constexpr DataType kDataTypeOf = DataTypeOf<T>::kValue;

template <class T>
struct TypeTag {
  using type = T;
};

// Calls f(TypeTag<T>{}) with the C++ type of `dtype` among float, double, int32, int64, uint8 and bool, the
// types that the arithmetic kernels cover; returns false for any other type. Kernels use it in Prepare to
// pick a function.
template <class F>
bool VisitBasicType(DataType dtype, F&& f) {
  switch (dtype) {
    case DataType::kFloat:
      f(TypeTag<float>{});
      return true;
    case DataType::kDouble:
      f(TypeTag<double>{});
      return true;
    case DataType::kInt32:
      f(TypeTag<int32_t>{});
      return true;
    case DataType::kInt64:
      f(TypeTag<int64_t>{});
      return true;
    case DataType::kUint8:
      f(TypeTag<uint8_t>{});
      return true;
    case DataType::kBool:
      f(TypeTag<bool>{});
      return true;
    default:
      return false;
  }
}

// The same with half and bfloat16, for what moves and converts elements.
template <class F>
bool VisitBasicOrHalfType(DataType dtype, F&& f) {
  if (dtype == DataType::kHalf) return f(TypeTag<Half>{}), true;
  if (dtype == DataType::kBfloat16) return f(TypeTag<Bfloat16>{}), true;
  return VisitBasicType(dtype, f);
}

}  // namespace sluice
