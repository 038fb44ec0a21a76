#include "graph/gradients.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"

namespace sluice {
namespace {

// Gradients flow through floating-point tensors, and into handles: the gradient of a read is the variable's.
bool Carries(DataType dtype) { return IsFloating(dtype) || dtype == DataType::kResource; }

std::string Where(const Node& node) { return absl::StrCat("node '", node.name, "' (", node.op(), ")"); }

// `name`, or `name_1`, `name_2` …: a scope in which there are no nodes yet.
std::string UnusedScope(const Graph& graph, const std::string& name) {
  for (int i = 0;; ++i) {
    std::string scope = i == 0 ? name : absl::StrCat(name, "_", i);
    std::string prefix = scope + "/";
    std::vector<NodeId> ids = graph.node_ids();
    if (std::none_of(ids.begin(), ids.end(),
                     [&](NodeId id) { return absl::StartsWith(graph.node(id).name, prefix); })) {
      return scope;
    }
  }
}

class Differentiation {
 public:
  Differentiation(Scope scope, const GradientRegistry& registry)
      : registry_(registry),
        graph_(scope.graph()),
        order_(TopologicalOrder(graph_)),
        scope_(scope.SubScope(UnusedScope(graph_, "gradients"))) {}

  absl::StatusOr<std::vector<Grad>> Run(absl::Span<const Endpoint> ys, absl::Span<const Endpoint> xs,
                                        absl::Span<const Endpoint> grad_ys) {
    xs_.insert(xs.begin(), xs.end());
    FindDependents();
    for (size_t i = 0; i < ys.size(); ++i) {
      if (!IsFloating(graph_.dtype(ys[i]))) {
        return absl::InvalidArgumentError(absl::StrCat("gradients of '", graph_.NameOf(ys[i]), "': it is ",
                                                       DataTypeName(graph_.dtype(ys[i])), ", not floating point"));
      }
      Scope there = On(graph_.node(ys[i].node), scope_);
      Contribute(ys[i], grad_ys.empty() ? Endpoint{there.Named("ones").Add("OnesLike", {ys[i]}), 0} : grad_ys[i]);
    }
    for (auto id = order_.rbegin(); id != order_.rend(); ++id) {
      if (depends_[*id]) SLUICE_RETURN_IF_ERROR(Backward(graph_.node(*id)));
    }
    std::vector<Grad> result;
    for (Endpoint x : xs) result.push_back(Total(x));
    SLUICE_RETURN_IF_ERROR(scope_.status());
    RemoveUnused(result);
    return result;
  }

 private:
  // Which nodes have outputs that change with an x, as far as gradients can tell.
  void FindDependents() {
    depends_.assign(graph_.id_limit(), false);
    for (NodeId id : order_) {
      const Node& node = graph_.node(id);
      bool stops = registry_.Has(node.op()) && registry_.Find(node.op()) == nullptr;
      depends_[id] =
          !stops && std::any_of(node.inputs.begin(), node.inputs.end(), [&](Endpoint e) { return Wants(e); });
    }
  }

  bool Wants(Endpoint e) const { return Carries(graph_.dtype(e)) && (depends_[e.node] || xs_.contains(e)); }

  void Contribute(Endpoint to, Grad grad) {
    if (HasGrad(grad) && Wants(to)) contributions_[to].push_back(std::move(grad));
  }

  static Scope On(const Node& node, const Scope& scope) { return scope.WithDevice(node.device); }

  // The sum of the contributions to `e`; there are no more to come.
  Grad Total(Endpoint e) {
    auto it = contributions_.find(e);
    if (it == contributions_.end()) return Grad();
    std::vector<Grad>& grads = it->second;
    if (grads.size() > 1) {
      const Node& node = graph_.node(e.node);
      GradScope s(On(node, scope_).SubScope(node.name + "_grad"), node);
      std::vector<Endpoint> terms;
      for (const Grad& grad : grads) terms.push_back(s.Dense(grad));
      grads = {Endpoint{s.scope.Add("AddN", std::move(terms)), 0}};
    }
    return grads[0];
  }

  absl::Status Backward(const Node& node) {
    std::vector<Grad> dy;
    for (size_t i = 0; i < node.output_types.size(); ++i) dy.push_back(Total({node.id, static_cast<int>(i)}));
    if (std::none_of(dy.begin(), dy.end(), HasGrad)) return absl::OkStatus();
    if (!registry_.Has(node.op())) {
      return absl::UnimplementedError(absl::StrCat(Where(node), ": the op has no gradient"));
    }
    GradScope s(On(node, scope_).SubScope(node.name + "_grad"), node);
    std::vector<Grad> dx;
    SLUICE_RETURN_IF_ERROR(WithContext(registry_.Find(node.op())(s, node, dy, dx), Where(node)));
    SLUICE_RETURN_IF_ERROR(WithContext(scope_.status(), absl::StrCat("gradient of ", Where(node))));
    if (dx.size() != node.inputs.size()) {
      return absl::InternalError(
          absl::StrCat(Where(node), ": the rule gives ", dx.size(), " gradients for ", node.inputs.size(), " inputs"));
    }
    for (size_t i = 0; i < dx.size(); ++i) Contribute(node.inputs[i], std::move(dx[i]));
    return absl::OkStatus();
  }

  // Rules write down the gradients of all inputs, wanted or not: those of a network's pictures would be a convolution.
  void RemoveUnused(absl::Span<const Grad> results) {
    const NodeId first_added = static_cast<NodeId>(depends_.size());
    std::vector<bool> is_used(graph_.id_limit(), false);
    for (const Grad& grad : results) {
      if (auto* dense = std::get_if<Endpoint>(&grad)) is_used[dense->node] = true;
      if (auto* slices = std::get_if<IndexedSlices>(&grad)) {
        for (Endpoint e : {slices->values, slices->indices, slices->dense_shape}) is_used[e.node] = true;
      }
    }
    // A node is added behind all that it uses.
    for (NodeId id = graph_.id_limit() - 1; id >= first_added; --id) {
      if (!is_used[id]) {
        graph_.RemoveNode(id);
        continue;
      }
      for (Endpoint input : graph_.node(id).inputs) is_used[input.node] = true;
      for (NodeId control : graph_.node(id).control_inputs) is_used[control] = true;
    }
  }

  const GradientRegistry& registry_;
  Graph& graph_;
  const std::vector<NodeId> order_;  // of the forward graph
  Scope scope_;
  absl::flat_hash_set<Endpoint> xs_;
  std::vector<bool> depends_;  // by id
  absl::flat_hash_map<Endpoint, std::vector<Grad>> contributions_;
};

}  // namespace

GradientFn GradientRegistry::Find(absl::string_view op) const {
  auto it = fns_.find(op);
  return it == fns_.end() ? nullptr : it->second;
}

void GradientRegistry::Add(const std::string& op, GradientFn fn) {
  bool is_new = fns_.emplace(op, fn).second;
  SLUICE_CHECK(is_new);
}

Endpoint GradScope::Dense(const Grad& g) {
  SLUICE_CHECK(HasGrad(g));
  if (auto* dense = std::get_if<Endpoint>(&g)) return *dense;
  const auto& slices = std::get<IndexedSlices>(g);
  // dense_shape[0], then the sum of the slices of each row.
  Endpoint first{scope.Add("StridedSlice", {slices.dense_shape, scope.Ints({0}), scope.Ints({1}), scope.Ints({1})},
                           {{"shrink_axis_mask", 1}}),
                 0};
  return {scope.Add("UnsortedSegmentSum", {slices.values, slices.indices, first}), 0};
}

absl::StatusOr<std::vector<Grad>> AddGradients(Scope scope, const GradientRegistry& registry,
                                               absl::Span<const Endpoint> ys, absl::Span<const Endpoint> xs,
                                               absl::Span<const Endpoint> grad_ys) {
  if (!grad_ys.empty() && grad_ys.size() != ys.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", grad_ys.size(), " gradients for ", ys.size(), " tensors"));
  }
  SLUICE_RETURN_IF_ERROR(scope.status());
  return Differentiation(scope, registry).Run(ys, xs, grad_ys);
}

}  // namespace sluice
