// The types of numbers that a device's memory holds, one by one.
#pragma once

#include <cmath>
#include <complex>
#include <type_traits>
#include <vector>

#include "core/tensor.h"

namespace sluice::gpu_check {

// Calls f(TypeTag<T>{}) with the C++ type; false for strings, handles and the like.
template <class F>
bool VisitPlainType(DataType dtype, F&& f) {
  switch (dtype) {
    case DataType::kInt8:
      f(TypeTag<int8_t>{});
      return true;
    case DataType::kInt16:
      f(TypeTag<int16_t>{});
      return true;
    case DataType::kUint16:
      f(TypeTag<uint16_t>{});
      return true;
    case DataType::kUint32:
      f(TypeTag<uint32_t>{});
      return true;
    case DataType::kUint64:
      f(TypeTag<uint64_t>{});
      return true;
    case DataType::kHalf:
      f(TypeTag<Half>{});
      return true;
    case DataType::kBfloat16:
      f(TypeTag<Bfloat16>{});
      return true;
    case DataType::kComplex64:
      f(TypeTag<std::complex<float>>{});
      return true;
    case DataType::kComplex128:
      f(TypeTag<std::complex<double>>{});
      return true;
    default:
      return VisitBasicType(dtype, f);
  }
}

template <class T>
inline constexpr bool kIsComplex = std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;
template <class T>
inline constexpr bool kIsShortFloat = std::is_same_v<T, Half> || std::is_same_v<T, Bfloat16>;

template <class T>
double ToDouble(T value) {
  if constexpr (kIsComplex<T>) {
    return static_cast<double>(value.real());
  } else if constexpr (kIsShortFloat<T>) {
    return static_cast<double>(static_cast<float>(value));
  } else {
    return static_cast<double>(value);
  }
}

// Numbers that the type does not have come out as others that it has, without undefined behaviour.
template <class T>
T FromDouble(double value) {
  if constexpr (kIsComplex<T>) {
    return T(static_cast<typename T::value_type>(value), 0);
  } else if constexpr (kIsShortFloat<T>) {
    return T(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_integral_v<T>) {
    if (!std::isfinite(value)) return T{};
    if constexpr (sizeof(T) == 1) value = std::fmod(value, 100);
    if constexpr (sizeof(T) == 2) value = std::fmod(value, 30000);
    return static_cast<T>(std::is_signed_v<T> ? value : std::fabs(value));
  } else {
    return static_cast<T>(value);
  }
}

// The elements, of complex numbers the real parts; none for types that are no numbers.
inline std::vector<double> ToDoubles(const Tensor& tensor) {
  std::vector<double> values;
  VisitPlainType(tensor.dtype(), [&]<class T>(TypeTag<T>) {
    for (const T& value : tensor.values<T>()) values.push_back(ToDouble(value));
  });
  return values;
}

}  // namespace sluice::gpu_check
