#include "ops/conv.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/conv_kernel.h"

namespace sluice::cpu {
namespace {

class FusedConvKernel : public ConvKernel {
 public:
  FusedConvKernel() : ConvKernel(ConvDirection::kForward) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<FusedConv2DAttrs>());
    SLUICE_ASSIGN_OR_RETURN(epilogue_, ParseFusedOps(attrs.fused_ops, attrs.num_args));
    return Decide(ctx, ToConv2DAttrs(attrs));
  }
};

}  // namespace

void RegisterConv(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble, DataType::kInt32};
  auto make = [](ConvDirection direction) { return [direction] { return std::make_unique<ConvKernel>(direction); }; };
  r.Add("Conv2D", make(ConvDirection::kForward)).Types("T", kTypes);
  r.Add("Conv2DBackpropInput", make(ConvDirection::kInput)).Types("T", kTypes).HostInputs({0});
  r.Add("Conv2DBackpropFilter", make(ConvDirection::kFilter)).Types("T", kTypes).HostInputs({1});
  r.Add<FusedConvKernel>("_FusedConv2D").Types("T", {DataType::kFloat, DataType::kDouble});
}

}  // namespace sluice::cpu
