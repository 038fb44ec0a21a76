// Walking over several arrays at once in the order of one index space, each with its own strides.
#pragma once

#include <array>
#include <vector>

#include "core/shape.h"

namespace sluice::kernels {

// The index space (outermost dimension first) and each array's stride in elements, 0 where it repeats.
template <int kArrays>
struct StridedSpace {
  Dims dims;
  std::array<Dims, kArrays> strides;

  int rank() const { return static_cast<int>(dims.size()); }
  int64_t size() const {
    int64_t product = 1;
    for (int64_t d : dims) product *= d;
    return product;
  }
  // Adds a dimension inside the others; joined with the one before it where every array steps evenly.
  void Append(int64_t dim, const std::array<int64_t, kArrays>& steps) {
    if (dim == 1) return;
    bool joins = !dims.empty();
    for (int a = 0; a < kArrays && joins; ++a) joins = strides[a].back() == steps[a] * dim;
    if (joins) {
      dims.back() *= dim;
      for (int a = 0; a < kArrays; ++a) strides[a].back() = steps[a];
    } else {
      dims.push_back(dim);
      for (int a = 0; a < kArrays; ++a) strides[a].push_back(steps[a]);
    }
  }
  // Takes the innermost dimension away: its size and strides; 1 and zeros where there is none.
  int64_t PopInner(std::array<int64_t, kArrays>& steps) {
    steps = {};
    if (dims.empty()) return 1;
    int64_t dim = dims.back();
    dims.pop_back();
    for (int a = 0; a < kArrays; ++a) {
      steps[a] = strides[a].back();
      strides[a].pop_back();
    }
    return dim;
  }
};

// A position in a StridedSpace, which must outlive it.
template <int kArrays>
class StridedWalk {
 public:
  // Starts at element `position` in row-major order. REQUIRES: less than size(), or 0.
  StridedWalk(const StridedSpace<kArrays>& space, int64_t position) : space_(space) {
    for (int i = space.rank() - 1; i >= 0; --i) {
      index_[i] = position % space.dims[i];
      position /= space.dims[i];
      for (int a = 0; a < kArrays; ++a) offsets_[a] += index_[i] * space.strides[a][i];
    }
  }
  // Of the position in each array, in elements.
  const std::array<int64_t, kArrays>& offsets() const { return offsets_; }
  void Next() {
    for (int i = space_.rank() - 1; i >= 0; --i) {
      for (int a = 0; a < kArrays; ++a) offsets_[a] += space_.strides[a][i];
      if (++index_[i] < space_.dims[i]) return;
      index_[i] = 0;
      for (int a = 0; a < kArrays; ++a) offsets_[a] -= space_.strides[a][i] * space_.dims[i];
    }
  }

 private:
  const StridedSpace<kArrays>& space_;
  std::array<int64_t, kArrays> offsets_{};
  int64_t index_[kMaxRank];  // on the stack; only rank() of them are used
};

// The space of a broadcast's output, and where each input has its elements. InvalidArgument where an input does not
// broadcast to the output.
template <int kInputs>
absl::StatusOr<StridedSpace<kInputs>> BroadcastSpace(const std::array<const Shape*, kInputs>& inputs,
                                                     const Shape& output) {
  StridedSpace<kInputs> space;
  std::array<int64_t, kInputs> size;  // elements of each input inside the dimension
  size.fill(1);
  std::vector<std::array<int64_t, kInputs>> strides(output.rank());
  for (int i = output.rank() - 1; i >= 0; --i) {
    for (int a = 0; a < kInputs; ++a) {
      const int at = i - output.rank() + inputs[a]->rank();
      const int64_t dim = at < 0 ? 1 : inputs[a]->dim(at);
      if ((dim != 1 && dim != output.dim(i)) || inputs[a]->rank() > output.rank()) {
        return absl::InvalidArgumentError(absl::StrCat("input ", a, " of shape ", inputs[a]->ToString(),
                                                       " does not broadcast to ", output.ToString()));
      }
      strides[i][a] = dim == 1 ? 0 : size[a];
      size[a] *= dim;
    }
  }
  for (int i = 0; i < output.rank(); ++i) space.Append(output.dim(i), strides[i]);
  return space;
}

}  // namespace sluice::kernels
