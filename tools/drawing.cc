#include "tools/drawing.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "tools/drawing_ops.h"

namespace sluice::tools {
namespace {

// "a/b" for "a/b/c", "" for "a".
std::string ScopeOf(const std::string& name) {
  size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

// Nodes between placeholders and results.
std::vector<bool> OnTheWay(const Graph& graph, const std::vector<Endpoint>& results) {
  const std::vector<NodeId> order = TopologicalOrder(graph);
  std::vector<bool> from_inputs(static_cast<size_t>(graph.id_limit())), to_results = from_inputs;
  for (NodeId id : order) {
    const Node& node = graph.node(id);
    bool follows = absl::StartsWith(node.op(), "Placeholder") && node.inputs.empty();
    for (Endpoint input : node.inputs) follows = follows || from_inputs[static_cast<size_t>(input.node)];
    from_inputs[static_cast<size_t>(id)] = follows;
  }
  for (Endpoint result : results) to_results[static_cast<size_t>(result.node)] = true;
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    if (!to_results[static_cast<size_t>(*id)]) continue;
    for (Endpoint input : graph.node(*id).inputs) to_results[static_cast<size_t>(input.node)] = true;
  }
  // Where nothing is fed, all that leads to the results.
  bool is_fed = false;
  for (size_t i = 0; i < to_results.size(); ++i) is_fed = is_fed || (to_results[i] && from_inputs[i]);
  for (size_t i = 0; is_fed && i < to_results.size(); ++i) to_results[i] = to_results[i] && from_inputs[i];
  return to_results;
}

// Sets of nodes that become one box: a forest in which each set has one root.
class Groups {
 public:
  explicit Groups(NodeId size) : parent_(static_cast<size_t>(size)) {
    std::iota(parent_.begin(), parent_.end(), NodeId{0});
  }
  NodeId Find(NodeId id) {
    while (parent_[static_cast<size_t>(id)] != id) {
      id = parent_[static_cast<size_t>(id)] = parent_[static_cast<size_t>(parent_[static_cast<size_t>(id)])];
    }
    return id;
  }
  // The root of `into` is that of both.
  void Join(NodeId into, NodeId other) { parent_[static_cast<size_t>(Find(other))] = Find(into); }

 private:
  std::vector<NodeId> parent_;
};

class Drawer {
 public:
  Drawer(const Graph& graph, const DrawingOptions& options)
      : graph_(graph), options_(options), describer_(graph), groups_(graph.id_limit()) {
    visible_.assign(static_cast<size_t>(graph.id_limit()), false);
    if (options.everything) {
      for (NodeId id : graph.node_ids()) visible_[static_cast<size_t>(id)] = true;
    } else {
      visible_ = OnTheWay(graph, options.results);
    }
    for (NodeId id : TopologicalOrder(graph)) {
      if (visible_[static_cast<size_t>(id)]) order_.push_back(id);
    }
  }

  Drawing Draw() {
    JoinScopes();
    if (options_.depth == 0) JoinFollowers();
    MakeBoxes();
    MakeArrows();
    MakeFrames();
    return std::move(drawing_);
  }

 private:
  // The scope that a node's box stands for. A node NAME belongs to the scope NAME/ where there is one.
  std::string KeyOf(const Node& node) const {
    if (options_.depth > 0) {
      std::vector<std::string> parts = absl::StrSplit(node.name, '/');
      parts.resize(std::min(parts.size(), static_cast<size_t>(options_.depth)));
      return absl::StrJoin(parts, "/");
    }
    std::string scope = ScopeOf(node.name);
    return scope.empty() ? node.name : scope;
  }

  std::vector<Endpoint> Inputs(const Node& node) const {
    std::vector<Endpoint> inputs;
    for (Endpoint input : node.inputs) {
      if (visible_[static_cast<size_t>(input.node)]) inputs.push_back(input);
    }
    return inputs;
  }

  // By depth, a scope is one box; as layers, what hangs together in it is.
  void JoinScopes() {
    std::map<std::string, NodeId> first;
    for (NodeId id : order_) {
      const Node& node = graph_.node(id);
      std::string key = KeyOf(node);
      if (options_.depth > 0) {
        auto [it, is_new] = first.emplace(key, id);
        if (!is_new) groups_.Join(it->second, id);
        continue;
      }
      for (Endpoint input : Inputs(node)) {
        if (KeyOf(graph_.node(input.node)) == key) groups_.Join(input.node, id);
      }
    }
  }

  // A bias, normalisation or activation that alone follows a layer is a part of it.
  void JoinFollowers() {
    std::map<NodeId, std::set<NodeId>> before, after;
    std::map<NodeId, bool> only_follows;
    for (NodeId id : order_) {
      NodeId group = groups_.Find(id);
      auto [it, is_new] = only_follows.emplace(group, true);
      it->second = it->second && IsFollower(graph_.node(id).op());
      for (Endpoint input : Inputs(graph_.node(id))) {
        NodeId from = groups_.Find(input.node);
        if (from == group) continue;
        before[group].insert(from);
        after[from].insert(group);
      }
    }
    for (NodeId id : order_) {
      if (groups_.Find(id) != id || !only_follows[id] || before[id].size() != 1) continue;
      NodeId from = *before[id].begin();
      if (after[from].size() == 1 && IsLayer(from)) groups_.Join(from, id);
    }
  }

  // Whether the box that `id` belongs to has weights.
  bool IsLayer(NodeId id) {
    NodeId group = groups_.Find(id);
    for (NodeId other : order_) {
      if (groups_.Find(other) != group) continue;
      Box::Kind kind = KindOfOp(graph_.node(other).op());
      if (kind == Box::kConv || kind == Box::kDense) return true;
    }
    return false;
  }

  void MakeBoxes() {
    std::set<std::string> devices;
    for (NodeId id : order_) devices.insert(graph_.node(id).device);
    std::map<NodeId, std::vector<NodeId>> members;
    std::vector<NodeId> roots;
    for (NodeId id : order_) {
      NodeId root = groups_.Find(id);
      if (members[root].empty()) roots.push_back(root);
      members[root].push_back(id);
    }
    std::map<std::string, int> used;
    for (NodeId root : roots) {
      const std::vector<NodeId>& nodes = members[root];
      Box box = describer_.Describe(nodes);
      // Parts of a scope that do not hang together are told apart by their nodes.
      box.name = KeyOf(graph_.node(root));
      if (int n = used[box.name]++; n > 0) box.name = graph_.node(nodes.back()).name;
      if (devices.size() > 1) box.device = graph_.node(nodes[0]).device;
      for (NodeId id : nodes) box_of_[id] = drawing_.boxes.size();
      drawing_.boxes.push_back(std::move(box));
    }
  }

  void MakeArrows() {
    std::set<Drawing::Arrow> arrows;
    for (NodeId id : order_) {
      const Node& node = graph_.node(id);
      for (Endpoint input : Inputs(node)) arrows.insert({box_of_[input.node], box_of_[id], false});
      for (NodeId control : node.control_inputs) {
        if (options_.everything && visible_[static_cast<size_t>(control)]) {
          arrows.insert({box_of_[control], box_of_[id], true});
        }
      }
    }
    for (const Drawing::Arrow& arrow : arrows) {
      bool is_double = arrow.is_control && arrows.count({arrow.from, arrow.to, false}) > 0;
      if (arrow.from != arrow.to && !is_double) drawing_.arrows.push_back(arrow);
    }
  }

  void MakeFrames() {
    std::map<std::string, int> count;
    auto frame = [](const Box& box) {
      std::string scope = ScopeOf(box.name);
      return scope.substr(0, scope.find('/'));
    };
    for (const Box& box : drawing_.boxes) ++count[frame(box)];
    for (Box& box : drawing_.boxes) {
      if (count[frame(box)] > 1) box.frame = frame(box);
    }
  }

  const Graph& graph_;
  const DrawingOptions& options_;
  const OpDescriber describer_;
  Groups groups_;
  std::vector<bool> visible_;
  std::vector<NodeId> order_;  // visible nodes, producers first
  std::map<NodeId, size_t> box_of_;
  Drawing drawing_;
};

}  // namespace

Drawing DrawGraph(const Graph& graph, const DrawingOptions& options) { return Drawer(graph, options).Draw(); }

}  // namespace sluice::tools
