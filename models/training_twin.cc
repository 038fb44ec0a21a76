#include "models/training_twin.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"

#include "models/training.h"

namespace sluice {
namespace {

class Twin {
 public:
  explicit Twin(Network& network) : network_(network), graph_(network.graph()) {
    for (const TrainingSpot& spot : network.training_spots()) spots_[spot.inference] = &spot;
  }

  absl::StatusOr<std::vector<Endpoint>> Build(const std::vector<Endpoint>& tensors) {
    Need(tensors);
    // A node's inputs have lower ids than the node, and a spot's inputs than what they make.
    const auto limit = static_cast<NodeId>(needed_.size());
    for (NodeId id = 0; id < limit; ++id) {
      if (needed_[static_cast<size_t>(id)]) SLUICE_RETURN_IF_ERROR(CloneWhereNeeded(id));
      SLUICE_RETURN_IF_ERROR(MakeForms(id));
    }
    std::vector<Endpoint> result;
    for (Endpoint tensor : tensors) result.push_back(Of(tensor));
    return result;
  }

 private:
  // Everything that the training forms of `tensors` are made from.
  void Need(const std::vector<Endpoint>& tensors) {
    needed_.assign(static_cast<size_t>(graph_.id_limit()), false);
    std::vector<Endpoint> stack = tensors;
    while (!stack.empty()) {
      const Endpoint tensor = stack.back();
      stack.pop_back();
      if (auto spot = spots_.find(tensor); spot != spots_.end()) {
        std::vector<const TrainingSpot*>& here = wanted_[tensor.node];
        if (std::find(here.begin(), here.end(), spot->second) != here.end()) continue;
        here.push_back(spot->second);
        stack.insert(stack.end(), spot->second->inputs.begin(), spot->second->inputs.end());
        continue;
      }
      if (needed_[static_cast<size_t>(tensor.node)]) continue;
      needed_[static_cast<size_t>(tensor.node)] = true;
      const Node& node = graph_.node(tensor.node);
      stack.insert(stack.end(), node.inputs.begin(), node.inputs.end());
    }
  }

  Endpoint Of(Endpoint tensor) const {
    auto twin = twins_.find(tensor);
    return twin == twins_.end() ? tensor : twin->second;
  }

  absl::Status CloneWhereNeeded(NodeId id) {
    const Node& node = graph_.node(id);
    NodeSpec spec{.op = node.op(), .attrs = node.attrs, .device = node.device};
    bool differs = false;
    for (Endpoint input : node.inputs) {
      spec.inputs.push_back(Of(input));
      differs |= !(spec.inputs.back() == input);
    }
    if (!differs) return absl::OkStatus();
    if (node.schema->is_stateful && !node.schema->is_random) {
      return absl::InvalidArgumentError(absl::StrCat("node '", node.name, "' (", node.op(),
                                                     ") has state and depends on a layer that differs in training"));
    }
    for (NodeId control : node.control_inputs) {
      auto clone = clones_.find(control);
      spec.control_inputs.push_back(clone == clones_.end() ? control : clone->second);
    }
    spec.name = graph_.UniqueName(absl::StrCat(training::kTwinScope, "/", node.name));
    const size_t outputs = node.output_types.size();
    SLUICE_ASSIGN_OR_RETURN(const Node* clone, graph_.AddNode(std::move(spec)));
    clones_[id] = clone->id;
    for (size_t i = 0; i < outputs; ++i) {
      const Endpoint original{id, static_cast<int>(i)};
      if (!spots_.contains(original)) twins_[original] = {clone->id, static_cast<int>(i)};
    }
    return absl::OkStatus();
  }

  absl::Status MakeForms(NodeId id) {
    auto here = wanted_.find(id);
    if (here == wanted_.end()) return absl::OkStatus();
    for (const TrainingSpot* spot : here->second) {
      std::vector<Endpoint> inputs;
      for (Endpoint input : spot->inputs) inputs.push_back(Of(input));
      Scope scope = network_.scope().SubScope(training::kTwinScope);
      const std::string device = graph_.node(id).device;
      if (!device.empty()) scope = scope.WithDevice(device);
      const Endpoint form = spot->form(scope, inputs);
      SLUICE_RETURN_IF_ERROR(network_.status());
      if (graph_.dtype(form) != graph_.dtype(spot->inference)) {
        return absl::InvalidArgumentError(absl::StrCat("the training form of '", graph_.NameOf(spot->inference),
                                                       "' is ", DataTypeName(graph_.dtype(form)), ", expected ",
                                                       DataTypeName(graph_.dtype(spot->inference))));
      }
      twins_[spot->inference] = form;
    }
    return absl::OkStatus();
  }

  Network& network_;
  Graph& graph_;
  absl::flat_hash_map<Endpoint, const TrainingSpot*> spots_;
  std::vector<bool> needed_;  // by node id: nodes of which a tensor that is no spot is used
  absl::flat_hash_map<NodeId, std::vector<const TrainingSpot*>> wanted_;  // spots that are used, by their node
  absl::flat_hash_map<Endpoint, Endpoint> twins_;
  absl::flat_hash_map<NodeId, NodeId> clones_;
};

}  // namespace

absl::StatusOr<std::vector<Endpoint>> BuildTrainingTwin(Network& network, const std::vector<Endpoint>& tensors) {
  SLUICE_RETURN_IF_ERROR(network.status());
  return Twin(network).Build(tensors);
}

}  // namespace sluice
