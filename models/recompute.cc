#include "models/recompute.h"

#include <algorithm>
#include <limits>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "models/training.h"

namespace sluice {
namespace {

constexpr int kSizesTried = 24;

// The part of the graph that makes activations: what depends on a placeholder and leads to the loss.
struct Forward {
  std::vector<NodeId> order;
  std::vector<bool> contains, depends;             // by node id; depends: the placeholders too
  absl::flat_hash_map<Endpoint, NodeId> last_use;  // of each activation, within the forward pass
};

Forward FindForward(const Graph& graph, Endpoint loss) {
  const auto limit = static_cast<size_t>(graph.id_limit());
  std::vector<bool> leads(limit, false);
  std::vector<NodeId> stack = {loss.node};
  while (!stack.empty()) {
    const NodeId id = stack.back();
    stack.pop_back();
    if (leads[static_cast<size_t>(id)]) continue;
    leads[static_cast<size_t>(id)] = true;
    for (Endpoint input : graph.node(id).inputs) stack.push_back(input.node);
  }
  Forward forward;
  forward.contains.assign(limit, false);
  std::vector<bool>& depends = forward.depends;
  depends.assign(limit, false);
  for (NodeId id : graph.node_ids()) {  // a node's inputs have lower ids
    const Node& node = graph.node(id);
    auto i = static_cast<size_t>(id);
    if (!leads[i]) continue;
    auto from = [&](Endpoint e) { return static_cast<bool>(depends[static_cast<size_t>(e.node)]); };
    const bool has_activation = std::any_of(node.inputs.begin(), node.inputs.end(), from);
    depends[i] = node.op() == "Placeholder" || has_activation;
    if (!has_activation) continue;
    forward.contains[i] = true;
    forward.order.push_back(id);
    for (Endpoint input : node.inputs) {
      if (forward.contains[static_cast<size_t>(input.node)]) forward.last_use[input] = id;
    }
  }
  return forward;
}

// For one example; 0 for what shares the memory of its input.
int64_t BytesOf(Network& network, Endpoint e) {
  const Node& node = network.graph().node(e.node);
  for (const char* op : {"Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient"}) {
    if (node.op() == op) return 0;
  }
  PartialShape shape = network.ShapeOf(e);
  if (!shape.has_rank()) return 0;
  int64_t bytes = static_cast<int64_t>(DataTypeSize(network.graph().dtype(e)));
  for (int i = 0; i < shape.rank(); ++i) bytes *= std::max<int64_t>(shape.dim(i), 1);
  return bytes;
}

bool MayRunAgain(const Node& node) { return !node.schema->is_stateful && !node.schema->is_random; }

// One way to cut, and what it takes.
struct Cutting {
  std::vector<RecomputeCut> cuts;
  int64_t bytes = std::numeric_limits<int64_t>::max();
};

// Every place where a cut can be, with the bytes of the nodes up to there.
struct Place {
  RecomputeCut cut;
  int64_t bytes_before = 0;
};

std::vector<Place> FindPlaces(Network& network, const Forward& forward, int64_t* total) {
  const Graph& graph = network.graph();
  std::vector<Place> places;
  std::vector<Endpoint> alive;
  absl::flat_hash_map<Endpoint, int64_t> size;
  *total = 0;
  for (NodeId id : forward.order) {
    const Node& node = graph.node(id);
    std::erase_if(alive, [&](Endpoint e) { return forward.last_use.at(e) <= id; });
    int used = 0;
    for (size_t i = 0; i < node.output_types.size(); ++i) {
      const Endpoint e{id, static_cast<int>(i)};
      if (!forward.last_use.contains(e)) continue;
      ++used;
      alive.push_back(e);
      size[e] = BytesOf(network, e);
      *total += size[e];
    }
    if (used != 1 || !IsFloating(graph.dtype(alive.back()))) continue;
    Place place{.cut = {.last = id, .alive = alive}, .bytes_before = *total};
    for (Endpoint e : alive) {
      // The tensor behind an alias is what is kept.
      while (size[e] == 0 && !graph.node(e.node).inputs.empty() && size.contains(graph.node(e.node).inputs[0])) {
        e = graph.node(e.node).inputs[0];
      }
      place.cut.bytes += size[e];
    }
    places.push_back(std::move(place));
  }
  return places;
}

// A cut wherever `budget` bytes have come together, at the cheapest place of the segment's second half.
Cutting CutBy(const std::vector<Place>& places, int64_t budget, int64_t total) {
  Cutting cutting{.bytes = 0};
  absl::flat_hash_set<Endpoint> kept;
  int64_t begin = 0, largest = 0;
  size_t first = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i].bytes_before - begin < budget) continue;
    size_t best = i;
    for (size_t k = first; k < i; ++k) {
      if (places[k].bytes_before - begin >= budget / 2 && places[k].cut.bytes < places[best].cut.bytes) best = k;
    }
    largest = std::max(largest, places[best].bytes_before - begin);
    begin = places[best].bytes_before;
    first = best + 1;
    cutting.cuts.push_back(places[best].cut);
    cutting.bytes += places[best].cut.bytes;
    i = best;
  }
  cutting.bytes += std::max(largest, total - begin);
  return cutting;
}

class Recompute {
 public:
  Recompute(Network& network, const GradientRegistry& registry, Endpoint loss)
      : network_(network), graph_(network.graph()), registry_(registry), loss_(loss) {}

  absl::StatusOr<std::vector<Grad>> Run(const std::vector<Endpoint>& xs) {
    cuts_ = ChooseCuts(network_, loss_);
    if (cuts_.empty()) return AddGradients(network_.scope(), registry_, {loss_}, xs);
    forward_ = FindForward(graph_, loss_);
    FindSegments();
    std::vector<Endpoint> wanted = xs;
    for (const RecomputeCut& cut : cuts_) wanted.push_back(EndOf(cut));
    SLUICE_ASSIGN_OR_RETURN(std::vector<bool> needed, FindNeeded(wanted));
    SLUICE_RETURN_IF_ERROR(MakeClones(needed));
    const NodeId first = graph_.id_limit();
    SLUICE_ASSIGN_OR_RETURN(std::vector<Grad> grads, AddGradients(network_.scope(), registry_, {loss_}, wanted));
    for (NodeId id = first; id < graph_.id_limit(); ++id) {
      if (!graph_.IsLive(id)) continue;
      for (Endpoint& input : graph_.node(id).inputs) input = CloneOf(input);
    }
    MakeGatesWait(grads, xs.size());
    grads.resize(xs.size());
    return grads;
  }

 private:
  // The one tensor that the segment's last node makes.
  static Endpoint EndOf(const RecomputeCut& cut) { return cut.alive.back(); }

  void FindSegments() {
    segment_.assign(static_cast<size_t>(graph_.id_limit()), 0);
    size_t segment = 0;
    for (NodeId id : forward_.order) {
      segment_[static_cast<size_t>(id)] = segment;
      if (segment < cuts_.size() && id == cuts_[segment].last) ++segment;
    }
    for (const RecomputeCut& cut : cuts_) kept_.insert(cut.alive.begin(), cut.alive.end());
  }

  // Whether the tensor may be there only as a clone in the backward pass.
  bool IsDropped(Endpoint e) const {
    const auto id = static_cast<size_t>(e.node);
    return id < forward_.contains.size() && forward_.contains[id] && segment_[id] < cuts_.size() &&
           !kept_.contains(e) && MayRunAgain(graph_.node(e.node));
  }

  // The nodes that have to run again, by id: found with the gradients of a copy.
  absl::StatusOr<std::vector<bool>> FindNeeded(const std::vector<Endpoint>& wanted) const {
    Graph copy = graph_;
    const NodeId first = copy.id_limit();
    SLUICE_RETURN_IF_ERROR(AddGradients(Scope(copy), registry_, {loss_}, wanted).status());
    std::vector<bool> needed(static_cast<size_t>(first), false);
    std::vector<Endpoint> stack;
    for (NodeId id = first; id < copy.id_limit(); ++id) {
      if (!copy.IsLive(id)) continue;
      for (Endpoint input : copy.node(id).inputs) {
        if (input.node < first) stack.push_back(input);
      }
    }
    while (!stack.empty()) {
      const Endpoint e = stack.back();
      stack.pop_back();
      if (!IsDropped(e) || needed[static_cast<size_t>(e.node)]) continue;
      needed[static_cast<size_t>(e.node)] = true;
      const Node& node = graph_.node(e.node);
      stack.insert(stack.end(), node.inputs.begin(), node.inputs.end());
    }
    return needed;
  }

  absl::Status MakeClones(const std::vector<bool>& needed) {
    for (NodeId id : forward_.order) {
      if (!needed[static_cast<size_t>(id)]) continue;
      const Node& node = graph_.node(id);
      const size_t outputs = node.output_types.size();
      NodeSpec spec{.name = graph_.UniqueName(absl::StrCat(training::kRecomputeScope, "/", node.name)),
                    .op = node.op(),
                    .attrs = node.attrs,
                    .device = node.device};
      for (Endpoint input : std::vector<Endpoint>(node.inputs.begin(), node.inputs.end())) {
        Endpoint clone = CloneOf(input);
        const auto from = static_cast<size_t>(input.node);
        if (clone == input && forward_.depends[from]) {
          SLUICE_ASSIGN_OR_RETURN(clone, Gate(segment_[static_cast<size_t>(id)], input, spec.device));
        }
        spec.inputs.push_back(clone);
      }
      SLUICE_ASSIGN_OR_RETURN(const Node* clone, graph_.AddNode(std::move(spec)));
      for (size_t i = 0; i < outputs; ++i) {
        const Endpoint e{id, static_cast<int>(i)};
        if (IsDropped(e)) clones_[e] = {clone->id, static_cast<int>(i)};
      }
    }
    return absl::OkStatus();
  }

  // What is kept, from when on the segment is computed again. (A control edge to the clone itself would keep passes
  // from fusing it.)
  absl::StatusOr<Endpoint> Gate(size_t segment, Endpoint kept, const std::string& device) {
    auto [gate, is_new] = gates_[segment].emplace(kept, Endpoint{});
    if (!is_new) return gate->second;
    NodeSpec spec{.name = graph_.UniqueName(absl::StrCat(training::kRecomputeScope, "/gate")),
                  .op = "Identity",
                  .attrs = {{"T", graph_.dtype(kept)}},
                  .inputs = {kept},
                  .device = device};
    SLUICE_ASSIGN_OR_RETURN(const Node* node, graph_.AddNode(std::move(spec)));
    return gate->second = {node->id, 0};
  }

  void MakeGatesWait(const std::vector<Grad>& grads, size_t first_cut) {
    for (const auto& [segment, gates] : gates_) {
      const Grad& grad = grads[first_cut + segment];
      const auto* dense = std::get_if<Endpoint>(&grad);
      if (dense == nullptr) continue;
      for (const auto& [kept, gate] : gates) graph_.node(gate.node).control_inputs.push_back(dense->node);
    }
  }

  Endpoint CloneOf(Endpoint e) const {
    auto clone = clones_.find(e);
    return clone == clones_.end() ? e : clone->second;
  }

  Network& network_;
  Graph& graph_;
  const GradientRegistry& registry_;
  const Endpoint loss_;
  Forward forward_;
  std::vector<RecomputeCut> cuts_;
  std::vector<size_t> segment_;  // by node id
  absl::flat_hash_set<Endpoint> kept_;
  absl::flat_hash_map<Endpoint, Endpoint> clones_;
  std::map<size_t, std::map<Endpoint, Endpoint>> gates_;
};

}  // namespace

std::vector<RecomputeCut> ChooseCuts(Network& network, Endpoint loss) {
  const Forward forward = FindForward(network.graph(), loss);
  int64_t total = 0;
  const std::vector<Place> places = FindPlaces(network, forward, &total);
  Cutting best{.bytes = total};
  for (int i = 1; i <= kSizesTried; ++i) {
    const auto budget = static_cast<int64_t>(static_cast<double>(total) * i / (kSizesTried + 1));
    Cutting cutting = CutBy(places, std::max<int64_t>(budget, 1), total);
    if (cutting.bytes < best.bytes) best = std::move(cutting);
  }
  return best.cuts;
}

absl::StatusOr<std::vector<Grad>> AddGradientsWithRecompute(Network& network, const GradientRegistry& registry,
                                                            Endpoint loss, const std::vector<Endpoint>& xs) {
  SLUICE_RETURN_IF_ERROR(network.status());
  return Recompute(network, registry, loss).Run(xs);
}

}  // namespace sluice
