#include "graph/passes/graph_editor.h"

#include <algorithm>

namespace sluice {

GraphEditor::GraphEditor(Graph& graph, const PassContext& context) : graph_(graph), context_(context) {
  Consumers consumers = FindConsumers(graph);
  uses_ = std::move(consumers.uses);
  control_ = std::move(consumers.control);
}

bool GraphEditor::MustKeep(NodeId id) const {
  return context_.MustKeep(id, static_cast<int>(graph_.node(id).output_types.size()));
}

int GraphEditor::CountUses(Endpoint e) const {
  return static_cast<int>(std::count_if(uses_[e.node].begin(), uses_[e.node].end(),
                                        [&](const Consumers::Use& use) { return use.output_index == e.index; }));
}

void GraphEditor::Register(const Node& node) {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    uses_[node.inputs[i].node].push_back({node.id, static_cast<int>(i), node.inputs[i].index});
  }
}

void GraphEditor::Unregister(const Node& node) {
  for (Endpoint e : node.inputs) {
    auto& uses = uses_[e.node];
    uses.erase(std::remove_if(uses.begin(), uses.end(), [&](const Consumers::Use& use) { return use.node == node.id; }),
               uses.end());
  }
}

void GraphEditor::ReplaceUses(Endpoint from, Endpoint to) {
  if (from == to) return;
  auto& uses = uses_[from.node];
  absl::InlinedVector<Consumers::Use, 2> kept;
  for (const Consumers::Use& use : uses) {
    if (use.output_index != from.index) {
      kept.push_back(use);
      continue;
    }
    graph_.node(use.node).inputs[use.input] = to;
    if (to.node == from.node) {
      kept.push_back({use.node, use.input, to.index});
    } else {
      uses_[to.node].push_back({use.node, use.input, to.index});
    }
  }
  uses = std::move(kept);
}

void GraphEditor::MoveControlUses(NodeId from, NodeId to) {
  for (NodeId waiting : control_[from]) {
    auto& inputs = node(waiting).control_inputs;
    if (std::find(inputs.begin(), inputs.end(), to) == inputs.end()) {
      std::replace(inputs.begin(), inputs.end(), from, to);
      control_[to].push_back(waiting);
    } else {
      inputs.erase(std::remove(inputs.begin(), inputs.end(), from), inputs.end());
    }
  }
  control_[from].clear();
}

void GraphEditor::TakeOverControl(NodeId from, NodeId to) {
  MoveControlUses(from, to);
  const absl::InlinedVector<NodeId, 2> inputs = node(from).control_inputs;
  auto& present = node(to).control_inputs;
  for (NodeId c : inputs) {
    if (c == to || std::find(present.begin(), present.end(), c) != present.end()) continue;
    present.push_back(c);
    control_[c].push_back(to);
  }
}

bool GraphEditor::PaysOnDeviceOf(const Node& node, absl::string_view op, const AttrMap& attrs) const {
  if (node.assigned_device < 0 || node.assigned_device >= static_cast<int>(context_.devices.size())) return false;
  const Device& device = *context_.devices[node.assigned_device];
  return !device.is_synchronous() && Schema(op) != nullptr && device.kernels().Find(op, attrs).ok();
}

void GraphEditor::SetInput(NodeId id, int index, Endpoint to) {
  std::vector<Endpoint> inputs(node(id).inputs.begin(), node(id).inputs.end());
  inputs[index] = to;
  SetInputs(id, std::move(inputs));
}

void GraphEditor::SetInputs(NodeId id, std::vector<Endpoint> inputs) {
  Unregister(node(id));
  node(id).inputs.assign(inputs.begin(), inputs.end());
  Register(node(id));
}

void GraphEditor::Bypass(NodeId id, Endpoint to) {
  ReplaceUses({id, 0}, to);
  MoveControlUses(id, to.node);
  SetInputs(id, {});
  graph_.RemoveNode(id);
}

absl::Status GraphEditor::Rewrite(NodeId id, absl::string_view op, std::vector<Endpoint> inputs, AttrMap attrs) {
  Node& changed = node(id);
  const OpSchema* schema = Schema(op);
  if (schema == nullptr) return absl::InternalError(absl::StrCat("op ", op, " is not registered"));
  for (auto& [name, value] : changed.attrs) {
    if (name[0] == '_') attrs.emplace(name, std::move(value));
  }
  changed.schema = schema;
  changed.attrs = std::move(attrs);
  SetInputs(id, std::move(inputs));
  return graph_.RefreshTypes(changed);
}

absl::StatusOr<NodeId> GraphEditor::Add(const Node& like, absl::string_view suffix, absl::string_view op,
                                        std::vector<Endpoint> inputs, AttrMap attrs) {
  NodeSpec spec;
  spec.name = graph_.UniqueName(absl::StrCat(like.name, "/", suffix));
  spec.op = std::string(op);
  spec.attrs = std::move(attrs);
  spec.inputs = std::move(inputs);
  spec.device = like.device;
  // Who shares the device of a colocated node must be colocated too.
  if (auto it = like.attrs.find("_class"); it != like.attrs.end()) spec.attrs.insert(*it);
  SLUICE_ASSIGN_OR_RETURN(Node * added, graph_.AddNode(std::move(spec)));
  added->assigned_device = like.assigned_device;
  uses_.resize(graph_.id_limit());
  control_.resize(graph_.id_limit());
  Register(*added);
  return added->id;
}

void GraphEditor::CopyControlInputs(NodeId from, NodeId to) {
  for (NodeId c : node(from).control_inputs) {
    node(to).control_inputs.push_back(c);
    control_[c].push_back(to);
  }
}

absl::StatusOr<Endpoint> GraphEditor::AddConst(const Node& like, absl::string_view suffix, Tensor value) {
  AttrMap attrs;
  attrs.emplace("dtype", value.dtype());
  attrs.emplace("value", std::move(value));
  SLUICE_ASSIGN_OR_RETURN(NodeId id, Add(like, suffix, "Const", {}, std::move(attrs)));
  return Endpoint{id, 0};
}

const Tensor* GraphEditor::ConstantAt(Endpoint e) const {
  const Node& node = graph_.node(e.node);
  if (node.op() != "Const") return nullptr;
  auto it = node.attrs.find("value");
  return it == node.attrs.end() ? nullptr : std::get_if<Tensor>(&it->second.value);
}

}  // namespace sluice
