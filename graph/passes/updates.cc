// An optimiser updates many small variables, each in a moment: as one op they cost a device one launch.
#include <map>
#include <tuple>

#include "graph/passes/graph_editor.h"
#include "graph/propagate.h"
#include "ops/update_group.h"

namespace sluice {
namespace {

// Larger variables stay alone: their update takes longer than its launch, and its gradient's memory is free again sooner.
constexpr int64_t kLargestElements = int64_t{1} << 22;

class Grouper {
 public:
  Grouper(Graph& graph, const PassContext& context) : graph_(graph), edit_(graph, context) {}

  absl::Status Run() {
    auto infos = PropagateShapes(graph_);
    if (!infos.ok()) return absl::OkStatus();  // whoever compiles the graph reports it
    infos_ = *std::move(infos);
    std::map<Key, Group> groups;
    for (NodeId id : graph_.node_ids()) Collect(graph_.node(id), groups);
    for (auto& [key, group] : groups) {
      RemoveDependent(group.updates);
      if (group.updates.size() > 1) SLUICE_RETURN_IF_ERROR(Join(std::get<1>(key), group.updates));
    }
    return edit_.Finish();
  }

 private:
  // Device, op, type, what its loop depends on, scalars.
  using Key = std::tuple<int, std::string, DataType, bool, bool, std::vector<Endpoint>>;
  struct Group {
    std::vector<NodeId> updates;
    absl::flat_hash_set<std::string> variables;  // none twice
  };

  static bool Flag(const Node& node, absl::string_view attr, bool otherwise) {
    if (node.schema->FindAttr(attr) == nullptr) return otherwise;
    const AttrValue* value = node.schema->AttrOrDefault(node.attrs, attr);
    const bool* held = value == nullptr ? nullptr : std::get_if<bool>(&value->value);
    return held == nullptr ? otherwise : *held;
  }

  // The variables' names; empty where one is not known, or too large.
  std::vector<std::string> SmallVariables(const Node& node, const UpdateOp& op) const {
    std::vector<std::string> names;
    for (int i = 0; i < op.num_variables; ++i) {
      const Endpoint e = node.inputs[i];
      const ResourceHandle* handle = infos_[e.node][e.index].handle.get();
      if (handle == nullptr || !handle->shape.IsFullyKnown()) return {};
      auto shape = handle->shape.ToShape();
      if (!shape.ok() || shape->num_elements() > kLargestElements) return {};
      names.push_back(handle->name.empty() ? graph_.node(e.node).name : handle->name);
    }
    return names;
  }

  void Collect(const Node& node, std::map<Key, Group>& groups) const {
    const UpdateOp* op = FindUpdateOp(node.op());
    if (op == nullptr || edit_.MustKeep(node.id)) return;
    const std::vector<std::string> variables = SmallVariables(node, *op);
    if (variables.empty()) return;
    const DataType dtype = node.input_types[op->gradient];
    std::vector<Endpoint> scalars;
    for (int i = op->num_variables; i < op->num_inputs(); ++i) {
      if (i != op->gradient) scalars.push_back(node.inputs[i]);
    }
    if (!edit_.PaysOnDeviceOf(node, "_ApplyGroup", {{"T", dtype}})) return;
    Group& group = groups[Key{node.assigned_device, node.op(), dtype, Flag(node, "use_nesterov", false),
                              Flag(node, "update_slots", true), std::move(scalars)}];
    for (const std::string& name : variables) {
      if (group.variables.contains(name)) return;
    }
    group.variables.insert(variables.begin(), variables.end());
    group.updates.push_back(node.id);
  }

  // Takes those out that come after another one: as one op they would wait for themselves. Joining one group may make the
  // members of another depend on each other, so this looks at the graph as it is.
  void RemoveDependent(std::vector<NodeId>& updates) const {
    const Consumers consumers = FindConsumers(graph_);
    std::vector<bool> reached(graph_.id_limit(), false);
    std::vector<NodeId> stack = updates;
    while (!stack.empty()) {
      const NodeId id = stack.back();
      stack.pop_back();
      auto visit = [&](NodeId next) {
        if (reached[next]) return;
        reached[next] = true;
        stack.push_back(next);
      };
      for (const Consumers::Use& use : consumers.uses[id]) visit(use.node);
      for (NodeId next : consumers.control[id]) visit(next);
    }
    std::erase_if(updates, [&](NodeId id) { return reached[id]; });
  }

  // The first update becomes all of them.
  absl::Status Join(const std::string& op_name, const std::vector<NodeId>& updates) {
    const UpdateOp& op = *FindUpdateOp(op_name);
    const Node& first = graph_.node(updates[0]);
    ApplyGroupAttrs attrs;
    attrs.T = first.input_types[op.gradient];
    attrs.op = op_name;
    attrs.count = static_cast<int64_t>(updates.size());
    attrs.num_resources = attrs.count * op.num_variables;
    attrs.num_scalars = op.num_scalars;
    attrs.use_nesterov = Flag(first, "use_nesterov", false);
    attrs.update_slots = Flag(first, "update_slots", true);
    std::vector<Endpoint> inputs;
    for (NodeId id : updates) {
      const Node& update = graph_.node(id);
      inputs.insert(inputs.end(), update.inputs.begin(), update.inputs.begin() + op.num_variables);
    }
    for (int i = op.num_variables; i < op.num_inputs(); ++i) {
      if (i != op.gradient) inputs.push_back(first.inputs[i]);
    }
    for (NodeId id : updates) inputs.push_back(graph_.node(id).inputs[op.gradient]);
    for (size_t i = 1; i < updates.size(); ++i) {
      edit_.TakeOverControl(updates[i], updates[0]);
      edit_.SetInputs(updates[i], {});  // nothing needs it any more: Finish removes it
      graph_.node(updates[i]).control_inputs.clear();
    }
    return edit_.Rewrite(updates[0], "_ApplyGroup", std::move(inputs), ToAttrMap(attrs));
  }

  Graph& graph_;
  GraphEditor edit_;
  std::vector<std::vector<TensorInfo>> infos_;
};

}  // namespace

absl::Status GroupUpdates(Graph& graph, const PassContext& context) { return Grouper(graph, context).Run(); }

}  // namespace sluice
