#include "ops/transpose.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/copy_kernel.h"
#include "kernels/cpu/copy_ops.h"

namespace sluice::cpu {
namespace {

class TransposeKernel : public CopyKernel {
 public:
  explicit TransposeKernel(const CopyBackend* backend) : CopyKernel(0, {1}, /*clears_output=*/false, backend) {}

 protected:
  absl::StatusOr<StridedCopy> Plan(absl::Span<const Dims> values) const override {
    Dims perm = values[0];
    SLUICE_RETURN_IF_ERROR(NormalizePermutation(absl::MakeSpan(perm), in().rank()));
    StridedCopy copy;
    copy.dims = out().dims();
    copy.to_strides = RowMajorStrides(out().dims());
    const Dims strides = RowMajorStrides(in().dims());
    for (int i = 0; i < in().rank(); ++i) {
      const int d = static_cast<int>(perm[i]);
      if (out().rank() != in().rank() || out().dim(i) != in().dim(d)) {
        return absl::InvalidArgumentError(
            absl::StrCat("perm does not turn shape ", in().ToString(), " into ", out().ToString()));
      }
      copy.from_strides.push_back(strides[d]);
    }
    return copy;
  }
};

template <class T>
absl::Status InvertPermutation(const T* x, T* y, int64_t n) {
  std::fill_n(y, n, T{-1});
  for (int64_t i = 0; i < n; ++i) {
    if (x[i] < 0 || x[i] >= n || y[x[i]] != -1) {
      return absl::InvalidArgumentError(
          absl::StrCat("element ", i, " is ", x[i], ", expected each of 0 to ", n - 1, " once"));
    }
    y[x[i]] = static_cast<T>(i);
  }
  return absl::OkStatus();
}

class InvertPermutationKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    n_ = ctx.inputs[0].shape.num_elements();
    is_int64_ = ctx.inputs[0].dtype == DataType::kInt64;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    return is_int64_ ? InvertPermutation(ctx.input<int64_t>(0), ctx.output<int64_t>(0), n_)
                     : InvertPermutation(ctx.input<int32_t>(0), ctx.output<int32_t>(0), n_);
  }

 private:
  int64_t n_ = 0;
  bool is_int64_ = false;
};

}  // namespace

void AddTransposeKernel(KernelRegistry& r, const CopyTarget& target) {
  AddCopyKernel<TransposeKernel>(r, "Transpose", target).HostInputs({1});
}

void RegisterTranspose(KernelRegistry& r) {
  AddTransposeKernel(r, {});
  r.Add<InvertPermutationKernel>("InvertPermutation").Types("T", kIndexTypes).HostInputs({0}).HostOutputs({0});
}

}  // namespace sluice::cpu
