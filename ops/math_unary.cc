#include "ops/math_unary.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

template <class Attrs>
void AddUnary(OpRegistry& r, const std::string& name, absl::string_view doc) {
  r.Add<Attrs>(name).Input("x: T").Output("y: T").Shape(UnchangedShape).Doc(doc);
}

void AddGradient(OpRegistry& r, const std::string& name, absl::string_view doc) {
  r.Add<FloatingUnaryAttrs>(name).Input("y: T").Input("dy: T").Output("z: T").Shape(MergedShape).Doc(doc);
}

}  // namespace

void RegisterMathUnary(OpRegistry& r) {
  AddUnary<NegAttrs>(r, "Neg", "-x.");
  AddUnary<SquareAttrs>(r, "Square", "x * x; integers wrap around.");
  AddUnary<AbsAttrs>(r, "Abs", "|x|; the lowest integer stays as it is.");
  AddUnary<NegAttrs>(r, "Sign", "-1, 0 or 1 as x is negative, zero or positive; NaN stays NaN.");
  AddUnary<RoundingAttrs>(r, "Floor", "The largest integer that is not above x.");
  AddUnary<RoundingAttrs>(r, "Ceil", "The smallest integer that is not below x.");
  AddUnary<NegAttrs>(r, "Round", "The nearest integer, of two the even one.");
  AddUnary<NegAttrs>(r, "Reciprocal", "1 / x.");
  AddUnary<FloatingUnaryAttrs>(r, "Sqrt", "The square root; NaN of a negative number.");
  AddUnary<FloatingUnaryAttrs>(r, "Rsqrt", "1 / sqrt(x).");
  AddUnary<FloatingUnaryAttrs>(r, "Exp", "e to the power of x.");
  AddUnary<FloatingUnaryAttrs>(r, "Log", "The natural logarithm; NaN of a negative number.");
  AddUnary<FloatingUnaryAttrs>(r, "Tanh", "The hyperbolic tangent.");
  AddUnary<FloatingUnaryAttrs>(r, "Sigmoid", "1 / (1 + exp(-x)).");
  AddGradient(r, "ReciprocalGrad", "-dy * y^2: the gradient of y = Reciprocal(x).");
  AddGradient(r, "SqrtGrad", "dy * 0.5 / y: the gradient of y = Sqrt(x); 0 where dy is 0.");
  AddGradient(r, "RsqrtGrad", "dy * -0.5 * y^3: the gradient of y = Rsqrt(x); 0 where dy is 0.");
  AddGradient(r, "TanhGrad", "dy * (1 - y^2): the gradient of y = Tanh(x).");
  AddGradient(r, "SigmoidGrad", "dy * y * (1 - y): the gradient of y = Sigmoid(x).");
  r.Add("LogicalNot").Input("x: bool").Output("y: bool").Shape(UnchangedShape).Doc("not x.");
}

}  // namespace sluice
