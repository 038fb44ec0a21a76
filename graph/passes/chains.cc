// Elementwise ops that feed each other alone become one op, which reads its inputs and writes its output once.
#include <algorithm>

#include "graph/passes/graph_editor.h"
#include "graph/propagate.h"
#include "ops/chain.h"

namespace sluice {
namespace {

class ChainJoiner {
 public:
  ChainJoiner(Graph& graph, const PassContext& context) : graph_(graph), edit_(graph, context) {}

  absl::Status Run() {
    auto infos = PropagateShapes(graph_);
    if (!infos.ok()) return absl::OkStatus();  // whoever compiles the graph reports it
    infos_ = *std::move(infos);
    // Consumers first, so that a chain is taken from its end.
    std::vector<NodeId> order = TopologicalOrder(graph_);
    for (auto id = order.rbegin(); id != order.rend(); ++id) {
      if (!edit_.HasUses(*id) && !edit_.HasControlUses(*id) && !edit_.MustKeep(*id)) continue;  // taken already
      const Node& last = graph_.node(*id);
      if (!IsElementwise(last) || !edit_.PaysOnDeviceOf(last, "_Chain", {{"T", last.output_types[0]}})) continue;
      SLUICE_RETURN_IF_ERROR(Take(last));
    }
    return edit_.Finish();
  }

 private:
  // How many steps the node is; 0 where no chain has it.
  int StepsOf(const Node& node) const {
    if (node.op() == "BiasAdd") {
      const AttrValue* format = node.schema->AttrOrDefault(node.attrs, "data_format");
      return format != nullptr && *format == AttrValue("NHWC") ? 1 : 0;
    }
    if (node.op() == "AddN") return node.inputs.size() < 2 ? 0 : static_cast<int>(node.inputs.size()) - 1;
    return FindChainOp(node.op()) != nullptr ? 1 : 0;
  }

  bool IsElementwise(const Node& node) const {
    const int steps = StepsOf(node);
    if (steps == 0 || steps > kMostChainSteps) return false;
    const DataType dtype = node.output_types[0];
    if (dtype != DataType::kFloat && dtype != DataType::kDouble) return false;
    const PartialShape& shape = ShapeOf(node);
    return shape.has_rank() && shape.rank() <= kMostChainRank;
  }

  const PartialShape& ShapeOf(const Node& node) const { return infos_[node.id][0].shape; }

  // A chain that grows from its end towards its inputs.
  struct Chain {
    std::vector<NodeId> members;  // consumers first
    std::vector<Endpoint> inputs;
    int steps = 0;
    bool Has(NodeId id) const { return std::find(members.begin(), members.end(), id) != members.end(); }
  };

  std::vector<Endpoint> InputsOf(const std::vector<NodeId>& members) const {
    std::vector<Endpoint> inputs;
    for (NodeId id : members) {
      for (Endpoint e : graph_.node(id).inputs) {
        const bool is_inside = std::find(members.begin(), members.end(), e.node) != members.end();
        if (!is_inside && std::find(inputs.begin(), inputs.end(), e) == inputs.end()) inputs.push_back(e);
      }
    }
    return inputs;
  }

  // Whether the producer can be computed within the chain: nothing else needs it, and it is as large as the result, so that
  // nothing is computed more often than before.
  bool CanTake(const Node& producer, const Node& last, const Chain& chain) const {
    if (!IsElementwise(producer) || chain.Has(producer.id) || producer.assigned_device != last.assigned_device) {
      return false;
    }
    if (edit_.MustKeep(producer.id) || edit_.HasControlUses(producer.id) || !producer.control_inputs.empty()) {
      return false;
    }
    if (!(ShapeOf(producer) == ShapeOf(last)) || producer.output_types[0] != last.output_types[0]) return false;
    for (const Consumers::Use& use : edit_.UsesOf(producer.id)) {
      if (!chain.Has(use.node)) return false;
    }
    return chain.steps + StepsOf(producer) <= kMostChainSteps;
  }

  absl::Status Take(const Node& last) {
    Chain chain;
    chain.members = {last.id};
    chain.steps = StepsOf(last);
    chain.inputs = InputsOf(chain.members);
    if (chain.inputs.size() > kMostChainInputs) return absl::OkStatus();
    for (bool grew = true; grew;) {
      grew = false;
      for (Endpoint e : chain.inputs) {
        const Node& producer = graph_.node(e.node);
        if (!CanTake(producer, last, chain)) continue;
        std::vector<NodeId> members = chain.members;
        members.push_back(producer.id);
        std::vector<Endpoint> inputs = InputsOf(members);
        if (inputs.size() > kMostChainInputs) continue;
        chain.members = std::move(members);
        chain.inputs = std::move(inputs);
        chain.steps += StepsOf(producer);
        grew = true;
        break;
      }
    }
    return chain.members.size() > 1 ? Replace(last, chain) : absl::OkStatus();
  }

  absl::Status Replace(const Node& last, const Chain& chain) {
    ChainAttrs attrs;
    attrs.T = last.output_types[0];
    attrs.N = static_cast<int64_t>(chain.inputs.size());
    absl::flat_hash_map<Endpoint, int64_t> operand;  // of everything that there is so far
    for (size_t i = 0; i < chain.inputs.size(); ++i) operand[chain.inputs[i]] = static_cast<int64_t>(i);
    auto add = [&](const std::string& op, int64_t a, int64_t b) {
      attrs.steps.push_back(op);
      attrs.operands.push_back(a);
      attrs.operands.push_back(b);
      return attrs.N + static_cast<int64_t>(attrs.steps.size()) - 1;
    };
    for (NodeId id : InOrder(chain)) {
      const Node& node = graph_.node(id);
      int64_t value = operand.at(node.inputs[0]);
      if (node.op() == "AddN" || node.op() == "BiasAdd") {
        for (size_t i = 1; i < node.inputs.size(); ++i) value = add("Add", value, operand.at(node.inputs[i]));
      } else {
        value = add(node.op(), value, node.inputs.size() == 2 ? operand.at(node.inputs[1]) : -1);
      }
      operand[{id, 0}] = value;
    }
    return edit_.Rewrite(last.id, "_Chain", chain.inputs, ToAttrMap(attrs));
  }

  // The members, producers first. A member that was taken later may feed several that were taken before, never the other
  // way round.
  static std::vector<NodeId> InOrder(const Chain& chain) { return {chain.members.rbegin(), chain.members.rend()}; }

  Graph& graph_;
  GraphEditor edit_;
  std::vector<std::vector<TensorInfo>> infos_;
};

}  // namespace

absl::Status JoinChains(Graph& graph, const PassContext& context) { return ChainJoiner(graph, context).Run(); }

}  // namespace sluice
