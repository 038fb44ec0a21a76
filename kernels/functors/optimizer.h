// What optimisers do to a variable's elements. The loops are for a range that a thread of the host works through; on a
// device each thread has a range of one element.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/functors/host_device.h"

namespace sluice::functors {

// What an update's loop is given.
struct UpdateArguments {
  static constexpr int kMaxVariables = 4, kMaxScalars = 6;
  void* variables[kMaxVariables];
  const void* scalars[kMaxScalars];  // in the order of the inputs
  const void* gradient;
};
// Several updates at a time: element i of all of them one after the other belongs to the first whose end is above i.
struct UpdateTable {
  // Small enough to be handed to a device with a launch.
  static constexpr int kMost = 12;
  int count = 0;
  int64_t ends[kMost] = {};
  void* variables[kMost][UpdateArguments::kMaxVariables] = {};
  const void* gradients[kMost] = {};
  const void* scalars[UpdateArguments::kMaxScalars] = {};

  SLUICE_HOST_DEVICE int64_t BeginOf(int update) const { return update == 0 ? 0 : ends[update - 1]; }
  SLUICE_HOST_DEVICE UpdateArguments Of(int update) const {
    UpdateArguments in;
    for (int v = 0; v < UpdateArguments::kMaxVariables; ++v) in.variables[v] = variables[update][v];
    for (int s = 0; s < UpdateArguments::kMaxScalars; ++s) in.scalars[s] = scalars[s];
    in.gradient = gradients[update];
    return in;
  }
};
// Elements [begin, end). The gradient may be the memory of one of the variables (a loss that is linear in it): every
// element has to be read before it is written, and nothing may depend on a neighbour.
using UpdateLoop = void (*)(const UpdateArguments& in, int64_t begin, int64_t end);

template <class T>
SLUICE_HOST_DEVICE void GradientDescentLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T* v = static_cast<T*>(in.variables[0]);
  const T* d = static_cast<const T*>(in.gradient);
  const T rate = *static_cast<const T*>(in.scalars[0]);
  SLUICE_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) v[i] -= rate * d[i];
}

template <class T, bool kNesterov>
SLUICE_HOST_DEVICE void MomentumLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *v = static_cast<T*>(in.variables[0]), *a = static_cast<T*>(in.variables[1]);
  const T* g = static_cast<const T*>(in.gradient);
  const T rate = *static_cast<const T*>(in.scalars[0]), momentum = *static_cast<const T*>(in.scalars[1]);
  SLUICE_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const T gradient = g[i];
    const T sum = a[i] * momentum + gradient;
    a[i] = sum;
    v[i] -= kNesterov ? gradient * rate + sum * momentum * rate : sum * rate;
  }
}

// The rate is within the accumulator.
template <class T, bool kNesterov>
SLUICE_HOST_DEVICE void KerasMomentumLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *v = static_cast<T*>(in.variables[0]), *a = static_cast<T*>(in.variables[1]);
  const T* g = static_cast<const T*>(in.gradient);
  const T rate = *static_cast<const T*>(in.scalars[0]), momentum = *static_cast<const T*>(in.scalars[1]);
  SLUICE_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const T step = g[i] * rate;
    const T sum = a[i] * momentum - step;
    a[i] = sum;
    v[i] += kNesterov ? sum * momentum - step : sum;
  }
}

template <class T>
SLUICE_HOST_DEVICE T ScalarOf(const UpdateArguments& in, int i) {
  return *static_cast<const T*>(in.scalars[i]);
}
template <class T>
SLUICE_HOST_DEVICE T* VariableAt(const UpdateArguments& in, int i) {
  return static_cast<T*>(in.variables[i]);
}

// beta1_power, beta2_power, lr, beta1, beta2, epsilon.
template <class T, bool kNesterov>
SLUICE_HOST_DEVICE void AdamLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *var = VariableAt<T>(in, 0), *m = VariableAt<T>(in, 1), *v = VariableAt<T>(in, 2);
  const T* grad = static_cast<const T*>(in.gradient);
  const T beta1 = ScalarOf<T>(in, 3), rest1 = 1 - beta1, rest2 = 1 - ScalarOf<T>(in, 4), epsilon = ScalarOf<T>(in, 5);
  const T rate = ScalarOf<T>(in, 2) * std::sqrt(1 - ScalarOf<T>(in, 1)) / (1 - ScalarOf<T>(in, 0));
  SLUICE_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const T g = grad[i];
    const T mean = m[i] + (g - m[i]) * rest1;
    const T square = v[i] + (g * g - v[i]) * rest2;
    m[i] = mean;
    v[i] = square;
    var[i] -= (kNesterov ? g * rest1 + beta1 * mean : mean) * rate / (std::sqrt(square) + epsilon);
  }
}

// lr, rho, momentum, epsilon.
template <class T>
SLUICE_HOST_DEVICE void RmsPropLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *var = VariableAt<T>(in, 0), *ms = VariableAt<T>(in, 1), *mom = VariableAt<T>(in, 2);
  const T* grad = static_cast<const T*>(in.gradient);
  const T rate = ScalarOf<T>(in, 0), rest = 1 - ScalarOf<T>(in, 1), momentum = ScalarOf<T>(in, 2);
  const T epsilon = ScalarOf<T>(in, 3);
  SLUICE_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const T g = grad[i];
    const T square = ms[i] + (g * g - ms[i]) * rest;
    const T step = mom[i] * momentum + g * rate / std::sqrt(square + epsilon);
    ms[i] = square;
    mom[i] = step;
    var[i] -= step;
  }
}

template <class T>
SLUICE_HOST_DEVICE void CenteredRmsPropLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *var = VariableAt<T>(in, 0), *mg = VariableAt<T>(in, 1), *ms = VariableAt<T>(in, 2), *mom = VariableAt<T>(in, 3);
  const T* grad = static_cast<const T*>(in.gradient);
  const T rate = ScalarOf<T>(in, 0), rest = 1 - ScalarOf<T>(in, 1), momentum = ScalarOf<T>(in, 2);
  const T epsilon = ScalarOf<T>(in, 3);
  SLUICE_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const T g = grad[i];
    const T square = ms[i] + (g * g - ms[i]) * rest;
    const T mean = mg[i] + (g - mg[i]) * rest;
    const T step = mom[i] * momentum + g * rate / std::sqrt(square - mean * mean + epsilon);
    ms[i] = square;
    mg[i] = mean;
    mom[i] = step;
    var[i] -= step;
  }
}

// lr, with kEpsilon also epsilon.
template <class T, bool kEpsilon, bool kUpdateSlots>
SLUICE_HOST_DEVICE void AdagradLoop(const UpdateArguments& in, int64_t begin, int64_t end) {
  T *var = VariableAt<T>(in, 0), *accum = VariableAt<T>(in, 1);
  const T* grad = static_cast<const T*>(in.gradient);
  const T rate = ScalarOf<T>(in, 0), epsilon = kEpsilon ? ScalarOf<T>(in, 1) : T{0};
  SLUICE_INDEPENDENT
  for (int64_t i = begin; i < end; ++i) {
    const T g = grad[i];
    const T sum = kUpdateSlots ? accum[i] + g * g : accum[i];
    if (kUpdateSlots) accum[i] = sum;
    var[i] -= g * rate / (std::sqrt(sum) + epsilon);
  }
}

}  // namespace sluice::functors
