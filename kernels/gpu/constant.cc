// Ops without arithmetic: what the compiler does away with as a rule, for whoever gives the output memory.
#include "ops/constant.h"

#include "core/kernel_registry.h"
#include "kernels/gpu/launch.h"
#include "kernels/gpu/types.h"
#include "kernels/shared/host_kernels.h"

namespace sluice::gpu {
namespace {

class ConstKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(ConstAttrs attrs, ctx.Parse<ConstAttrs>());
    value_ = std::move(attrs.value);
    if (value_.dtype() == ctx.outputs[0].dtype) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("the value has dtype ", DataTypeName(value_.dtype()), ", expected ",
                                                   DataTypeName(ctx.outputs[0].dtype)));
  }
  absl::Status Run(RunContext& ctx) const override {
    return CopyFromHost(ctx, value_.raw(), ctx.output(0), value_.bytes());
  }

 private:
  Tensor value_;
};

// Output i has the memory of input i, perhaps under another shape.
class AliasKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    bytes_.clear();
    for (size_t i = 0; i < ctx.outputs.size(); ++i) {
      const int64_t n = ctx.inputs[i].shape.num_elements();
      if (ctx.outputs[i].shape.num_elements() != n) {
        return absl::InvalidArgumentError(absl::StrCat("the input of shape ", ctx.inputs[i].shape.ToString(),
                                                       " does not have the elements of ",
                                                       ctx.outputs[i].shape.ToString()));
      }
      bytes_.push_back(static_cast<size_t>(n) * DataTypeSize(ctx.inputs[i].dtype));
      ctx.Alias(static_cast<int>(i), static_cast<int>(i));
    }
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    for (size_t k = 0; k < bytes_.size(); ++k) {
      const int i = static_cast<int>(k);
      SLUICE_RETURN_IF_ERROR(CopyBytes(ctx, ctx.input(i), ctx.output(i), bytes_[k]));
    }
    return absl::OkStatus();
  }

 private:
  std::vector<size_t> bytes_;
};

}  // namespace

void RegisterConstant(KernelRegistry& r) {
  const std::vector<DataType> plain = PlainTypes();
  std::vector<DataType> with_handles = plain;
  with_handles.push_back(DataType::kResource);
  r.Add<ConstKernel>("Const").Types("dtype", plain);
  r.Add<kernels::PlaceholderKernel>("Placeholder").Types("dtype", plain);
  r.Add<AliasKernel>("PlaceholderWithDefault").Types("dtype", plain);
  r.Add<AliasKernel>("Identity").Types("T", with_handles);
  r.Add<AliasKernel>("IdentityN");
  r.Add<AliasKernel>("StopGradient").Types("T", plain);
  r.Add<AliasKernel>("Reshape").Types("T", plain).HostInputs({1});
  r.Add<AliasKernel>("Squeeze").Types("T", plain);
  r.Add<AliasKernel>("ExpandDims").Types("T", plain).HostInputs({1});
  r.Add<kernels::NoOpKernel>("NoOp");
}

}  // namespace sluice::gpu
