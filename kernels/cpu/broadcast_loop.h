// How a kernel walks over inputs that broadcast to one output.
//
// Neighbouring dimensions that every input repeats, or none does, are one. What remains is cut into blocks of
// `rows` rows of `n` elements; the kernel's function computes a block, so that the common cases (equal
// shapes, a scalar, a row or a column for all) are one call.
#pragma once

#include "core/parallel.h"
#include "kernels/shared/strided.h"

namespace sluice::cpu {

using kernels::StridedSpace;
using kernels::StridedWalk;

template <int kInputs>
struct BroadcastLoop {
  int64_t n = 1;                                // elements of a row
  std::array<int64_t, kInputs> inner_stride{};  // each input's, in a row: 0 or 1
  int64_t rows = 1;                             // rows of a block
  std::array<int64_t, kInputs> row_stride{};    // from row to row
  StridedSpace<kInputs> blocks;
  int64_t total_rows = 1;  // 0 where the output is empty
  bool is_one_block = true;

  // InvalidArgument where an input does not broadcast to the output.
  static absl::StatusOr<BroadcastLoop> Create(const std::array<const Shape*, kInputs>& inputs, const Shape& output) {
    SLUICE_ASSIGN_OR_RETURN(StridedSpace<kInputs> space, kernels::BroadcastSpace<kInputs>(inputs, output));
    BroadcastLoop loop;
    loop.inner_stride.fill(1);  // of a single element: as good as equal shapes
    if (space.rank() > 0) loop.n = space.PopInner(loop.inner_stride);
    loop.rows = space.PopInner(loop.row_stride);
    loop.total_rows = output.num_elements() == 0 ? 0 : space.size() * loop.rows;
    loop.blocks = std::move(space);
    loop.is_one_block = loop.total_rows == loop.rows;
    return loop;
  }

  // Calls f(offsets of the inputs, offset of the output, rows, n) for parts that cover the output; the parts
  // are worth `grain` elements at least where they run on several threads.
  template <class F>
  void Run(int threads, int64_t grain, F&& f) const {
    if (total_rows == 0) return;
    if (total_rows == 1) {
      ParallelFor(threads, n, grain, [&](int64_t begin, int64_t end) {
        std::array<int64_t, kInputs> offsets;
        for (int a = 0; a < kInputs; ++a) offsets[a] = begin * inner_stride[a];
        f(offsets, begin, int64_t{1}, end - begin);
      });
      return;
    }
    ParallelFor(threads, total_rows, std::max<int64_t>(grain / n, 1), [&](int64_t row, int64_t end) {
      StridedWalk<kInputs> walk(blocks, row / rows);
      int64_t skipped = row % rows;
      while (row < end) {
        const int64_t count = std::min(rows - skipped, end - row);
        std::array<int64_t, kInputs> offsets = walk.offsets();
        for (int a = 0; a < kInputs; ++a) offsets[a] += skipped * row_stride[a];
        f(offsets, row * n, count, n);
        row += count;
        skipped = 0;
        if (row < end) walk.Next();
      }
    });
  }
};

}  // namespace sluice::cpu
