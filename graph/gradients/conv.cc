#include "ops/conv.h"

#include "graph/gradients/convolution_rules.h"

namespace sluice {
namespace {

struct Convolution {
  using Attrs = Conv2DAttrs;
  static constexpr auto& Forward = ops::Conv2D;
  static constexpr auto& BackpropInput = ops::Conv2DBackpropInput;
  static constexpr auto& BackpropFilter = ops::Conv2DBackpropFilter;
};

}  // namespace

void RegisterConv(GradientRegistry& r) {
  r.Add("Conv2D", ConvolutionRules<Convolution>::Forward);
  r.Add("Conv2DBackpropInput", ConvolutionRules<Convolution>::BackpropInput);
  r.Add("Conv2DBackpropFilter", ConvolutionRules<Convolution>::BackpropFilter);
}

}  // namespace sluice
