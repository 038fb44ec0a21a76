#include "ops/training.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

absl::Status GradientDescentShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<ResourceApplyGradientDescentAttrs>());
  return VariableUpdateShape(c, attrs.T, 1, 2);
}

absl::Status MomentumShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<ResourceApplyMomentumAttrs>());
  return VariableUpdateShape(c, attrs.T, 2, 3);
}

}  // namespace

void RegisterTraining(OpRegistry& r) {
  r.Add<ResourceApplyGradientDescentAttrs>("ResourceApplyGradientDescent")
      .Input("var: resource")
      .Input("alpha: T")
      .Input("delta: T")
      .Shape(GradientDescentShape)
      .Stateful()
      .Doc("var -= alpha * delta.");
  r.Add<ResourceApplyMomentumAttrs>("ResourceApplyMomentum")
      .Input("var: resource")
      .Input("accum: resource")
      .Input("lr: T")
      .Input("grad: T")
      .Input("momentum: T")
      .Shape(MomentumShape)
      .Stateful()
      .Doc(
          "accum = momentum * accum + grad, then var -= lr * accum; with use_nesterov var -= lr * (grad + momentum * "
          "accum).");
  r.Add<ResourceApplyMomentumAttrs>("ResourceApplyKerasMomentum")
      .Input("var: resource")
      .Input("accum: resource")
      .Input("lr: T")
      .Input("grad: T")
      .Input("momentum: T")
      .Shape(MomentumShape)
      .Stateful()
      .Doc(
          "accum = momentum * accum - lr * grad, then var += accum; with use_nesterov var += momentum * accum - lr * "
          "grad.");
}

}  // namespace sluice
