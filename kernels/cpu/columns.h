// A tensor whose dimension is cut into pieces, seen as a matrix whose columns are: what ConcatV2, Pack, Unpack, Split and
// SplitV copy.
#pragma once

#include "kernels/cpu/strided_copy.h"

namespace sluice::cpu {

// [outer, along the axis and inside it].
struct ColumnView {
  int64_t outer = 1;
  int64_t inner = 1;  // elements for one step along the axis

  ColumnView(const Shape& shape, int axis) {
    for (int i = 0; i < axis; ++i) outer *= shape.dim(i);
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape.dim(i);
  }
};

// Copies between a dense [outer, length] and columns [offset, offset + length) of a dense [outer, pitch].
inline StridedCopy IntoColumns(int64_t outer, int64_t length, int64_t offset, int64_t pitch) {
  return {{outer, length}, {length, 1}, {pitch, 1}, 0, offset};
}
inline StridedCopy OutOfColumns(int64_t outer, int64_t length, int64_t offset, int64_t pitch) {
  return {{outer, length}, {pitch, 1}, {length, 1}, offset, 0};
}

}  // namespace sluice::cpu
