#include "models/training_twin.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"

#include "models/mixed_precision.h"
#include "models/training.h"

namespace sluice {
namespace {

// For each input of a node, whether its type is the attribute T.
std::vector<bool> FindInputsOfT(const Node& node) {
  std::vector<bool> result;
  for (const ArgSpec& arg : node.schema->inputs) {
    int64_t count = 1;
    if (!arg.number_attr.empty()) {
      const AttrValue* n = node.schema->AttrOrDefault(node.attrs, arg.number_attr);
      if (n != nullptr && std::holds_alternative<int64_t>(n->value)) count = std::get<int64_t>(n->value);
    }
    result.insert(result.end(), static_cast<size_t>(count), arg.type_attr == "T");
  }
  result.resize(node.inputs.size(), false);
  return result;
}

class Twin {
 public:
  Twin(Network& network, DataType precision) : network_(network), graph_(network.graph()), precision_(precision) {
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
    for (Endpoint tensor : tensors) {
      SLUICE_ASSIGN_OR_RETURN(Endpoint form, As(Of(tensor), graph_.dtype(tensor)));
      result.push_back(form);
    }
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

  // The same values as `dtype`: cast where they are not of it, on the device where they are made.
  absl::StatusOr<Endpoint> As(Endpoint tensor, DataType dtype) {
    const DataType from = graph_.dtype(tensor);
    if (from == dtype) return tensor;
    auto [cast, is_new] = casts_.try_emplace({tensor, dtype});
    if (!is_new) return cast->second;
    const Node& source = graph_.node(tensor.node);
    const std::string prefix = absl::StrCat(training::kTwinScope, "/");
    NodeSpec spec{.name = graph_.UniqueName(absl::StrCat(absl::StartsWith(source.name, prefix) ? "" : prefix,
                                                         source.name, "/as_", DataTypeName(dtype))),
                  .op = "Cast",
                  .attrs = {{"SrcT", from}, {"DstT", dtype}},
                  .inputs = {tensor},
                  .device = source.device};
    SLUICE_ASSIGN_OR_RETURN(const Node* node, graph_.AddNode(std::move(spec)));
    cast->second = {node->id, 0};
    const Endpoint made = cast->second;
    // What was widened is not narrowed again.
    if (IsHalfPrecision(from)) casts_[{made, from}] = tensor;
    return made;
  }

  bool IsHalf(const Node& node, const std::vector<bool>& inputs_of_t) const {
    const AttrValue* type = node.schema->AttrOrDefault(node.attrs, "T");
    if (precision_ == DataType::kFloat || type == nullptr || !(*type == AttrValue(DataType::kFloat))) return false;
    const PrecisionRule rule = PrecisionRuleOf(node);
    if (rule != PrecisionRule::kFollows) return rule == PrecisionRule::kAlways;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (inputs_of_t[i] && IsHalfPrecision(graph_.dtype(Of(node.inputs[i])))) return true;
    }
    return false;
  }

  absl::Status CloneWhereNeeded(NodeId id) {
    const Node& node = graph_.node(id);
    NodeSpec spec{.op = node.op(), .attrs = node.attrs, .device = node.device};
    const std::vector<bool> inputs_of_t = FindInputsOfT(node);
    const bool is_half = IsHalf(node, inputs_of_t);
    if (is_half) spec.attrs.insert_or_assign("T", precision_);
    bool differs = is_half;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const DataType dtype = is_half && inputs_of_t[i] ? precision_ : node.input_types[i];
      SLUICE_ASSIGN_OR_RETURN(Endpoint input, As(Of(node.inputs[i]), dtype));
      spec.inputs.push_back(input);
      differs |= !(input == node.inputs[i]);
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
      for (Endpoint input : spot->inputs) {
        const DataType own = graph_.dtype(input), now = graph_.dtype(Of(input));
        SLUICE_ASSIGN_OR_RETURN(Endpoint form, As(Of(input), spot->takes_half && IsHalfPrecision(now) ? now : own));
        inputs.push_back(form);
      }
      Scope scope = network_.scope().SubScope(training::kTwinScope);
      const std::string device = graph_.node(id).device;
      if (!device.empty()) scope = scope.WithDevice(device);
      const Endpoint form = spot->form(scope, inputs);
      SLUICE_RETURN_IF_ERROR(network_.status());
      if (graph_.dtype(form) != graph_.dtype(spot->inference) &&
          !(spot->takes_half && graph_.dtype(form) == precision_)) {
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
  const DataType precision_;
  absl::flat_hash_map<Endpoint, const TrainingSpot*> spots_;
  std::vector<bool> needed_;  // by node id: nodes of which a tensor that is no spot is used
  absl::flat_hash_map<NodeId, std::vector<const TrainingSpot*>> wanted_;  // spots that are used, by their node
  absl::flat_hash_map<Endpoint, Endpoint> twins_;
  absl::flat_hash_map<NodeId, NodeId> clones_;
  std::map<std::pair<Endpoint, DataType>, Endpoint> casts_;
};

}  // namespace

absl::StatusOr<std::vector<Endpoint>> BuildTrainingTwin(Network& network, const std::vector<Endpoint>& tensors,
                                                        DataType precision) {
  SLUICE_RETURN_IF_ERROR(network.status());
  return Twin(network, precision).Build(tensors);
}

}  // namespace sluice
