#include "ops/depthwise_conv.h"

#include "graph/gradients/convolution_rules.h"

namespace sluice {
namespace {

struct Depthwise {
  using Attrs = DepthwiseConv2dNativeAttrs;
  static constexpr auto& Forward = ops::DepthwiseConv2dNative;
  static constexpr auto& BackpropInput = ops::DepthwiseConv2dNativeBackpropInput;
  static constexpr auto& BackpropFilter = ops::DepthwiseConv2dNativeBackpropFilter;
};

}  // namespace

void RegisterDepthwiseConv(GradientRegistry& r) {
  r.Add("DepthwiseConv2dNative", ConvolutionRules<Depthwise>::Forward);
  r.Add("DepthwiseConv2dNativeBackpropInput", ConvolutionRules<Depthwise>::BackpropInput);
  r.Add("DepthwiseConv2dNativeBackpropFilter", ConvolutionRules<Depthwise>::BackpropFilter);
}

}  // namespace sluice
