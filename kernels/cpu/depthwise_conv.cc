#include "ops/depthwise_conv.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/conv_kernel.h"

namespace sluice::cpu {
namespace {

// A grouped convolution whose filter comes under another shape.
class DepthwiseKernel : public ConvKernel {
 public:
  using ConvKernel::ConvKernel;
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<DepthwiseConv2dNativeAttrs>());
    return Decide(ctx, ToConv2DAttrs(attrs));
  }

 protected:
  absl::StatusOr<Shape> FilterShape(const Shape& input, const Shape& filter) const override {
    return ToGroupedFilterOf(input, filter);
  }
};

class FusedDepthwiseKernel : public DepthwiseKernel {
 public:
  FusedDepthwiseKernel() : DepthwiseKernel(ConvDirection::kForward) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<FusedConv2DAttrs>());
    SLUICE_ASSIGN_OR_RETURN(epilogue_, ParseFusedOps(attrs.fused_ops, attrs.num_args, true));
    return Decide(ctx, ToConv2DAttrs(attrs));
  }
};

}  // namespace

void RegisterDepthwiseConv(KernelRegistry& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble};
  auto make = [](ConvDirection direction) {
    return [direction] { return std::make_unique<DepthwiseKernel>(direction); };
  };
  r.Add("DepthwiseConv2dNative", make(ConvDirection::kForward)).Types("T", kTypes);
  r.Add("DepthwiseConv2dNativeBackpropInput", make(ConvDirection::kInput)).Types("T", kTypes).HostInputs({0});
  r.Add("DepthwiseConv2dNativeBackpropFilter", make(ConvDirection::kFilter)).Types("T", kTypes).HostInputs({1});
  r.Add<FusedDepthwiseKernel>("_FusedDepthwiseConv2dNative").Types("T", kTypes);
}

}  // namespace sluice::cpu
