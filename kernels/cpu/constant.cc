#include "ops/constant.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/alias.h"
#include "kernels/shared/host_kernels.h"

namespace sluice::cpu {
namespace {

// A compiler binds the value itself and needs no Run; this is for whoever gives the output memory.
class ConstKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(ConstAttrs attrs, ctx.Parse<ConstAttrs>());
    value_ = std::move(attrs.value);
    copy_ = FindCopy(value_.dtype());
    if (value_.dtype() != ctx.outputs[0].dtype || copy_ == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("the value has dtype ", DataTypeName(value_.dtype()),
                                                     ", expected ", DataTypeName(ctx.outputs[0].dtype)));
    }
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    copy_(value_.raw(), ctx.output(0), value_.num_elements(), 1);
    return absl::OkStatus();
  }

 private:
  Tensor value_;
  CopyFn copy_ = nullptr;
};

class IdentityNKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    copies_.clear();
    for (size_t i = 0; i < ctx.inputs.size(); ++i) {
      CopyFn copy = FindCopy(ctx.inputs[i].dtype);
      if (copy == nullptr) return absl::InvalidArgumentError(absl::StrCat("input ", i, " has no dtype"));
      copies_.push_back({copy, ctx.inputs[i].shape.num_elements()});
      ctx.Alias(static_cast<int>(i), static_cast<int>(i));
    }
    threads_ = ctx.threads;
    return absl::OkStatus();
  }
  // For callers that give outputs memory of their own.
  absl::Status Run(RunContext& ctx) const override {
    for (size_t k = 0; k < copies_.size(); ++k) {
      int i = static_cast<int>(k);
      if (ctx.input(i) != ctx.output(i)) copies_[k].copy(ctx.input(i), ctx.output(i), copies_[k].n, threads_);
    }
    return absl::OkStatus();
  }

 private:
  struct Copy {
    CopyFn copy;
    int64_t n;
  };
  std::vector<Copy> copies_;
  int threads_ = 1;
};

}  // namespace

void RegisterConstant(KernelRegistry& r) {
  r.Add<ConstKernel>("Const");
  r.Add<kernels::PlaceholderKernel>("Placeholder");
  r.Add<AliasKernel>("PlaceholderWithDefault");
  r.Add<AliasKernel>("Identity");
  r.Add<IdentityNKernel>("IdentityN");
  r.Add<AliasKernel>("StopGradient");
  r.Add<kernels::NoOpKernel>("NoOp");
}

}  // namespace sluice::cpu
