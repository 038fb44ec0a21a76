// Conversion of one element. C++ leaves a floating-point number that its integer type cannot hold undefined;
// here, as x86's instructions have it and so TensorFlow on x86, it becomes the lowest integer of 32 or 64
// bits, of which uint8 takes the low byte (0). NaN counts as such a number. Integers wrap around; anything
// but 0 is true. The formats of 16 bits are converted through float, as TensorFlow does.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/functors/half.h"
#include "kernels/functors/host_device.h"

namespace sluice::functors {

template <class T>
inline constexpr bool kIsHalfPrecision = std::is_same_v<T, Half> || std::is_same_v<T, Bfloat16>;

template <class To, class From>
SLUICE_HOST_DEVICE inline To Cast(From x) {
  if constexpr (kIsHalfPrecision<From>) {
    return Cast<To>(Widen(x));
  } else if constexpr (kIsHalfPrecision<To>) {
    return Narrow<To>(static_cast<float>(x));
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if constexpr (sizeof(To) < sizeof(int32_t)) {
      return static_cast<To>(Cast<int32_t>(x));
    } else {
      constexpr To kLowest = std::numeric_limits<To>::lowest();
      constexpr From kLowestAsFrom = static_cast<From>(kLowest);  // exact: a power of two
      const bool fits = x >= kLowestAsFrom && x < -kLowestAsFrom;
      return fits ? static_cast<To>(x) : kLowest;
    }
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace sluice::functors
