// Conversion between float and the two storage formats of 16 bits, to the nearest, ties to even. The constructors in
// core/types.h give the same bits; these can be inlined and compiled for a device.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/types.h"
#include "kernels/functors/host_device.h"
#if defined(__CUDACC__)
#include <cuda_fp16.h>
#elif defined(__F16C__)
#include <immintrin.h>
#endif

namespace sluice::functors {

SLUICE_HOST_DEVICE inline float Widen(Bfloat16 x) {
  const uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float y;
  std::memcpy(&y, &bits, sizeof(y));
  return y;
}

SLUICE_HOST_DEVICE inline float Widen(Half x) {
#if defined(__CUDACC__)
  return __half2float(__ushort_as_half(x.bits));
#elif defined(__F16C__)
  return _cvtsh_ss(x.bits);
#else
  return static_cast<float>(x);
#endif
}

template <class T>
SLUICE_HOST_DEVICE inline T Narrow(float x);

template <>
SLUICE_HOST_DEVICE inline Bfloat16 Narrow<Bfloat16>(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const uint32_t nan = (bits >> 16) | 0x40;
  Bfloat16 y;
  y.bits = static_cast<uint16_t>(x != x ? nan : rounded);
  return y;
}

template <>
SLUICE_HOST_DEVICE inline Half Narrow<Half>(float x) {
#if defined(__CUDACC__)
  Half y;
  y.bits = __half_as_ushort(__float2half_rn(x));
  return y;
#elif defined(__F16C__)
  Half y;
  y.bits = static_cast<uint16_t>(_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT));
  return y;
#else
  return Half(x);
#endif
}

// An element as arithmetic takes it, float in the place of the formats of 16 bits, and back.
template <class T>
SLUICE_HOST_DEVICE inline T Load(T x) {
  return x;
}
SLUICE_HOST_DEVICE inline float Load(Bfloat16 x) { return Widen(x); }
SLUICE_HOST_DEVICE inline float Load(Half x) { return Widen(x); }

template <class T>
using Loaded = decltype(Load(T{}));

template <class T>
SLUICE_HOST_DEVICE inline T Store(Loaded<T> x) {
  if constexpr (std::is_same_v<T, Loaded<T>>) {
    return x;
  } else {
    return Narrow<T>(x);
  }
}

}  // namespace sluice::functors
