// Activations y = f(x) and their gradients dx = g(dy, x) or g(dy, y), the gradient first as in TensorFlow's ops.
#pragma once

#include "kernels/functors/float_math.h"

namespace sluice::functors {

struct ReluFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return x < T{} ? T{} : x;  // NaN stays NaN
  }
};
// A product, as in TensorFlow: a gradient that is NaN or infinite is not hidden where the unit is off.
struct ReluGradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T dy, T x) {
    return static_cast<T>(dy * (x > T{} ? T{1} : T{0}));
  }
};
struct Relu6Functor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    const T positive = x < T{} ? T{} : x;  // NaN stays NaN
    return positive > T{6} ? T{6} : positive;
  }
};
struct Relu6GradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T dy, T x) {
    return static_cast<T>(dy * (x > T{} && x < T{6} ? T{1} : T{}));
  }
};

// exp(x) - 1, also near 0.
template <class T>
SLUICE_HOST_DEVICE inline T ExpMinusOne(T x) {
  return std::expm1(x);
}
template <>
SLUICE_HOST_DEVICE inline float ExpMinusOne(float x) {
  // Taylor's series up to x^7; the next term is under 1e-8 of the first.
  float p = 1.9841270e-4f;
  p = MultiplyAdd(p, x, 1.3888889e-3f);
  p = MultiplyAdd(p, x, 8.3333333e-3f);
  p = MultiplyAdd(p, x, 4.1666667e-2f);
  p = MultiplyAdd(p, x, 1.6666667e-1f);
  p = MultiplyAdd(p, x, 0.5f);
  const float near_zero = MultiplyAdd(p * x, x, x);
  return std::fabs(x) < 0.5f ? near_zero : Exp(x) - 1.f;
}

struct EluFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return x < T{} ? ExpMinusOne(x) : x;
  }
};
struct EluGradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T dy, T y) {
    return y < T{} ? (y + T{1}) * dy : dy;
  }
};

// The fixed point of Klambauer et al., "Self-Normalizing Neural Networks" (2017), equation 14.
struct SeluFunctor {
  static constexpr double kScale = 1.0507009873554804934193349852946;
  static constexpr double kScaleAlpha = 1.7580993408473768599402175208123;
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    return x < T{} ? static_cast<T>(kScaleAlpha) * ExpMinusOne(x) : static_cast<T>(kScale) * x;
  }
};
struct SeluGradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T dy, T y) {
    return dy * (y < T{} ? y + static_cast<T>(SeluFunctor::kScaleAlpha) : static_cast<T>(SeluFunctor::kScale));
  }
};

// max(x, 0) + log(1 + exp(-|x|)), which neither overflows nor loses what is small.
struct SoftplusFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T x) {
    const T e = Exp(-std::fabs(x));
    const T u = T{1} + e;
    // log(u) has the rounding error of u; the quotient takes it out (Kahan).
    const T log = u == T{1} ? e : Log(u) * (e / (u - T{1}));
    return x > T{} ? x + log : x != x ? x : log;
  }
};
struct SoftplusGradFunctor {
  template <class T>
  SLUICE_HOST_DEVICE static T Apply(T dy, T x) {
    return dy * Sigmoid(x);
  }
};

}  // namespace sluice::functors
