#include "ops/adaptive_training.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

// The gradient is the last input.
template <class Attrs, int kVariables>
absl::Status UpdateShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<Attrs>());
  return VariableUpdateShape(c, attrs.T, kVariables, c.num_inputs() - 1);
}

}  // namespace

void RegisterAdaptiveTraining(OpRegistry& r) {
  r.Add<ResourceApplyAdamAttrs>("ResourceApplyAdam")
      .Input("var: resource")
      .Input("m: resource")
      .Input("v: resource")
      .Input("beta1_power: T")
      .Input("beta2_power: T")
      .Input("lr: T")
      .Input("beta1: T")
      .Input("beta2: T")
      .Input("epsilon: T")
      .Input("grad: T")
      .Shape(UpdateShape<ResourceApplyAdamAttrs, 3>)
      .Stateful()
      .Doc(
          "Adam (Kingma and Ba 2014, algorithm 1 in the order of section 2's end): m += (1 - beta1) * (grad - m), "
          "v += (1 - beta2) * (grad^2 - v), rate = lr * sqrt(1 - beta2_power) / (1 - beta1_power), then var -= rate * "
          "m / (sqrt(v) + epsilon), with use_nesterov beta1 * m + (1 - beta1) * grad in place of m.");
  r.Add<ResourceApplyRMSPropAttrs>("ResourceApplyRMSProp")
      .Input("var: resource")
      .Input("ms: resource")
      .Input("mom: resource")
      .Input("lr: T")
      .Input("rho: T")
      .Input("momentum: T")
      .Input("epsilon: T")
      .Input("grad: T")
      .Shape(UpdateShape<ResourceApplyRMSPropAttrs, 3>)
      .Stateful()
      .Doc("ms += (1 - rho) * (grad^2 - ms), mom = momentum * mom + lr * grad / sqrt(ms + epsilon), then var -= mom.");
  r.Add<ResourceApplyRMSPropAttrs>("ResourceApplyCenteredRMSProp")
      .Input("var: resource")
      .Input("mg: resource")
      .Input("ms: resource")
      .Input("mom: resource")
      .Input("lr: T")
      .Input("rho: T")
      .Input("momentum: T")
      .Input("epsilon: T")
      .Input("grad: T")
      .Shape(UpdateShape<ResourceApplyRMSPropAttrs, 4>)
      .Stateful()
      .Doc(
          "ResourceApplyRMSProp divided by the deviation: mg is the gradient's mean as ms its square's, and mom = "
          "momentum * mom + lr * grad / sqrt(ms - mg^2 + epsilon).");
  r.Add<ResourceApplyAdagradAttrs>("ResourceApplyAdagrad")
      .Input("var: resource")
      .Input("accum: resource")
      .Input("lr: T")
      .Input("grad: T")
      .Shape(UpdateShape<ResourceApplyAdagradAttrs, 2>)
      .Stateful()
      .Doc("accum += grad^2 (not without update_slots), then var -= lr * grad / sqrt(accum).");
  r.Add<ResourceApplyAdagradAttrs>("ResourceApplyAdagradV2")
      .Input("var: resource")
      .Input("accum: resource")
      .Input("lr: T")
      .Input("epsilon: T")
      .Input("grad: T")
      .Shape(UpdateShape<ResourceApplyAdagradAttrs, 2>)
      .Stateful()
      .Doc("accum += grad^2 (not without update_slots), then var -= lr * grad / (sqrt(accum) + epsilon).");
}

}  // namespace sluice
