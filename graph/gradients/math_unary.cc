#include "ops/math_unary.h"

#include "graph/builders.h"
#include "graph/gradients.h"
#include "graph/gradients/helpers.h"

namespace sluice {
namespace {

absl::Status NegGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::Neg(s.scope, s.Dense(dy[0])));
  return absl::OkStatus();
}

absl::Status SquareGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  Endpoint x = s.x(0);
  Endpoint twice = ops::Mul(s.scope, x, ScalarLike(s, x, 2.0));
  dx.push_back(ops::Mul(s.scope, s.Dense(dy[0]), twice));
  return absl::OkStatus();
}

absl::Status ExpGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::Mul(s.scope, s.Dense(dy[0]), s.y(0)));
  return absl::OkStatus();
}

absl::Status LogGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::RealDiv(s.scope, s.Dense(dy[0]), s.x(0)));
  return absl::OkStatus();
}

absl::Status SqrtGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::SqrtGrad(s.scope, s.y(0), s.Dense(dy[0])));
  return absl::OkStatus();
}

absl::Status RsqrtGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::RsqrtGrad(s.scope, s.y(0), s.Dense(dy[0])));
  return absl::OkStatus();
}

absl::Status TanhGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::TanhGrad(s.scope, s.y(0), s.Dense(dy[0])));
  return absl::OkStatus();
}

absl::Status SigmoidGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::SigmoidGrad(s.scope, s.y(0), s.Dense(dy[0])));
  return absl::OkStatus();
}

absl::Status AbsGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::Mul(s.scope, s.Dense(dy[0]), ops::Sign(s.scope, s.x(0))));
  return absl::OkStatus();
}

absl::Status ReciprocalGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(ops::ReciprocalGrad(s.scope, s.y(0), s.Dense(dy[0])));
  return absl::OkStatus();
}

// The second derivatives: z = Grad(y, dy), differentiated by y and by dy; g = dL/dz.

// z = -dy y^2:  dz/dy = -2 dy y,  dz/d(dy) = -y^2.
absl::Status ReciprocalGradGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint y = s.x(0), g = s.Dense(dz[0]);
  Endpoint product = ops::Mul(s.scope, ops::Mul(s.scope, g, s.x(1)), ScalarLike(s, y, -2.0));
  dx.push_back(ops::Mul(s.scope, product, y));
  dx.push_back(ops::ReciprocalGrad(s.scope, y, g));
  return absl::OkStatus();
}

// z = 0.5 dy / y:  dz/dy = -z / y,  dz/d(dy) = 0.5 / y.
absl::Status SqrtGradGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint y = s.x(0);
  Endpoint quotient = ops::RealDiv(s.scope, s.Dense(dz[0]), y);
  dx.push_back(ops::Neg(s.scope, ops::Mul(s.scope, quotient, s.y(0))));
  dx.push_back(ops::Mul(s.scope, quotient, ScalarLike(s, y, 0.5)));
  return absl::OkStatus();
}

// z = -0.5 dy y^3:  dz/dy = -1.5 dy y^2,  dz/d(dy) = -0.5 y^3.
absl::Status RsqrtGradGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint y = s.x(0), g = s.Dense(dz[0]);
  Endpoint product = ops::Mul(s.scope, ops::Mul(s.scope, g, s.x(1)), ScalarLike(s, y, -1.5));
  dx.push_back(ops::Mul(s.scope, product, ops::Square(s.scope, y)));
  dx.push_back(ops::RsqrtGrad(s.scope, y, g));
  return absl::OkStatus();
}

// z = dy (1 - y^2):  dz/dy = -2 dy y,  dz/d(dy) = 1 - y^2.
absl::Status TanhGradGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint y = s.x(0), g = s.Dense(dz[0]);
  Endpoint product = ops::Mul(s.scope, ops::Mul(s.scope, g, s.x(1)), ScalarLike(s, y, -2.0));
  dx.push_back(ops::Mul(s.scope, product, y));
  dx.push_back(ops::TanhGrad(s.scope, y, g));
  return absl::OkStatus();
}

// z = dy y (1 - y):  dz/dy = dy (1 - 2 y),  dz/d(dy) = y (1 - y).
absl::Status SigmoidGradGradient(GradScope& s, const Node&, absl::Span<const Grad> dz, std::vector<Grad>& dx) {
  Endpoint y = s.x(0), g = s.Dense(dz[0]);
  Endpoint product = ops::Mul(s.scope, g, s.x(1));
  Endpoint twice = ops::Mul(s.scope, y, ScalarLike(s, y, 2.0));
  dx.push_back(ops::Sub(s.scope, product, ops::Mul(s.scope, product, twice)));
  dx.push_back(ops::SigmoidGrad(s.scope, y, g));
  return absl::OkStatus();
}

}  // namespace

void RegisterMathUnary(GradientRegistry& r) {
  r.Add("Neg", NegGradient);
  r.Add("Square", SquareGradient);
  r.Add("Sqrt", SqrtGradient);
  r.Add("Rsqrt", RsqrtGradient);
  r.Add("Exp", ExpGradient);
  r.Add("Log", LogGradient);
  r.Add("Tanh", TanhGradient);
  r.Add("Sigmoid", SigmoidGradient);
  r.Add("Abs", AbsGradient);
  r.Add("Reciprocal", ReciprocalGradient);
  r.Add("ReciprocalGrad", ReciprocalGradGradient);
  r.Add("SqrtGrad", SqrtGradGradient);
  r.Add("RsqrtGrad", RsqrtGradGradient);
  r.Add("TanhGrad", TanhGradGradient);
  r.Add("SigmoidGrad", SigmoidGradGradient);
  // Steps: zero almost everywhere.
  for (const char* op : {"LogicalNot", "Sign", "Floor", "Ceil", "Round"}) r.AddNotDifferentiable(op);
}

}  // namespace sluice
