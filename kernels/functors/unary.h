// y = f(x), and the gradient functions dx = g(y, dy) of the same family.
#pragma once

#include "kernels/functors/arithmetic.h"
#include "kernels/functors/float_math.h"

namespace sluice::functors {

struct NegFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    if constexpr (std::is_integral_v<T>) return Minus(T{0}, x);
    return -x;  // not 0 - x, which loses the sign of zero
  }
};
struct SquareFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return Times(x, x);
  }
};
struct AbsFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    if constexpr (std::is_integral_v<T>) return x < 0 ? Minus(T{0}, x) : x;
    return std::fabs(x);
  }
};
struct SignFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>((x > 0) - (x < 0));
    return x > 0 ? T{1} : x < 0 ? T{-1} : x;  // NaN stays NaN
  }
};
struct FloorFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return std::floor(x);
  }
};
struct CeilFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return std::ceil(x);
  }
};
struct RoundFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return std::nearbyint(x);  // ties to even: nobody changes the rounding mode
  }
};
struct ReciprocalFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return T{1} / x;
  }
};
struct SqrtFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return std::sqrt(x);
  }
};
struct RsqrtFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return T{1} / std::sqrt(x);
  }
};
struct ExpFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return Exp(x);
  }
};
struct LogFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return Log(x);
  }
};
struct TanhFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return Tanh(x);
  }
};
struct SigmoidFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return Sigmoid(x);
  }
};
struct LogicalNotFunctor {
  SLUICE_HOST_DEVICE static bool Apply(bool x) { return !x; }
};

// No gradient into a function whose gradient is infinite stays none: 0 where dy is 0, as TensorFlow has it
// for these three.
struct ReciprocalGradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T y, T dy) {
    return dy == T{0} ? T{0} : dy * -(y * y);
  }
};
struct SqrtGradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T y, T dy) {
    return dy == T{0} ? T{0} : T{0.5} * dy / y;
  }
};
struct RsqrtGradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T y, T dy) {
    return dy == T{0} ? T{0} : T{-0.5} * dy * (y * y * y);
  }
};
struct TanhGradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T y, T dy) {
    return dy * MultiplyAdd(-y, y, T{1});  // near 1 the rounded square has few correct digits left
  }
};
struct SigmoidGradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T y, T dy) {
    return dy * y * (T{1} - y);
  }
};

}  // namespace sluice::functors
