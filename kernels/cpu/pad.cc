#include "ops/pad.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/copy_kernel.h"
#include "kernels/cpu/copy_ops.h"

namespace sluice::cpu {
namespace {

class PadKernel : public CopyKernel {
 public:
  explicit PadKernel(const CopyBackend* backend) : CopyKernel(0, {1}, /*clears_output=*/true, backend) {}

 protected:
  absl::StatusOr<StridedCopy> Plan(absl::Span<const Dims> values) const override {
    const Dims& paddings = values[0];
    const int rank = in().rank();
    if (static_cast<int>(paddings.size()) != 2 * rank || out().rank() != rank) {
      return absl::InvalidArgumentError(
          absl::StrCat("paddings has ", paddings.size(), " elements, expected ", 2 * rank));
    }
    StridedCopy copy{in().dims(), RowMajorStrides(in().dims()), RowMajorStrides(out().dims()), 0, 0};
    for (int i = 0; i < rank; ++i) {
      const int64_t before = paddings[2 * i], after = paddings[2 * i + 1];
      const int64_t added = out().dim(i) - in().dim(i);
      if (before < 0 || after < 0 || before > added || after != added - before) {
        return absl::InvalidArgumentError(absl::StrCat("dimension ", i, " of size ", in().dim(i), " with paddings ",
                                                       before, " and ", after, " does not become ", out().dim(i)));
      }
      copy.to_offset += before * copy.to_strides[i];
    }
    return copy;
  }
};

class TileKernel : public CopyKernel {
 public:
  explicit TileKernel(const CopyBackend* backend) : CopyKernel(0, {1}, /*clears_output=*/false, backend) {}

 protected:
  // Each dimension becomes two: which repetition, with a stride of 0 in the input, and where within it.
  absl::StatusOr<StridedCopy> Plan(absl::Span<const Dims> values) const override {
    const Dims& multiples = values[0];
    const int rank = in().rank();
    if (static_cast<int>(multiples.size()) != rank || out().rank() != rank) {
      return absl::InvalidArgumentError(absl::StrCat("multiples has ", multiples.size(), " elements, expected ", rank));
    }
    const Dims from = RowMajorStrides(in().dims()), to = RowMajorStrides(out().dims());
    const bool is_empty = out().num_elements() == 0;  // strides could overflow
    StridedCopy copy;
    if (is_empty) copy = {{0}, {1}, {1}, 0, 0};
    for (int i = 0; i < rank; ++i) {
      const int64_t dim = in().dim(i);
      int64_t product = 0;
      if (multiples[i] < 0 || !MultiplySafely(dim, multiples[i], &product) || product != out().dim(i)) {
        return absl::InvalidArgumentError(
            absl::StrCat("dimension ", i, " of size ", dim, " times ", multiples[i], " does not give ", out().dim(i)));
      }
      if (is_empty) continue;
      copy.dims.insert(copy.dims.end(), {multiples[i], dim});
      copy.from_strides.insert(copy.from_strides.end(), {0, from[i]});
      copy.to_strides.insert(copy.to_strides.end(), {dim * to[i], to[i]});
    }
    return copy;
  }
};

}  // namespace

void AddPadKernels(KernelRegistry& r, const CopyTarget& target) {
  AddCopyKernel<PadKernel>(r, "Pad", target).HostInputs({1});
  AddCopyKernel<TileKernel>(r, "Tile", target).HostInputs({1});
}

void RegisterPad(KernelRegistry& r) { AddPadKernels(r, {}); }

}  // namespace sluice::cpu
