#include "graph/partition.h"

#include <algorithm>

namespace sluice {
namespace {

bool IsShapeOp(const Node& node) {
  return node.op() == "Shape" || node.op() == "ShapeN" || node.op() == "Size" || node.op() == "Rank";
}

// Producers first. A device that waits for another's tensor is idle, so what others wait for does not queue behind
// work that only its own device needs; neither do the constants and shapes beside its large inputs.
std::vector<NodeId> OrderForDevices(const Graph& graph, const absl::flat_hash_set<Endpoint>& fed) {
  std::vector<NodeId> order = TopologicalOrder(graph);
  std::vector<bool> is_urgent(graph.id_limit(), false), is_light(graph.id_limit(), false);
  bool crosses = false;
  for (NodeId id : order) {
    const Node& node = graph.node(id);
    is_light[id] = node.op() == "Const" || IsShapeOp(node) ||
                   (!node.inputs.empty() && !node.schema->is_stateful &&
                    std::all_of(node.inputs.begin(), node.inputs.end(), [&](Endpoint e) { return is_light[e.node]; }));
    for (Endpoint e : node.inputs) {
      if (graph.node(e.node).assigned_device == node.assigned_device || fed.contains(e)) continue;
      is_urgent[e.node] = crosses = true;
    }
  }
  if (!crosses) return order;
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    if (!is_urgent[*id]) continue;
    for (Endpoint e : graph.node(*id).inputs) is_urgent[e.node] = is_urgent[e.node] || is_light[e.node];
  }
  return TopologicalOrder(graph, is_urgent);
}

}  // namespace

PartitionPlan PartitionGraph(const Graph& graph, const absl::flat_hash_set<Endpoint>& fed) {
  PartitionPlan plan;
  plan.order = OrderForDevices(graph, fed);
  auto connect = [&](Endpoint source, int to_device) {
    int from_device = graph.node(source.node).assigned_device;
    SLUICE_CHECK(from_device >= 0 && to_device >= 0);
    if (from_device == to_device) return;
    int next = static_cast<int>(plan.channels.size());
    if (plan.channel_of.try_emplace({source, to_device}, next).second) {
      plan.channels.push_back({source, from_device, to_device});
    }
  };
  // Consumers in global order, so that ids depend on the graph and its placement alone.
  for (NodeId id : plan.order) {
    const Node& node = graph.node(id);
    for (Endpoint e : node.inputs) {
      if (!fed.contains(e)) connect(e, node.assigned_device);
    }
    for (NodeId c : node.control_inputs) connect({c, kControl}, node.assigned_device);
  }
  return plan;
}

}  // namespace sluice
