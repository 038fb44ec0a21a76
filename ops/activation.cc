#include "ops/activation.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {

namespace {

template <class Attrs>
void AddActivation(OpRegistry& r, const std::string& name, absl::string_view doc) {
  r.Add<Attrs>(name).Input("features: T").Output("activations: T").Shape(UnchangedShape).Doc(doc);
}

// `second` is what the gradient is computed from besides dy.
template <class Attrs>
void AddGradient(OpRegistry& r, const std::string& name, const std::string& second, absl::string_view doc) {
  r.Add<Attrs>(name).Input("gradients: T").Input(second + ": T").Output("backprops: T").Shape(MergedShape).Doc(doc);
}

}  // namespace

void RegisterActivation(OpRegistry& r) {
  AddActivation<ReluAttrs>(r, "Relu", "max(features, 0); NaN stays NaN.");
  AddGradient<ReluAttrs>(r, "ReluGrad", "features",
                         "The gradient of Relu: gradients where features > 0, else 0. Features may be Relu's output.");
  AddActivation<ReluAttrs>(r, "Relu6", "min(max(features, 0), 6); NaN stays NaN.");
  AddGradient<ReluAttrs>(r, "Relu6Grad", "features",
                         "The gradient of Relu6: gradients where 0 < features < 6, else 0. Features may be Relu6's "
                         "output.");
  AddActivation<LeakyReluAttrs>(r, "LeakyRelu", "features where they are positive, else alpha * features.");
  AddGradient<LeakyReluAttrs>(r, "LeakyReluGrad", "features",
                              "The gradient of LeakyRelu: gradients where features > 0, else alpha * gradients.");
  AddActivation<SmoothActivationAttrs>(r, "Elu", "features where they are positive, else exp(features) - 1.");
  AddGradient<SmoothActivationAttrs>(r, "EluGrad", "outputs", "The gradient of Elu, by its output.");
  AddActivation<SmoothActivationAttrs>(
      r, "Selu", "scale * Elu with another slope below 0, so that activations normalise themselves (Klambauer 2017).");
  AddGradient<SmoothActivationAttrs>(r, "SeluGrad", "outputs", "The gradient of Selu, by its output.");
  AddActivation<SmoothActivationAttrs>(r, "Softplus", "log(exp(features) + 1).");
  AddGradient<SmoothActivationAttrs>(r, "SoftplusGrad", "features",
                                     "The gradient of Softplus: gradients / (1 + exp(-features)).");
}

}  // namespace sluice
