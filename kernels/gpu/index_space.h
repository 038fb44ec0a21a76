// Positions in strided arrays, found on the device from an element's number.
#pragma once

#include <array>

#include "kernels/functors/host_device.h"
#include "kernels/shared/strided.h"

namespace sluice::gpu {

// Division by a number that is known on the host, by a multiplication where both fit into 31 bits (T. Granlund and
// P. Montgomery, "Division by invariant integers using multiplication", 1994).
class Divisor {
 public:
  Divisor() = default;
  explicit Divisor(int64_t by) : by_(by) {
    if (by > INT32_MAX) return;
    shift_ = 0;
    while ((int64_t{1} << shift_) < by) ++shift_;
    multiplier_ = static_cast<uint32_t>(
        ((uint64_t{1} << 32) * ((uint64_t{1} << shift_) - static_cast<uint64_t>(by))) / static_cast<uint64_t>(by) + 1);
  }
  SLUICE_HOST_DEVICE int64_t by() const { return by_; }
  // REQUIRES: n >= 0.
  SLUICE_HOST_DEVICE int64_t Divide(int64_t n) const {
    if (shift_ < 0 || n > INT32_MAX) return n / by_;
    const auto low = static_cast<uint32_t>(n);
    const auto high = static_cast<uint32_t>((uint64_t{low} * multiplier_) >> 32);
    return (high + low) >> shift_;
  }

 private:
  int64_t by_ = 1;
  int32_t shift_ = 0;
  uint32_t multiplier_ = 1;
};

// kernels::StridedSpace as plain values that a device's kernel takes by value.
template <int kArrays>
struct IndexSpace {
  int rank = 0;
  Divisor dims[kMaxRank];
  int64_t strides[kArrays][kMaxRank] = {};
  int64_t size = 1;

  IndexSpace() = default;
  explicit IndexSpace(const kernels::StridedSpace<kArrays>& space) : rank(space.rank()), size(space.size()) {
    for (int i = 0; i < rank; ++i) {
      dims[i] = Divisor(space.dims[i] > 0 ? space.dims[i] : 1);
      for (int a = 0; a < kArrays; ++a) strides[a][i] = space.strides[a][i];
    }
  }

  struct Offsets {
    int64_t of[kArrays];
  };
  // Of element `i` in row-major order.
  SLUICE_HOST_DEVICE Offsets At(int64_t i) const {
    Offsets offsets{};
    for (int d = rank - 1; d >= 0; --d) {
      const int64_t above = dims[d].Divide(i);
      const int64_t index = i - above * dims[d].by();
      for (int a = 0; a < kArrays; ++a) offsets.of[a] += index * strides[a][d];
      i = above;
    }
    return offsets;
  }
};

// A broadcast's (kernels/shared/strided.h).
template <int kInputs>
absl::StatusOr<IndexSpace<kInputs>> BroadcastSpace(const std::array<const Shape*, kInputs>& inputs,
                                                   const Shape& output) {
  SLUICE_ASSIGN_OR_RETURN(kernels::StridedSpace<kInputs> space, kernels::BroadcastSpace<kInputs>(inputs, output));
  return IndexSpace<kInputs>(space);
}

}  // namespace sluice::gpu
