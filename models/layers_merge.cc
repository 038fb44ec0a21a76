#include "models/layers_merge.h"

#include "graph/builders.h"
#include "models/layer_scope.h"

namespace sluice {
namespace {

int32_t LastAxis(const Layer& x) {
  PartialShape shape = x.shape();
  return shape.has_rank() ? shape.rank() - 1 : 0;
}

}  // namespace

Layer Concat(const std::vector<Layer>& inputs, const std::string& name, const std::string& device) {
  SLUICE_CHECK(!inputs.empty());
  LayerScope layer(inputs[0], name, "concat", device);
  std::vector<Endpoint> tensors;
  for (const Layer& input : inputs) tensors.push_back(input.output);
  Scope scope = layer.scope;
  return layer.Result(ops::ConcatV2(scope, tensors, scope.Named("axis").Scalar<int32_t>(LastAxis(inputs[0]))));
}

std::vector<Layer> SplitChannels(Layer input, int count, const std::string& name, const std::string& device) {
  LayerScope layer(input, name, "split", device);
  Scope scope = layer.scope;
  Endpoint axis = scope.Named("axis").Scalar<int32_t>(LastAxis(input));
  std::vector<Layer> parts;
  for (Endpoint part : ops::Split(scope, axis, input.output, {.num_split = count})) {
    parts.push_back({input.network, part});
  }
  parts.resize(static_cast<size_t>(count), {input.network, {}});  // after an error there are none
  return parts;
}

Layer Add(Layer a, Layer b, const std::string& activation, const std::string& name, const std::string& device) {
  LayerScope layer(a, name, "add", device);
  return layer.Result(layer.Activate(ops::AddV2(layer.scope, a.output, b.output), activation));
}

}  // namespace sluice
