#include "ops/slice.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/copy_kernel.h"
#include "kernels/cpu/copy_ops.h"
#include "ops/shape_context.h"

namespace sluice::cpu {
namespace {

class SliceKernel : public CopyKernel {
 public:
  explicit SliceKernel(const CopyBackend* backend) : CopyKernel(0, {1, 2}, /*clears_output=*/false, backend) {}

 protected:
  absl::StatusOr<StridedCopy> Plan(absl::Span<const Dims> values) const override {
    const Dims &begin = values[0], &size = values[1];
    const int rank = in().rank();
    if (static_cast<int>(begin.size()) != rank || static_cast<int>(size.size()) != rank || out().rank() != rank) {
      return absl::InvalidArgumentError(absl::StrCat("begin has ", begin.size(), " elements, size has ", size.size(),
                                                     ", expected ", rank, ", the rank of the input"));
    }
    StridedCopy copy{out().dims(), RowMajorStrides(in().dims()), RowMajorStrides(out().dims()), 0, 0};
    for (int i = 0; i < rank; ++i) {
      const int64_t dim = in().dim(i);
      if (begin[i] < 0 || begin[i] > dim || size[i] < -1 || size[i] > dim - begin[i]) {
        return absl::InvalidArgumentError(absl::StrCat("dimension ", i, " of shape ", in().ToString(), ": begin ",
                                                       begin[i], " and size ", size[i], " leave it"));
      }
      if ((size[i] == -1 ? dim - begin[i] : size[i]) != out().dim(i)) {
        return absl::InvalidArgumentError(absl::StrCat("dimension ", i, ": begin ", begin[i], " and size ", size[i],
                                                       " do not give the ", out().dim(i), " elements of the output"));
      }
      copy.from_offset += begin[i] * copy.from_strides[i];
    }
    return copy;
  }
};

// StridedSlice, and with `kGrad` the way back.
template <bool kGrad>
class StridedSliceKernel : public CopyKernel {
 public:
  explicit StridedSliceKernel(const CopyBackend* backend)
      : CopyKernel(kGrad ? 4 : 0, {1, 2, 3}, /*clears_output=*/kGrad, backend) {}

 protected:
  absl::Status ReadAttrs(const PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(attrs_, ctx.Parse<StridedSliceAttrs>());
    return absl::OkStatus();
  }

  absl::StatusOr<StridedCopy> Plan(absl::Span<const Dims> values) const override {
    Dims parts[3] = {values[0], values[1], values[2]};
    for (Dims& part : parts) {
      if (part.size() != parts[0].size()) {
        return absl::InvalidArgumentError(absl::StrCat("begin, end and strides have ", parts[0].size(), ", ",
                                                       parts[1].size(), " and ", parts[2].size(),
                                                       " elements, expected the same"));
      }
      // The smallest integer means "unknown" to ResolveStridedSlice; as an index its neighbour does the same.
      for (int64_t& value : part) value = std::max(value, kUnknownValue + 1);
    }
    const Shape &whole = kGrad ? out() : in(), &part = kGrad ? in() : out();
    SLUICE_ASSIGN_OR_RETURN(StridedSliceBox box, ResolveStridedSlice(whole, parts[0], parts[1], parts[2], attrs_));
    if (!(box.out == PartialShape(part))) {
      return absl::InvalidArgumentError(absl::StrCat("the slice of a tensor of shape ", whole.ToString(), " has shape ",
                                                     box.out.ToString(), ", expected ", part.ToString()));
    }
    const Dims strides = RowMajorStrides(whole.dims());
    Dims slice_strides;
    int64_t offset = 0;
    for (int i = 0; i < whole.rank(); ++i) {
      // Where one element is taken its stride does not matter, and may be any number.
      slice_strides.push_back(box.sizes[i] > 1 ? strides[i] * box.strides[i] : 0);
      if (box.sizes[i] > 0) offset += box.begin[i] * strides[i];
    }
    const Dims part_strides = RowMajorStrides(box.sizes);
    if (kGrad) return StridedCopy{box.sizes, part_strides, slice_strides, 0, offset};
    return StridedCopy{box.sizes, slice_strides, part_strides, offset, 0};
  }

 private:
  StridedSliceAttrs attrs_;
};

}  // namespace

void AddSliceKernels(KernelRegistry& r, const CopyTarget& target) {
  AddCopyKernel<SliceKernel>(r, "Slice", target).Types("Index", kIndexTypes).HostInputs({1, 2});
  AddCopyKernel<StridedSliceKernel<false>>(r, "StridedSlice", target).Types("Index", kIndexTypes).HostInputs({1, 2, 3});
  AddCopyKernel<StridedSliceKernel<true>>(r, "StridedSliceGrad", target)
      .Types("Index", kIndexTypes)
      .HostInputs({0, 1, 2, 3});
}

void RegisterSlice(KernelRegistry& r) { AddSliceKernels(r, {}); }

}  // namespace sluice::cpu
