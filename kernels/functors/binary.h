// z = f(x, y).
#pragma once

#include <limits>

#include "kernels/functors/arithmetic.h"
#include "kernels/functors/float_math.h"

namespace sluice::functors {

struct AddFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    return Plus(x, y);
  }
};
struct SubFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    return Minus(x, y);
  }
};
struct MulFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    return Times(x, y);
  }
};
struct RealDivFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    return x / y;
  }
};
struct SquaredDifferenceFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    const T d = Minus(x, y);
    return Times(d, d);
  }
};
// Of equals the second, and NaN where either is, as TensorFlow has them.
struct MaximumFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    return x > y || x != x ? x : y;
  }
};
struct MinimumFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    return x < y || x != x ? x : y;
  }
};

// For integers the caller sees to it that y is not 0. The lowest integer divided by -1 wraps around.
struct FloorDivFunctor {
  static constexpr bool kDivides = true;
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    if constexpr (!std::is_integral_v<T>) {
      return std::floor(x / y);
    } else {
      if constexpr (std::is_signed_v<T>) {
        if (y == T{-1}) return Minus(T{0}, x);
      }
      const T quotient = static_cast<T>(x / y);
      return (x < 0) != (y < 0) && quotient * y != x ? static_cast<T>(quotient - 1) : quotient;
    }
  }
};
struct FloorModFunctor {
  static constexpr bool kDivides = true;
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    if constexpr (!std::is_integral_v<T>) {
      const T remainder = std::fmod(x, y);
      return remainder != T{0} && (remainder < 0) != (y < 0) ? remainder + y : remainder;
    } else {
      if constexpr (std::is_signed_v<T>) {
        if (y == T{-1}) return T{0};
      }
      const T remainder = static_cast<T>(x % y);
      return remainder != 0 && (remainder < 0) != (y < 0) ? static_cast<T>(remainder + y) : remainder;
    }
  }
};

struct PowFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x, T y) {
    return std::pow(x, y);
  }
};

struct EqualFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static bool Apply(const T& x, const T& y) {
    return x == y;
  }
};
struct NotEqualFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static bool Apply(const T& x, const T& y) {
    return x != y;
  }
};
struct GreaterFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static bool Apply(T x, T y) {
    return x > y;
  }
};
struct GreaterEqualFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static bool Apply(T x, T y) {
    return x >= y;
  }
};
struct LessFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static bool Apply(T x, T y) {
    return x < y;
  }
};
struct LessEqualFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static bool Apply(T x, T y) {
    return x <= y;
  }
};
struct LogicalAndFunctor {
  SLUICE_HOST_DEVICE static bool Apply(bool x, bool y) { return x & y; }
};
struct LogicalOrFunctor {
  SLUICE_HOST_DEVICE static bool Apply(bool x, bool y) { return x | y; }
};

// Whether z = F(x, y) on T must not be computed for y = 0.
template <class F, class T>
constexpr bool DividesIntegers() {
  if constexpr (requires { F::kDivides; }) return std::is_integral_v<T>;
  return false;
}

}  // namespace sluice::functors
