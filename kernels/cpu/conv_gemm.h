// Convolution as a matrix product (im2col), for every type and on plain tensors: with x as a matrix of
// windows [pixels of the output, window elements], the output is windows * filter, since HWIO is a matrix
// [window elements, out].
#pragma once

#include <type_traits>

#include "ops/conv.h"
#include "ops/fused_ops.h"

namespace sluice::cpu {

// How the matrix of windows is cut. Decided in Prepare.
struct ConvGemmPlan {
  Conv2DGeometry g;
  int threads = 1;
  bool no_windows = false;  // x is the matrix of windows itself: 1x1 filters, filters as large as the input
  int64_t pixels = 0;       // rows of the matrix: output pixels of all images
  int64_t piece = 0;        // rows that are multiplied at a time
  int workers = 1;          // that take pieces side by side; where 1, the product uses all threads
  size_t element_bytes = 0;
  bool accumulates = false;  // forward: y += x * w, then the epilogue

  // The windows of a piece for each worker, and for filters the workers' sums.
  size_t scratch_bytes = 0;
  // Elements of scratch for a worker's windows.
  int64_t windows_elements() const { return no_windows ? 0 : piece * g.window_elements(); }
};

// `whole_images`: pieces do not cut images (the input's gradient, where windows of an image overlap).
ConvGemmPlan PlanConvForward(const Conv2DGeometry& g, int threads, size_t element_bytes);
ConvGemmPlan PlanConvInput(const Conv2DGeometry& g, int threads, size_t element_bytes);
ConvGemmPlan PlanConvFilter(const Conv2DGeometry& g, int threads, size_t element_bytes);

// y = x * w, then the epilogue. The tensors are as the geometry says, `scratch` has the plan's bytes.
template <class T>
absl::Status ConvForward(const ConvGemmPlan& plan, const T* x, const T* w, const T* bias, EpilogueActivation activation,
                         T* y, T* scratch);
// dx, from w and dy.
template <class T>
absl::Status ConvInput(const ConvGemmPlan& plan, T* dx, const T* w, const T* dy, T* scratch);
// dw, from x and dy.
template <class T>
absl::Status ConvFilter(const ConvGemmPlan& plan, const T* x, T* dw, const T* dy, T* scratch);

}  // namespace sluice::cpu
