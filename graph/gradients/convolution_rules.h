// The rules of a convolution. It is linear in the input and in the filter, and so are its two gradients in what they take:
// all three rules are made of the same three ops.
//
//   struct Depthwise {                                            the family's attributes and builders
//     using Attrs = DepthwiseConv2dNativeAttrs;
//     static constexpr auto& Forward = ops::DepthwiseConv2dNative;          (input, filter)
//     static constexpr auto& BackpropInput = …;                             (input's sizes, filter, gradient)
//     static constexpr auto& BackpropFilter = …;                            (input, filter's sizes, gradient)
//   };
#pragma once

#include "graph/builders.h"
#include "graph/gradients.h"

namespace sluice {

template <class Family>
struct ConvolutionRules {
  using Attrs = typename Family::Attrs;

  static absl::Status Forward(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
    SLUICE_ASSIGN_OR_RETURN(Attrs attrs, node.Parse<Attrs>());
    Endpoint g = s.Dense(dy[0]), input = s.x(0), filter = s.x(1);
    dx.push_back(Family::BackpropInput(s.scope, ops::Shape(s.scope, input), filter, g, attrs));
    dx.push_back(Family::BackpropFilter(s.scope, input, ops::Shape(s.scope, filter), g, attrs));
    return absl::OkStatus();
  }
  static absl::Status BackpropInput(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
    SLUICE_ASSIGN_OR_RETURN(Attrs attrs, node.Parse<Attrs>());
    Endpoint g = s.Dense(dy[0]), filter = s.x(1), out_backprop = s.x(2);
    dx.push_back(Grad());
    dx.push_back(Family::BackpropFilter(s.scope, g, ops::Shape(s.scope, filter), out_backprop, attrs));
    dx.push_back(Family::Forward(s.scope, g, filter, attrs));
    return absl::OkStatus();
  }
  static absl::Status BackpropFilter(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
    SLUICE_ASSIGN_OR_RETURN(Attrs attrs, node.Parse<Attrs>());
    Endpoint g = s.Dense(dy[0]), input = s.x(0), out_backprop = s.x(2);
    dx.push_back(Family::BackpropInput(s.scope, ops::Shape(s.scope, input), g, out_backprop, attrs));
    dx.push_back(Grad());
    dx.push_back(Family::Forward(s.scope, input, g, attrs));
    return absl::OkStatus();
  }
};

}  // namespace sluice
