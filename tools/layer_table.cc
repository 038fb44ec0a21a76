#include "tools/layer_table.h"

#include <algorithm>
#include <cstdio>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"

#include "graph/flops.h"
#include "ops/constant.h"
#include "ops/variable.h"
#include "tools/table.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

class Costs {
 public:
  Costs(const Graph& graph, const std::vector<std::vector<TensorInfo>>& infos) : graph_(graph), infos_(infos) {
    for (NodeId id : MovingAverages(graph)) counted_.insert(id);
  }

  std::vector<LayerCost> Of(const std::vector<NodeId>& ends) {
    FindNeeded(ends);
    absl::flat_hash_set<NodeId> data;  // depends on a placeholder
    for (NodeId id : TopologicalOrder(graph_)) {
      const Node& node = graph_.node(id);
      if (!needed_.contains(id)) continue;
      bool is_fed = absl::StartsWith(node.op(), "Placeholder");
      bool depends =
          std::any_of(node.inputs.begin(), node.inputs.end(), [&](Endpoint e) { return data.contains(e.node); });
      if (!is_fed && !depends) continue;
      data.insert(id);
      Add(node, data);
    }
    return std::move(layers_);
  }

 private:
  void FindNeeded(std::vector<NodeId> open) {
    while (!open.empty()) {
      NodeId id = open.back();
      open.pop_back();
      if (!needed_.insert(id).second) continue;
      for (Endpoint input : graph_.node(id).inputs) open.push_back(input.node);
      for (NodeId input : graph_.node(id).control_inputs) open.push_back(input);
    }
  }

  void Add(const Node& node, const absl::flat_hash_set<NodeId>& data) {
    const size_t slash = node.name.rfind('/');
    std::string name = slash == std::string::npos ? node.name : node.name.substr(0, slash);
    auto [it, is_new] = index_.try_emplace(name, layers_.size());
    if (is_new) layers_.push_back({.name = std::move(name)});
    LayerCost& layer = layers_[it->second];
    layer.macs += NodeFlops(node, infos_) / 2;
    if (!node.output_types.empty()) layer.output = infos_[static_cast<size_t>(node.id)][0].shape;
    for (Endpoint input : node.inputs) {
      if (data.contains(input.node)) continue;
      NodeId source = SourceOf(graph_, input);
      if (counted_.insert(source).second) layer.parameters += Elements(graph_.node(source));
    }
  }

  // Of a variable, or of a constant that is no scalar.
  static int64_t Elements(const Node& node) {
    if (node.op() == "VarHandleOp") {
      auto attrs = node.Parse<VarHandleOpAttrs>();
      if (!attrs.ok() || !IsFloating(attrs->dtype) || !attrs->shape.IsFullyKnown()) return 0;
      auto shape = attrs->shape.ToShape();
      return shape.ok() ? shape->num_elements() : 0;
    }
    if (node.op() != "Const") return 0;
    auto attrs = node.Parse<ConstAttrs>();
    return attrs.ok() && IsFloating(attrs->dtype) && attrs->value.shape().rank() > 0 ? attrs->value.num_elements() : 0;
  }

  const Graph& graph_;
  const std::vector<std::vector<TensorInfo>>& infos_;
  absl::flat_hash_set<NodeId> needed_, counted_;
  absl::flat_hash_map<std::string, size_t> index_;
  std::vector<LayerCost> layers_;
};

// In thousand millions, with as many digits as small layers need.
std::string Giga(double macs) {
  char text[32];
  snprintf(text, sizeof text, "%.4f", macs / 1e9);
  return text;
}

}  // namespace

NodeId SourceOf(const Graph& graph, Endpoint e) {
  while (graph.node(e.node).op() == "Identity" || graph.node(e.node).op() == "ReadVariableOp") {
    e = graph.node(e.node).inputs[0];
  }
  return e.node;
}

std::vector<NodeId> MovingAverages(const Graph& graph) {
  std::vector<NodeId> averages;
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    if (!absl::StartsWith(node.op(), "FusedBatchNorm") || absl::StrContains(node.op(), "Grad")) continue;
    for (size_t i = 3; i < std::min<size_t>(node.inputs.size(), 5); ++i) {
      averages.push_back(SourceOf(graph, node.inputs[i]));
    }
  }
  return averages;
}

std::vector<LayerCost> CostOfLayers(const Graph& graph, const std::vector<std::vector<TensorInfo>>& infos,
                                    const std::vector<NodeId>& ends) {
  return Costs(graph, infos).Of(ends);
}

std::string LayersText(const std::vector<LayerCost>& layers) {
  Table table({{"layer"}, {"output"}, {"parameters", Table::kRight}, {"GMAC", Table::kRight}});
  LayerCost all;
  for (const LayerCost& layer : layers) {
    table.AddRow({layer.name, layer.output.ToString(), layer.parameters > 0 ? FormatCount(layer.parameters) : "",
                  layer.macs > 0 ? Giga(layer.macs) : ""});
    all.parameters += layer.parameters;
    all.macs += layer.macs;
  }
  table.AddRow({"all", "", FormatCount(all.parameters), Giga(all.macs)});
  return table.ToString();
}

Json LayersToJson(const std::vector<LayerCost>& layers) {
  Json list = Json::array();
  for (const LayerCost& layer : layers) {
    list.push_back({{"layer", layer.name},
                    {"output", layer.output.ToString()},
                    {"parameters", layer.parameters},
                    {"macs", layer.macs}});
  }
  return list;
}

}  // namespace sluice::tools
