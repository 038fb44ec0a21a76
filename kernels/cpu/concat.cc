#include "ops/concat.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/columns.h"
#include "kernels/cpu/copy_ops.h"
#include "kernels/cpu/host_ints.h"

namespace sluice::cpu {
namespace {

class ConcatV2Kernel : public Kernel {
 public:
  explicit ConcatV2Kernel(const CopyBackend* backend) : backend_(backend) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    n_ = static_cast<int>(ctx.inputs.size()) - 1;
    dtype_ = ctx.outputs[0].dtype;
    out_ = ctx.outputs[0].shape;
    threads_ = ctx.threads;
    shapes_.clear();
    copiers_.clear();
    for (int i = 0; i < n_; ++i) shapes_.push_back(ctx.inputs[i].shape);
    SLUICE_ASSIGN_OR_RETURN(axis_, HostInts::Create(ctx, n_));
    if (axis_.size() != 1) return absl::InvalidArgumentError("axis is not a scalar");
    if (!axis_.is_constant()) return absl::OkStatus();
    return Plan(axis_.Constant()[0], [&](int, const Copier& copier) {
      copiers_.push_back(copier);
      return absl::OkStatus();
    });
  }

  absl::Status Run(RunContext& ctx) const override {
    if (!axis_.is_constant()) {
      return Plan(axis_.Read(ctx)[0],
                  [&](int i, const Copier& copier) { return copier.Run(ctx, ctx.input(i), ctx.output(0), threads_); });
    }
    for (int i = 0; i < n_; ++i) SLUICE_RETURN_IF_ERROR(copiers_[i].Run(ctx, ctx.input(i), ctx.output(0), threads_));
    return absl::OkStatus();
  }

 private:
  // Checks the shapes, then calls f(i, copier) for each of the values, until it returns an error.
  template <class F>
  absl::Status Plan(int64_t axis_value, const F& f) const {
    SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(axis_value, out_.rank()));
    int64_t along = 0;
    for (const Shape& shape : shapes_) {
      bool fits = shape.rank() == out_.rank();
      for (int d = 0; fits && d < out_.rank(); ++d) fits = d == axis || shape.dim(d) == out_.dim(d);
      if (!fits || shape.dim(axis) > out_.dim(axis) - along) {
        return absl::InvalidArgumentError(absl::StrCat("a value of shape ", shape.ToString(),
                                                       " does not fit into the output of shape ", out_.ToString(),
                                                       " along axis ", axis));
      }
      along += shape.dim(axis);
    }
    if (along != out_.dim(axis)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the values have ", along, " in all along axis ", axis, ", expected ", out_.dim(axis)));
    }
    const ColumnView split(out_, axis);
    int64_t offset = 0;
    for (int i = 0; i < n_; ++i) {
      const int64_t length = shapes_[i].dim(axis) * split.inner;
      const StridedCopy copy = IntoColumns(split.outer, length, offset, out_.dim(axis) * split.inner);
      SLUICE_RETURN_IF_ERROR(f(i, Copier(dtype_, copy, backend_)));
      offset += length;
    }
    return absl::OkStatus();
  }

  const CopyBackend* const backend_;
  int n_ = 0;
  DataType dtype_ = DataType::kInvalid;
  Shape out_;
  int threads_ = 1;
  std::vector<Shape> shapes_;
  HostInts axis_;
  std::vector<Copier> copiers_;
};

class PackKernel : public Kernel {
 public:
  explicit PackKernel(const CopyBackend* backend) : backend_(backend) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(PackAttrs attrs, ctx.Parse<PackAttrs>());
    const Shape& out = ctx.outputs[0].shape;
    SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(attrs.axis, out.rank()));
    const ColumnView split(out, axis);
    const int64_t n = static_cast<int64_t>(ctx.inputs.size());
    if (out.dim(axis) != n) return absl::InternalError("the output of Pack has another size");
    threads_ = ctx.threads;
    copiers_.clear();
    for (int64_t i = 0; i < n; ++i) {
      if (ctx.inputs[i].shape.num_elements() != split.outer * split.inner) {
        return absl::InvalidArgumentError(absl::StrCat("values[", i, "] has shape ", ctx.inputs[i].shape.ToString(),
                                                       ", does not fit into the output of shape ", out.ToString()));
      }
      copiers_.emplace_back(ctx.outputs[0].dtype,
                            IntoColumns(split.outer, split.inner, i * split.inner, n * split.inner), backend_);
    }
    if (n == 1) ctx.Alias(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    for (size_t i = 0; i < copiers_.size(); ++i) {
      SLUICE_RETURN_IF_ERROR(copiers_[i].Run(ctx, ctx.input(static_cast<int>(i)), ctx.output(0), threads_));
    }
    return absl::OkStatus();
  }

 private:
  const CopyBackend* const backend_;
  int threads_ = 1;
  std::vector<Copier> copiers_;
};

class UnpackKernel : public Kernel {
 public:
  explicit UnpackKernel(const CopyBackend* backend) : backend_(backend) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(UnpackAttrs attrs, ctx.Parse<UnpackAttrs>());
    const Shape& in = ctx.inputs[0].shape;
    SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(attrs.axis, in.rank()));
    const ColumnView split(in, axis);
    const int64_t n = static_cast<int64_t>(ctx.outputs.size());
    if (in.dim(axis) != n) {
      return absl::InvalidArgumentError(
          absl::StrCat("dimension ", axis, " of shape ", in.ToString(), " is ", in.dim(axis), ", expected num, ", n));
    }
    threads_ = ctx.threads;
    copiers_.clear();
    for (int64_t i = 0; i < n; ++i) {
      copiers_.emplace_back(ctx.inputs[0].dtype,
                            OutOfColumns(split.outer, split.inner, i * split.inner, n * split.inner), backend_);
    }
    if (n == 1) ctx.Alias(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    for (size_t i = 0; i < copiers_.size(); ++i) {
      SLUICE_RETURN_IF_ERROR(copiers_[i].Run(ctx, ctx.input(0), ctx.output(static_cast<int>(i)), threads_));
    }
    return absl::OkStatus();
  }

 private:
  const CopyBackend* const backend_;
  int threads_ = 1;
  std::vector<Copier> copiers_;
};

class ConcatOffsetKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    n_ = static_cast<int>(ctx.outputs.size());
    rank_ = static_cast<int>(std::min<int64_t>(ctx.inputs[1].shape.num_elements(), kMaxRank + 1));
    for (int i = 0; i < n_; ++i) {
      if (ctx.inputs[i + 1].shape.num_elements() != rank_) {
        return absl::InvalidArgumentError(absl::StrCat("shape[", i, "] has shape ", ctx.inputs[i + 1].shape.ToString(),
                                                       ", expected ", rank_, " elements (at most ", kMaxRank,
                                                       ") as the first"));
      }
    }
    is_int64_ = ctx.outputs[0].dtype == DataType::kInt64;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return is_int64_ ? Fill<int64_t>(ctx) : Fill<int32_t>(ctx); }

 private:
  template <class T>
  absl::Status Fill(RunContext& ctx) const {
    SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(*ctx.input<int32_t>(0), rank_, "concat_dim"));
    T offset = 0;
    for (int i = 0; i < n_; ++i) {
      const T* shape = ctx.input<T>(i + 1);
      for (int d = 0; d < rank_; ++d) {
        if (d != axis && shape[d] != ctx.input<T>(1)[d]) {
          return absl::InvalidArgumentError(absl::StrCat("dimension ", d, " of shape[", i, "] is ", shape[d],
                                                         ", expected ", ctx.input<T>(1)[d],
                                                         " as in the first: only dimension ", axis, " may differ"));
        }
        ctx.output<T>(i)[d] = d == axis ? offset : 0;
      }
      if (shape[axis] < 0 || (i + 1 < n_ && __builtin_add_overflow(offset, shape[axis], &offset))) {
        return absl::InvalidArgumentError(absl::StrCat("dimension ", axis, " of shape[", i, "] is ", shape[axis],
                                                       ": negative, or the sum overflows"));
      }
    }
    return absl::OkStatus();
  }

  int n_ = 0;
  int rank_ = 0;
  bool is_int64_ = false;
};

}  // namespace

void AddConcatKernels(KernelRegistry& r, const CopyTarget& target) {
  KernelDef& concat = AddCopyKernel<ConcatV2Kernel>(r, "ConcatV2", target);
  if (target.backend != nullptr) concat.HostInputs({-1});
  AddCopyKernel<PackKernel>(r, "Pack", target);
  AddCopyKernel<UnpackKernel>(r, "Unpack", target);
}

void RegisterConcat(KernelRegistry& r) {
  AddConcatKernels(r, {});
  r.Add<ConcatOffsetKernel>("ConcatOffset").Types("shape_type", kIndexTypes);
}

}  // namespace sluice::cpu
