#include "models/layer_scope.h"

#include "graph/builders.h"

namespace sluice {
namespace {

Scope ScopeOf(Network& network, const std::string& name, const std::string& device) {
  Scope scope = network.scope().SubScope(name);
  return device.empty() ? scope : scope.WithDevice(device);
}

}  // namespace

LayerScope::LayerScope(const Layer& input, absl::string_view given, absl::string_view kind, const std::string& device)
    : network(*input.network),
      name(network.LayerName(given, kind)),
      device(device),
      scope(ScopeOf(network, name, device)) {}

Layer LayerScope::Result(Endpoint output) const {
  network.AddLayer(name, output);
  return {&network, output};
}

Layer LayerScope::Failed(absl::Status status) const {
  scope.Fail(WithContext(status, absl::StrCat("layer '", name, "'")));
  return {&network, Endpoint{}};
}

int64_t LayerScope::KnownDim(Endpoint x, int rank, int axis) const {
  PartialShape shape = network.ShapeOf(x);
  if (!network.status().ok()) return 1;
  if (shape.has_rank() && shape.rank() == rank && shape.dim(axis) >= 1) return shape.dim(axis);
  Failed(absl::InvalidArgumentError(absl::StrCat("the input's shape is ", shape.ToString(), ", expected rank ", rank,
                                                 " with dimension ", axis, " known")));
  return 1;
}

Endpoint LayerScope::Variable(const std::string& what, const Shape& shape, const Initializer& initializer,
                              const VariableOptions& options) const {
  VariableOptions here = options;
  here.device = device;
  return network.AddVariable(absl::StrCat(name, "/", what), shape, initializer, here);
}

Endpoint LayerScope::Activate(Endpoint x, const std::string& activation) const {
  return sluice::Activate(scope, x, activation);
}

Endpoint Activate(Scope scope, Endpoint x, const std::string& activation) {
  static constexpr struct {
    const char* activation;
    const char* op;
  } kOps[] = {{"relu", "Relu"},       {"relu6", "Relu6"},          {"tanh", "Tanh"},
              {"sigmoid", "Sigmoid"}, {"softmax", "Softmax"},      {"elu", "Elu"},
              {"selu", "Selu"},       {"leaky_relu", "LeakyRelu"}, {"softplus", "Softplus"}};
  if (activation == "linear") return x;
  for (const auto& entry : kOps) {
    if (activation == entry.activation) return {scope.Add(entry.op, {x}), 0};
  }
  std::string known = "linear";
  for (const auto& entry : kOps) absl::StrAppend(&known, ", ", entry.activation);
  scope.Fail(absl::InvalidArgumentError(absl::StrCat("there is no activation '", activation, "': there are ", known)));
  return {};
}

}  // namespace sluice
