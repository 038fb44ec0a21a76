// Copies between strided arrays: what Transpose, Slice, StridedSlice, Pad, Tile, ConcatV2 and Pack come down
// to.
#pragma once

#include "core/kernel.h"
#include "core/shape.h"
#include "core/types.h"

namespace sluice::cpu {

// For every index i within `dims`: to[to_offset + i·to_strides] = from[from_offset + i·from_strides]. Strides
// and offsets count elements; strides may be negative, from_strides also 0.
struct StridedCopy {
  Dims dims;
  Dims from_strides;
  Dims to_strides;
  int64_t from_offset = 0;
  int64_t to_offset = 0;
};

// The strides of a dense array in row-major order.
Dims RowMajorStrides(absl::Span<const int64_t> dims);

// How another device than the CPU does it. Elements are of 1, 2, 4, 8 or 16 bytes.
struct CopyBackend {
  // `copy` has no dimension of size 1, none that can be merged into its neighbour, and at least one element.
  absl::Status (*copy)(RunContext& ctx, const StridedCopy& copy, size_t element, const void* from, void* to);
  absl::Status (*clear)(RunContext& ctx, void* to, size_t bytes);
};

// A copy with its loops chosen. Cheap to copy; makes no allocation up to rank 6.
class Copier {
 public:
  Copier() = default;
  // REQUIRES: a valid dtype, and that every index lies within the two arrays, which do not overlap. `backend` is null for
  // the CPU, and outlives this.
  Copier(DataType dtype, const StridedCopy& copy, const CopyBackend* backend = nullptr);
  // Thread-safe.
  absl::Status Run(RunContext& ctx, const void* from, void* to, int threads) const {
    if (backend_ != nullptr) return is_empty_ ? absl::OkStatus() : backend_->copy(ctx, copy_, element_, from, to);
    run_(*this, from, to, threads);
    return absl::OkStatus();
  }
  // True where both sides are one contiguous run from offset 0.
  bool IsWhole() const {
    return copy_.from_offset == 0 && copy_.to_offset == 0 &&
           (copy_.dims.empty() || (copy_.dims.size() == 1 && copy_.from_strides[0] == 1 && copy_.to_strides[0] == 1));
  }

 private:
  using RunFn = void (*)(const Copier&, const void* from, void* to, int threads);
  template <class T>
  static RunFn Choose(StridedCopy& copy);

  // Simplified: no dimension of size 1, none that can be merged into its neighbour.
  StridedCopy copy_;
  const CopyBackend* backend_ = nullptr;
  size_t element_ = 0;
  bool is_empty_ = true;
  RunFn run_ = [](const Copier&, const void*, void*, int) {};
};

}  // namespace sluice::cpu
