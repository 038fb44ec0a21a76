#include "ops/split.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/columns.h"
#include "kernels/cpu/copy_ops.h"
#include "kernels/cpu/host_ints.h"

namespace sluice::cpu {
namespace {

// Split and, with `kSizes`, SplitV. Where the pieces have the sizes that the outputs have, which the shape function
// found, size_splits says nothing more.
template <bool kSizes>
class SplitKernel : public Kernel {
 public:
  explicit SplitKernel(const CopyBackend* backend) : backend_(backend) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    value_ = ctx.inputs[kValue].shape;
    dtype_ = ctx.inputs[kValue].dtype;
    threads_ = ctx.threads;
    pieces_.clear();
    copiers_.clear();
    for (const auto& output : ctx.outputs) pieces_.push_back(output.shape);
    SLUICE_ASSIGN_OR_RETURN(axis_, HostInts::Create(ctx, kAxis));
    if (axis_.size() != 1) return absl::InvalidArgumentError("split_dim is not a scalar");
    if (ctx.outputs.size() == 1 && pieces_[0] == value_) ctx.Alias(kValue, 0);
    if (!axis_.is_constant()) return absl::OkStatus();
    return Plan(axis_.Constant()[0], [&](int, const Copier& copier) {
      copiers_.push_back(copier);
      return absl::OkStatus();
    });
  }

  absl::Status Run(RunContext& ctx) const override {
    if (!axis_.is_constant()) {
      return Plan(axis_.Read(ctx)[0], [&](int i, const Copier& copier) {
        return copier.Run(ctx, ctx.input(kValue), ctx.output(i), threads_);
      });
    }
    for (size_t i = 0; i < copiers_.size(); ++i) {
      SLUICE_RETURN_IF_ERROR(copiers_[i].Run(ctx, ctx.input(kValue), ctx.output(static_cast<int>(i)), threads_));
    }
    return absl::OkStatus();
  }

 private:
  static constexpr int kValue = kSizes ? 0 : 1, kAxis = kSizes ? 2 : 0;

  // Checks the shapes, then calls f(i, copier) for each piece, until it returns an error.
  template <class F>
  absl::Status Plan(int64_t axis_value, const F& f) const {
    SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(axis_value, value_.rank(), "split_dim"));
    int64_t along = 0;
    for (const Shape& piece : pieces_) {
      bool fits = piece.rank() == value_.rank();
      for (int d = 0; fits && d < value_.rank(); ++d) fits = d == axis || piece.dim(d) == value_.dim(d);
      if (!fits || piece.dim(axis) > value_.dim(axis) - along) {
        return absl::InvalidArgumentError(absl::StrCat("a piece of shape ", piece.ToString(), " along dimension ", axis,
                                                       " is not in the value of shape ", value_.ToString()));
      }
      along += piece.dim(axis);
    }
    if (along != value_.dim(axis)) {
      return absl::InvalidArgumentError(absl::StrCat("the pieces have ", along, " in all along dimension ", axis,
                                                     ", the value has ", value_.dim(axis)));
    }
    const ColumnView view(value_, axis);
    const int64_t pitch = value_.dim(axis) * view.inner;
    int64_t offset = 0;
    for (size_t i = 0; i < pieces_.size(); ++i) {
      const int64_t length = pieces_[i].dim(axis) * view.inner;
      const StridedCopy copy = OutOfColumns(view.outer, length, offset, pitch);
      SLUICE_RETURN_IF_ERROR(f(static_cast<int>(i), Copier(dtype_, copy, backend_)));
      offset += length;
    }
    return absl::OkStatus();
  }

  const CopyBackend* const backend_;
  Shape value_;
  DataType dtype_ = DataType::kInvalid;
  int threads_ = 1;
  std::vector<Shape> pieces_;
  HostInts axis_;
  std::vector<Copier> copiers_;
};

}  // namespace

void AddSplitKernels(KernelRegistry& r, const CopyTarget& target) {
  AddCopyKernel<SplitKernel<false>>(r, "Split", target).HostInputs({0});
  AddCopyKernel<SplitKernel<true>>(r, "SplitV", target).Types("Tlen", kIndexTypes).HostInputs({1, 2});
}

void RegisterSplit(KernelRegistry& r) { AddSplitKernels(r, {}); }

}  // namespace sluice::cpu
