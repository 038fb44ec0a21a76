// The order of filters: the graph's are HWIO, cuDNN wants OHWI for images that are NHWC. As matrices, one is the other's
// transpose.
#pragma once

#include "kernels/gpu/index_space.h"
#include "kernels/gpu/launch.h"

namespace sluice::gpu {

// to[c, r] = from[r, c] of a matrix [rows, columns].
template <class T>
absl::Status Turn(RunContext& ctx, const T* from, T* to, int64_t rows, int64_t columns) {
  const Divisor by(rows > 0 ? rows : 1);
  return Launch(ctx, rows * columns, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const int64_t column = by.Divide(i);
    to[i] = from[(i - column * by.by()) * columns + column];
  });
}

}  // namespace sluice::gpu
