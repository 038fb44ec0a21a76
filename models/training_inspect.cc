#include "models/training_inspect.h"

#include <algorithm>
#include <cmath>

#include "models/training.h"

namespace sluice {
namespace {

// Tensors that are looked at in one run: few, since all of them are held at once.
constexpr size_t kAtATime = 8;

template <class T>
bool AllFiniteAs(const Tensor& tensor) {
  auto values = tensor.values<T>();
  return std::all_of(values.begin(), values.end(), [](T value) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::isfinite(value);
    } else {
      return std::isfinite(static_cast<float>(value));
    }
  });
}

}  // namespace

bool AllFinite(const Tensor& tensor) {
  if (tensor.dtype() == DataType::kFloat) return AllFiniteAs<float>(tensor);
  if (tensor.dtype() == DataType::kDouble) return AllFiniteAs<double>(tensor);
  if (tensor.dtype() == DataType::kHalf) return AllFiniteAs<Half>(tensor);
  if (tensor.dtype() == DataType::kBfloat16) return AllFiniteAs<Bfloat16>(tensor);
  return true;
}

std::vector<Endpoint> NonfiniteFinder::Candidates() const {
  const Node* train = graph_.Find(training::kTrain);
  if (train == nullptr) return {};
  std::vector<bool> needed(static_cast<size_t>(graph_.id_limit()), false);
  std::vector<NodeId> stack = {train->id};
  while (!stack.empty()) {
    const NodeId id = stack.back();
    stack.pop_back();
    if (needed[static_cast<size_t>(id)]) continue;
    needed[static_cast<size_t>(id)] = true;
    const Node& node = graph_.node(id);
    // A fed node needs nothing.
    if (std::find(feeds_.begin(), feeds_.end(), node.name) != feeds_.end()) continue;
    for (Endpoint input : node.inputs) stack.push_back(input.node);
    stack.insert(stack.end(), node.control_inputs.begin(), node.control_inputs.end());
  }
  // What an update makes possible is not of this step (the powers of Adam), and scaled gradients may overflow.
  std::vector<bool> follows_update(needed.size(), false);
  std::vector<Endpoint> candidates;
  for (NodeId id : TopologicalOrder(graph_)) {
    if (!needed[static_cast<size_t>(id)]) continue;
    const Node& node = graph_.node(id);
    auto follows = [&](NodeId from) { return follows_update[static_cast<size_t>(from)]; };
    bool is_update = node.output_types.empty() && node.schema->is_stateful;
    bool late = std::any_of(node.control_inputs.begin(), node.control_inputs.end(), follows) ||
                std::any_of(node.inputs.begin(), node.inputs.end(), [&](Endpoint e) { return follows(e.node); });
    const bool is_scaled = node.name == training::kScaledLoss;
    follows_update[static_cast<size_t>(id)] = is_update || late || is_scaled;
    if (is_update || late || is_scaled) continue;
    for (size_t i = 0; i < node.output_types.size(); ++i) {
      if (IsFloating(node.output_types[i])) candidates.push_back({id, static_cast<int>(i)});
    }
  }
  return candidates;
}

absl::StatusOr<std::string> NonfiniteFinder::Find(const std::vector<Tensor>& values) {
  Session::Feeds feeds;
  for (size_t i = 0; i < feeds_.size(); ++i) feeds.emplace_back(feeds_[i], values[i]);
  const auto counters = session_.RandomCounters();
  std::vector<Endpoint> candidates = Candidates();
  for (size_t begin = 0; begin < candidates.size(); begin += kAtATime) {
    auto some = absl::MakeConstSpan(candidates).subspan(begin, kAtATime);
    std::vector<std::string> names;
    for (Endpoint e : some) names.push_back(graph_.NameOf(e));
    std::vector<Tensor> outputs;
    absl::Status status = session_.Run(feeds, names, {}, &outputs);
    // A node that had not run before begins at 0.
    for (const auto& [node, blocks] : session_.RandomCounters()) session_.SetRandomCounter(node, 0);
    for (const auto& [node, blocks] : counters) session_.SetRandomCounter(node, blocks);
    SLUICE_RETURN_IF_ERROR(status);
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (AllFinite(outputs[i])) continue;
      const Node& node = graph_.node(some[i].node);
      return absl::StrCat("node '", node.name, "' (", node.op(), ")");
    }
  }
  return std::string();
}

absl::StatusOr<std::string> NonfiniteFinder::FindVariable() const {
  for (const std::string& name : session_.InitializedVariables()) {
    SLUICE_ASSIGN_OR_RETURN(Tensor value, session_.ReadVariable(name));
    if (!AllFinite(value)) return name;
  }
  return std::string();
}

}  // namespace sluice
