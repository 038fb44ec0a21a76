// The loops of a reduction, in an order that depends on the shapes alone.
#pragma once

#include <algorithm>

#include "core/parallel.h"
#include "kernels/functors/host_device.h"
#include "kernels/shared/reduce_plan.h"

namespace sluice::cpu {

using kernels::StridedWalk;

// The innermost dimension is a row, taken out of `kept` or `reduced`.
struct ReduceLoop : kernels::ReducePlan {
  int64_t n = 1;  // elements of a row

  static ReduceLoop Create(const Shape& input, const std::vector<bool>& is_reduced) {
    ReduceLoop loop{ReducePlan::Create(input, is_reduced)};
    std::array<int64_t, 1> step;
    loop.n = (loop.inner_reduced ? loop.reduced : loop.kept).PopInner(step);
    return loop;
  }
};

inline constexpr int64_t kReduceGrain = 1 << 15;
inline constexpr int64_t kBlockElements = 1024;  // of a row, reduced in the block type
inline constexpr int64_t kBlockRows = 128;       // rows combined in the block type
inline constexpr int64_t kColumns = 64;          // of rows that are combined, at a time

// Where there are few outputs, the reduced elements are cut into this many parts, whose totals are combined
// in the end. It depends on the sizes alone, so that the result does not depend on the number of threads.
inline int64_t ReduceParts(const ReduceLoop& plan) {
  const int64_t tasks = plan.inner_reduced ? plan.outputs : (plan.outputs + kColumns - 1) / kColumns;
  if (tasks >= 16) return 1;
  const int64_t work = plan.count * std::min(plan.outputs, kColumns);
  return std::clamp<int64_t>(work / (2 * kReduceGrain), 1, 16);
}

// One row to a total.
template <class R, class T>
typename R::template Total<T> ReduceRow(const T* x, int64_t n) {
  using Block = typename R::template Block<T>;
  using Total = typename R::template Total<T>;
  constexpr int kLanes = 32;
  Total total = R::template kStart<Total>;
  for (int64_t begin = 0; begin < n; begin += kBlockElements) {
    const int64_t end = std::min(n, begin + kBlockElements);
    Block lanes[kLanes];
    std::fill_n(lanes, kLanes, R::template kStart<Block>);
    int64_t i = begin;
    for (; i + kLanes <= end; i += kLanes) {
      for (int l = 0; l < kLanes; ++l) lanes[l] = R::Combine(lanes[l], static_cast<Block>(x[i + l]));
    }
    for (int l = 0; i < end; ++i, ++l) lanes[l] = R::Combine(lanes[l], static_cast<Block>(x[i]));
    for (int width = kLanes / 2; width > 0; width /= 2) {
      for (int l = 0; l < width; ++l) lanes[l] = R::Combine(lanes[l], lanes[l + width]);
    }
    total = R::Combine(total, static_cast<Total>(lanes[0]));
  }
  return total;
}

// Rows `begin` to `end` of the reduced space, from x on, to one total.
template <class R, class T>
typename R::template Total<T> ReduceRows(const ReduceLoop& plan, const T* x, int64_t begin, int64_t end) {
  using Total = typename R::template Total<T>;
  Total total = R::template kStart<Total>;
  if (begin >= end) return total;
  StridedWalk<1> walk(plan.reduced, begin);
  for (int64_t row = begin; row < end; ++row, walk.Next()) {
    total = R::Combine(total, ReduceRow<R, T>(x + walk.offsets()[0], plan.n));
  }
  return total;
}

// Rows `begin` to `end` of the reduced space, `columns` elements of each from x on, combined into
// totals[columns].
template <class R, class T>
void CombineRows(const ReduceLoop& plan, const T* x, int64_t columns, int64_t begin, int64_t end,
                 typename R::template Total<T>* totals) {
  using Block = typename R::template Block<T>;
  using Total = typename R::template Total<T>;
  std::fill_n(totals, columns, R::template kStart<Total>);
  if (begin >= end) return;
  StridedWalk<1> walk(plan.reduced, begin);
  while (begin < end) {
    Block block[kColumns];
    std::fill_n(block, kColumns, R::template kStart<Block>);
    for (const int64_t stop = std::min(end, begin + kBlockRows); begin < stop; ++begin, walk.Next()) {
      const T* row = x + walk.offsets()[0];
      if (columns == kColumns) {
        for (int64_t c = 0; c < kColumns; ++c) block[c] = R::Combine(block[c], static_cast<Block>(row[c]));
      } else {
        for (int64_t c = 0; c < columns; ++c) block[c] = R::Combine(block[c], static_cast<Block>(row[c]));
      }
    }
    for (int64_t c = 0; c < columns; ++c) totals[c] = R::Combine(totals[c], static_cast<Total>(block[c]));
  }
}

// Output elements [first, first + columns), which lie in one row, of part `part` of `parts`, into `totals`.
template <class R, class T>
void ReducePart(const ReduceLoop& plan, const T* x, int64_t first, int64_t columns, int64_t part, int64_t parts,
                typename R::template Total<T>* totals) {
  // A lone row is cut along itself, several rows are dealt out.
  const int64_t rows = plan.reduced.size();
  if (plan.inner_reduced) {
    x += StridedWalk<1>(plan.kept, first).offsets()[0];
    if (rows == 1) {
      const int64_t begin = plan.n * part / parts, end = plan.n * (part + 1) / parts;
      *totals = ReduceRow<R, T>(x + begin, end - begin);
    } else {
      *totals = ReduceRows<R, T>(plan, x, rows * part / parts, rows * (part + 1) / parts);
    }
  } else {
    x += StridedWalk<1>(plan.kept, first / plan.n).offsets()[0] + first % plan.n;
    CombineRows<R, T>(plan, x, columns, rows * part / parts, rows * (part + 1) / parts, totals);
  }
}

// The whole reduction. `scratch` holds parts * outputs totals where parts > 1.
template <class R, class T>
void Reduce(const ReduceLoop& plan, const void* input, void* output, void* scratch, int64_t parts, int threads) {
  using Total = typename R::template Total<T>;
  if (plan.outputs == 0) return;
  const T* x = static_cast<const T*>(input);
  T* y = static_cast<T*>(output);
  Total* partial = static_cast<Total*>(scratch);
  // A task is one output, or up to kColumns of one row.
  const int64_t width = plan.inner_reduced ? 1 : std::min(kColumns, plan.n);
  const int64_t tasks_of_row = plan.inner_reduced ? 1 : (plan.n + width - 1) / width;
  const int64_t tasks = plan.inner_reduced ? plan.outputs : plan.outputs / plan.n * tasks_of_row;
  const int64_t grain = std::max<int64_t>(kReduceGrain / std::max<int64_t>(plan.count * width / parts, 1), 1);
  ParallelFor(threads, tasks * parts, grain, [&](int64_t begin, int64_t end) {
    for (; begin < end; ++begin) {
      const int64_t task = begin / parts, part = begin % parts;
      const int64_t column = task % tasks_of_row * width;
      const int64_t first = plan.inner_reduced ? task : task / tasks_of_row * plan.n + column;
      const int64_t columns = plan.inner_reduced ? 1 : std::min(width, plan.n - column);
      Total totals[kColumns];
      ReducePart<R, T>(plan, x, first, columns, part, parts, totals);
      for (int64_t c = 0; c < columns; ++c) {
        if (parts > 1) {
          partial[part * plan.outputs + first + c] = totals[c];
        } else {
          y[first + c] = R::template Finish<T>(totals[c], plan.count);
        }
      }
    }
  });
  for (int64_t i = 0; parts > 1 && i < plan.outputs; ++i) {
    Total total = partial[i];
    for (int64_t part = 1; part < parts; ++part) total = R::Combine(total, partial[part * plan.outputs + i]);
    y[i] = R::template Finish<T>(total, plan.count);
  }
}

}  // namespace sluice::cpu
