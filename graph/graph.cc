#include "graph/graph.h"

#include <algorithm>
#include <queue>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace sluice {

Graph::Graph(const Graph& other)
    : ops_(other.ops_),
      by_name_(other.by_name_),
      versions_(other.versions_),
      library_(other.library_),
      wire_extra_(other.wire_extra_) {
  nodes_.reserve(other.nodes_.size());
  for (const auto& node : other.nodes_) nodes_.push_back(node ? std::make_unique<Node>(*node) : nullptr);
}

Graph& Graph::operator=(const Graph& other) {
  if (this != &other) *this = Graph(other);
  return *this;
}

Graph Graph::FromNodes(const OpRegistry& ops, std::vector<std::unique_ptr<Node>> nodes) {
  Graph graph(ops);
  graph.nodes_ = std::move(nodes);
  graph.by_name_.reserve(graph.nodes_.size());
  for (const auto& node : graph.nodes_) graph.by_name_.emplace(node->name, node->id);
  return graph;
}

absl::StatusOr<Node*> Graph::AddNode(NodeSpec spec) {
  auto fail = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("node '", spec.name, "' (", spec.op, "): ", what));
  };
  const OpSchema* schema = ops_->Find(spec.op);
  if (schema == nullptr) {
    return absl::UnimplementedError(absl::StrCat("node '", spec.name, "': unknown op ", spec.op));
  }
  if (by_name_.contains(spec.name)) return fail("another node has the same name");
  auto node = std::make_unique<Node>();
  node->id = id_limit();
  node->name = spec.name;
  node->schema = schema;
  node->attrs = std::move(spec.attrs);
  node->device = std::move(spec.device);
  node->inputs.assign(spec.inputs.begin(), spec.inputs.end());
  node->control_inputs.assign(spec.control_inputs.begin(), spec.control_inputs.end());
  for (Endpoint e : node->inputs) {
    if (!IsLive(e.node) || e.index < 0 || e.index >= static_cast<int>(this->node(e.node).output_types.size())) {
      return fail(absl::StrCat("an input is not there (node id ", e.node, ", output ", e.index, ")"));
    }
  }
  SLUICE_RETURN_IF_ERROR(RefreshTypes(*node));
  by_name_.emplace(node->name, node->id);
  nodes_.push_back(std::move(node));
  return nodes_.back().get();
}

absl::Status Graph::RefreshTypes(Node& node) {
  auto fail = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("node '", node.name, "' (", node.op(), "): ", what));
  };
  std::vector<std::string> errors = node.schema->check_attrs(node.attrs);
  if (!errors.empty()) return fail(absl::StrJoin(errors, "; "));
  auto signature = node.schema->Resolve(node.attrs);
  if (!signature.ok()) return fail(std::string(signature.status().message()));
  if (signature->inputs.size() != node.inputs.size()) {
    return fail(absl::StrCat("has ", node.inputs.size(), " inputs, expected ", signature->inputs.size()));
  }
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (DataType actual = dtype(node.inputs[i]); actual != signature->inputs[i]) {
      return fail(absl::StrCat("input ", i, " ('", NameOf(node.inputs[i]), "') is ", DataTypeName(actual),
                               ", expected ", DataTypeName(signature->inputs[i])));
    }
  }
  node.input_types = std::move(signature->inputs);
  node.output_types = std::move(signature->outputs);
  return absl::OkStatus();
}

void Graph::RemoveNode(NodeId id) {
  by_name_.erase(nodes_[id]->name);
  nodes_[id].reset();
}

Node* Graph::Find(absl::string_view name) {
  auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : nodes_[it->second].get();
}

const Node* Graph::Find(absl::string_view name) const { return const_cast<Graph*>(this)->Find(name); }

std::vector<NodeId> Graph::node_ids() const {
  std::vector<NodeId> ids;
  ids.reserve(nodes_.size());
  for (const auto& node : nodes_) {
    if (node) ids.push_back(node->id);
  }
  return ids;
}

std::string Graph::UniqueName(absl::string_view prefix) const {
  if (!by_name_.contains(prefix)) return std::string(prefix);
  for (int i = 1;; ++i) {
    std::string name = absl::StrCat(prefix, "_", i);
    if (!by_name_.contains(name)) return name;
  }
}

void Graph::ReplaceUses(Endpoint from, Endpoint to) {
  for (auto& node : nodes_) {
    if (!node) continue;
    std::replace(node->inputs.begin(), node->inputs.end(), from, to);
  }
}

std::string Graph::NameOf(Endpoint e) const {
  const std::string& name = node(e.node).name;
  return e.index == 0 ? name : absl::StrCat(name, ":", e.index);
}

absl::StatusOr<Endpoint> Graph::ParseEndpoint(absl::string_view tensor_name) const {
  absl::string_view name = tensor_name;
  int index = 0;
  if (size_t colon = name.rfind(':'); colon != absl::string_view::npos) {
    if (!absl::SimpleAtoi(name.substr(colon + 1), &index) || index < 0) {
      return absl::InvalidArgumentError(absl::StrCat("'", tensor_name, "' is not a tensor name (node or node:1)"));
    }
    name = name.substr(0, colon);
  }
  const Node* found = Find(name);
  if (found == nullptr) {
    std::vector<absl::string_view> near;
    for (const auto& node : nodes_) {
      if (node && near.size() < 5 && absl::StrContains(node->name, name)) near.push_back(node->name);
    }
    std::string hint = near.empty() ? "" : absl::StrCat("; there are ", absl::StrJoin(near, ", "));
    return absl::NotFoundError(absl::StrCat("no node '", name, "' in the graph", hint));
  }
  if (index >= static_cast<int>(found->output_types.size())) {
    return absl::NotFoundError(absl::StrCat("node '", name, "' (", found->op(), ") has ", found->output_types.size(),
                                            " outputs, asked for output ", index));
  }
  return Endpoint{found->id, index};
}

int Consumers::Count(Endpoint e) const {
  return static_cast<int>(std::count_if(uses[e.node].begin(), uses[e.node].end(),
                                        [&](const Use& use) { return use.output_index == e.index; }));
}

Consumers FindConsumers(const Graph& graph) {
  Consumers consumers;
  consumers.uses.resize(graph.id_limit());
  consumers.control.resize(graph.id_limit());
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      consumers.uses[node.inputs[i].node].push_back({id, static_cast<int>(i), node.inputs[i].index});
    }
    for (NodeId c : node.control_inputs) consumers.control[c].push_back(id);
  }
  return consumers;
}

std::vector<NodeId> TopologicalOrder(const Graph& graph, const std::vector<bool>& is_urgent) {
  Consumers consumers = FindConsumers(graph);
  std::vector<int> waiting(graph.id_limit(), 0);
  using Place = std::pair<bool, NodeId>;  // whether it may wait, id
  std::priority_queue<Place, std::vector<Place>, std::greater<>> ready;
  auto push = [&](NodeId id) { ready.emplace(is_urgent.empty() || !is_urgent[id], id); };
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    waiting[id] = static_cast<int>(node.inputs.size() + node.control_inputs.size());
    if (waiting[id] == 0) push(id);
  }
  std::vector<NodeId> order;
  order.reserve(graph.num_nodes());
  while (!ready.empty()) {
    const NodeId id = ready.top().second;
    ready.pop();
    order.push_back(id);
    for (const Consumers::Use& use : consumers.uses[id]) {
      if (--waiting[use.node] == 0) push(use.node);
    }
    for (NodeId c : consumers.control[id]) {
      if (--waiting[c] == 0) push(c);
    }
  }
  return order;
}

}  // namespace sluice
