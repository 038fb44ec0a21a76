#include "ops/activation.h"

#include "graph/builders.h"
#include "graph/gradients.h"
#include "graph/gradients/helpers.h"

namespace sluice {
namespace {

// By the output, which the next op needs anyway: the input's memory is free then.
absl::Status ReluGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::ReluGrad(s.scope, s.Dense(dy[0]), s.y(0)));
  return absl::OkStatus();
}

absl::Status ReluGradGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::ReluGrad(s.scope, s.Dense(dy[0]), s.x(1)));
  dx.push_back(Grad());  // zero almost everywhere
  return absl::OkStatus();
}

absl::Status Relu6Gradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::Relu6Grad(s.scope, s.Dense(dy[0]), s.y(0)));
  return absl::OkStatus();
}

absl::Status Relu6GradGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::Relu6Grad(s.scope, s.Dense(dy[0]), s.x(1)));
  dx.push_back(Grad());
  return absl::OkStatus();
}

absl::Status LeakyReluGradient(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, node.Parse<LeakyReluAttrs>());
  dx.push_back(ops::LeakyReluGrad(s.scope, s.Dense(dy[0]), s.x(0), attrs));
  return absl::OkStatus();
}

absl::Status LeakyReluGradGradient(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, node.Parse<LeakyReluAttrs>());
  dx.push_back(ops::LeakyReluGrad(s.scope, s.Dense(dy[0]), s.x(1), attrs));
  dx.push_back(Grad());
  return absl::OkStatus();
}

absl::Status EluGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::EluGrad(s.scope, s.Dense(dy[0]), s.y(0)));
  return absl::OkStatus();
}

// The gradient dz where y < 0, else 0.
Endpoint WhereNegative(GradScope& s, Endpoint dz, Endpoint y) {
  Endpoint zero = ScalarLike(s, y, 0.0);
  return ops::SelectV2(s.scope, ops::Less(s.scope, y, zero), dz, zero);
}

// z = dy (y + 1) where y < 0, else dy.
absl::Status EluGradGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]);
  dx.push_back(ops::EluGrad(s.scope, g, s.x(1)));
  dx.push_back(WhereNegative(s, ops::Mul(s.scope, g, s.x(0)), s.x(1)));
  return absl::OkStatus();
}

absl::Status SeluGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::SeluGrad(s.scope, s.Dense(dy[0]), s.y(0)));
  return absl::OkStatus();
}

// z = dy (y + constant) where y < 0, else a constant times dy.
absl::Status SeluGradGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]);
  dx.push_back(ops::SeluGrad(s.scope, g, s.x(1)));
  dx.push_back(WhereNegative(s, ops::Mul(s.scope, g, s.x(0)), s.x(1)));
  return absl::OkStatus();
}

absl::Status SoftplusGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::SoftplusGrad(s.scope, s.Dense(dy[0]), s.x(0)));
  return absl::OkStatus();
}

// z = dy sigmoid(x):  dz/dx = dy sigmoid'(x).
absl::Status SoftplusGradGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]), sigmoid = ops::Sigmoid(s.scope, s.x(1));
  dx.push_back(ops::Mul(s.scope, g, sigmoid));
  dx.push_back(ops::SigmoidGrad(s.scope, sigmoid, ops::Mul(s.scope, g, s.x(0))));
  return absl::OkStatus();
}

}  // namespace

void RegisterActivation(GradientRegistry& r) {
  r.Add("Relu", ReluGradient);
  r.Add("ReluGrad", ReluGradGradient);
  r.Add("Relu6", Relu6Gradient);
  r.Add("Relu6Grad", Relu6GradGradient);
  r.Add("LeakyRelu", LeakyReluGradient);
  r.Add("LeakyReluGrad", LeakyReluGradGradient);
  r.Add("Elu", EluGradient);
  r.Add("EluGrad", EluGradGradient);
  r.Add("Selu", SeluGradient);
  r.Add("SeluGrad", SeluGradGradient);
  r.Add("Softplus", SoftplusGradient);
  r.Add("SoftplusGrad", SoftplusGradGradient);
}

}  // namespace sluice
