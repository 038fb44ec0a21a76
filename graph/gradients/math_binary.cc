#include "ops/math_binary.h"

#include "graph/builders.h"
#include "graph/gradients.h"
#include "graph/gradients/helpers.h"

namespace sluice {
namespace {

absl::Status AddGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]);
  AppendBroadcastSums(s, s.x(0), s.x(1), g, g, dx);
  return absl::OkStatus();
}

absl::Status SubGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]);
  AppendBroadcastSums(s, s.x(0), s.x(1), g, ops::Neg(s.scope, g), dx);
  return absl::OkStatus();
}

absl::Status MulGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]), x = s.x(0), y = s.x(1);
  AppendBroadcastSums(s, x, y, ops::Mul(s.scope, g, y), ops::Mul(s.scope, g, x), dx);
  return absl::OkStatus();
}

// d(x / y)/dy = -x / y / y, in this order so that y^2 does not overflow.
absl::Status RealDivGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]), x = s.x(0), y = s.x(1);
  Endpoint factor = ops::RealDiv(s.scope, ops::RealDiv(s.scope, ops::Neg(s.scope, x), y), y);
  AppendBroadcastSums(s, x, y, ops::RealDiv(s.scope, g, y), ops::Mul(s.scope, g, factor), dx);
  return absl::OkStatus();
}

// FloorMod(x, y) = x - FloorDiv(x, y) y.
absl::Status FloorModGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]), x = s.x(0), y = s.x(1);
  Endpoint factor = ops::Neg(s.scope, ops::FloorDiv(s.scope, x, y));
  AppendBroadcastSums(s, x, y, g, ops::Mul(s.scope, g, factor), dx);
  return absl::OkStatus();
}

absl::Status SquaredDifferenceGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]), x = s.x(0), y = s.x(1);
  Endpoint twice = ops::Mul(s.scope, ops::Sub(s.scope, x, y), ScalarLike(s, x, 2.0));
  Endpoint gx = ops::Mul(s.scope, g, twice);
  AppendBroadcastSums(s, x, y, gx, ops::Neg(s.scope, gx), dx);
  return absl::OkStatus();
}

// d(x^y)/dx = y x^(y-1), d(x^y)/dy = x^y log(x), and 0 where x is not positive.
absl::Status PowGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dz[0]), x = s.x(0), y = s.x(1);
  Endpoint zero = ScalarLike(s, x, 0.0), one = ScalarLike(s, x, 1.0);
  Endpoint power = ops::Mul(s.scope, y, ops::Pow(s.scope, x, ops::Sub(s.scope, y, one)));
  Endpoint has_log = ops::Greater(s.scope, x, zero);
  Endpoint log = ops::SelectV2(s.scope, has_log, ops::Log(s.scope, ops::SelectV2(s.scope, has_log, x, one)), zero);
  AppendBroadcastSums(s, x, y, ops::Mul(s.scope, g, power), ops::Mul(s.scope, g, ops::Mul(s.scope, s.y(0), log)), dx);
  return absl::OkStatus();
}

// The gradient goes to x where `takes_x` is true; of equals x is taken.
void ChoiceGradient(GradScope& s, Endpoint g, Endpoint takes_x, std::vector<Grad>& dx) {
  Endpoint zero = ScalarLike(s, g, 0.0);
  AppendBroadcastSums(s, s.x(0), s.x(1), ops::SelectV2(s.scope, takes_x, g, zero),
                      ops::SelectV2(s.scope, takes_x, zero, g), dx);
}

absl::Status MaximumGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  ChoiceGradient(s, s.Dense(dz[0]), ops::GreaterEqual(s.scope, s.x(0), s.x(1)), dx);
  return absl::OkStatus();
}

absl::Status MinimumGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  ChoiceGradient(s, s.Dense(dz[0]), ops::GreaterEqual(s.scope, s.x(1), s.x(0)), dx);
  return absl::OkStatus();
}

// Of any kind, sparse included: each input has the gradient of the sum.
absl::Status AddNGradient(GradScope&, const Node& node, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  dx.insert(dx.end(), node.inputs.size(), dz[0]);
  return absl::OkStatus();
}

}  // namespace

void RegisterMathBinary(GradientRegistry& r) {
  r.Add("Add", AddGradient);
  r.Add("AddV2", AddGradient);
  r.Add("AddN", AddNGradient);
  r.Add("Sub", SubGradient);
  r.Add("Mul", MulGradient);
  r.Add("Pow", PowGradient);
  r.Add("RealDiv", RealDivGradient);
  r.Add("FloorMod", FloorModGradient);
  r.Add("SquaredDifference", SquaredDifferenceGradient);
  r.Add("Maximum", MaximumGradient);
  r.Add("Minimum", MinimumGradient);
  r.AddNotDifferentiable("FloorDiv");
}

}  // namespace sluice
