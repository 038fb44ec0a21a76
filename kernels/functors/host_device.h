// Functors compile for the host and, by nvcc, for the device.
#pragma once

#if defined(__CUDACC__)
#define SLUICE_HOST_DEVICE __host__ __device__
#else
#define SLUICE_HOST_DEVICE
#endif

// In front of a loop whose iterations do not depend on each other, also where its output is one of its inputs
// (element i in place of element i), which the compiler cannot see.
#if defined(__CUDACC__)
#define SLUICE_INDEPENDENT
#elif defined(__clang__)
#define SLUICE_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define SLUICE_INDEPENDENT _Pragma("GCC ivdep")
#else
#define SLUICE_INDEPENDENT
#endif
