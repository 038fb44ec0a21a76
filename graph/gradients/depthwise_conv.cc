#include "ops/depthwise_conv.h"

#include "graph/builders.h"
#include "graph/gradients.h"

namespace sluice {
namespace {

// As for Conv2D: linear in the input and in the filter, and so are the gradients in what they take.

absl::Status DepthwiseGradient(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, node.Parse<DepthwiseConv2dNativeAttrs>());
  Endpoint g = s.Dense(dy[0]), input = s.x(0), filter = s.x(1);
  dx.push_back(ops::DepthwiseConv2dNativeBackpropInput(s.scope, ops::Shape(s.scope, input), filter, g, attrs));
  dx.push_back(ops::DepthwiseConv2dNativeBackpropFilter(s.scope, input, ops::Shape(s.scope, filter), g, attrs));
  return absl::OkStatus();
}

absl::Status BackpropInputGradient(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, node.Parse<DepthwiseConv2dNativeAttrs>());
  Endpoint g = s.Dense(dy[0]), filter = s.x(1), out_backprop = s.x(2);
  dx.push_back(Grad());
  dx.push_back(ops::DepthwiseConv2dNativeBackpropFilter(s.scope, g, ops::Shape(s.scope, filter), out_backprop, attrs));
  dx.push_back(ops::DepthwiseConv2dNative(s.scope, g, filter, attrs));
  return absl::OkStatus();
}

absl::Status BackpropFilterGradient(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, node.Parse<DepthwiseConv2dNativeAttrs>());
  Endpoint g = s.Dense(dy[0]), input = s.x(0), out_backprop = s.x(2);
  dx.push_back(ops::DepthwiseConv2dNativeBackpropInput(s.scope, ops::Shape(s.scope, input), g, out_backprop, attrs));
  dx.push_back(Grad());
  dx.push_back(ops::DepthwiseConv2dNative(s.scope, input, g, attrs));
  return absl::OkStatus();
}

}  // namespace

void RegisterDepthwiseConv(GradientRegistry& r) {
  r.Add("DepthwiseConv2dNative", DepthwiseGradient);
  r.Add("DepthwiseConv2dNativeBackpropInput", BackpropInputGradient);
  r.Add("DepthwiseConv2dNativeBackpropFilter", BackpropFilterGradient);
}

}  // namespace sluice
