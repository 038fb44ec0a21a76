// oneDNN behind an interface of our own: no files but onednn*.cc see its headers, and its errors come back as
// Status.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/kernel.h"
#include "core/status.h"
#include "kernels/cpu/conv_algorithm.h"
#include "ops/fused_ops.h"

namespace sluice::cpu {

// c = op(a) op(b), plus c where `accumulate`; row-major, op transposes where asked for; lda, ldb and ldc are
// the numbers of elements between rows as stored. Uses the threads of the caller (SetThreadsOfCaller), one
// inside a parallel loop.
absl::Status Sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
                   const float* b, int64_t ldb, bool accumulate, float* c, int64_t ldc);

// One direction of a convolution of float tensors in NHWC and HWIO. Create and Run under the same number of
// threads of the caller. Immutable but for SetConstantFilter; Run is thread-safe with a state for each
// caller.
class OnednnConvolution {
 public:
  // Takes the first implementation that AcceptsImplementation does. Unimplemented where there is none.
  // `epilogue` belongs to kForward; under an activation a NaN may become a number. With a residual, y holds it when Run
  // is called. REQUIRES: no dimension is 0.
  static absl::StatusOr<std::unique_ptr<OnednnConvolution>> Create(ConvDirection direction,
                                                                   const Conv2DGeometry& geometry,
                                                                   const Epilogue& epilogue);
  virtual ~OnednnConvolution() = default;

  // oneDNN's name of the implementation: "jit:avx512_core".
  virtual const std::string& implementation() const = 0;
  // Reorders a filter once; Run then does not read the one it is given. Not for kFilter.
  virtual absl::Status SetConstantFilter(const float* filter) = 0;
  virtual size_t scratch_bytes() const = 0;
  virtual std::unique_ptr<KernelState> NewState() const = 0;
  // kForward: y = x * filter, then the epilogue. kInput: x from filter and y. kFilter: filter from x and y.
  // What is not written is only read. `bias` is for an epilogue with one. `state` is from NewState; `scratch`
  // is aligned to 64 bytes.
  virtual absl::Status Run(KernelState& state, float* x, float* filter, const float* bias, float* y,
                           void* scratch) const = 0;
};

}  // namespace sluice::cpu
