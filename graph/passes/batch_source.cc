#include "graph/passes/batch_source.h"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

// Ops whose output 0 has as many pictures (or rows) as their first input.
bool KeepsBatch(absl::string_view op) {
  constexpr std::array<absl::string_view, 17> kKeeping = {"AvgPool",
                                                          "BiasAdd",
                                                          "Conv2D",
                                                          "DepthwiseConv2dNative",
                                                          "Elu",
                                                          "FusedBatchNorm",
                                                          "FusedBatchNormV2",
                                                          "FusedBatchNormV3",
                                                          "Identity",
                                                          "LRN",
                                                          "LeakyRelu",
                                                          "MaxPool",
                                                          "Relu",
                                                          "Relu6",
                                                          "Selu",
                                                          "Sigmoid",
                                                          "Tanh"};
  return std::find(kKeeping.begin(), kKeeping.end(), op) != kKeeping.end();
}

bool IsBinary(absl::string_view op) { return op == "Add" || op == "AddV2" || op == "Mul" || op == "Sub"; }

Endpoint SourceOf(const BatchSources& sources, Endpoint e) { return e.index == 0 ? sources[e.node] : e; }

}  // namespace

BatchSources FindBatchSources(const Graph& graph, const std::vector<std::vector<TensorInfo>>& infos) {
  BatchSources sources(graph.id_limit());
  auto rank = [&](Endpoint e) {
    const PartialShape& shape = infos[e.node][e.index].shape;
    return shape.has_rank() ? shape.rank() : -1;
  };
  for (NodeId id : TopologicalOrder(graph)) {
    const Node& node = graph.node(id);
    sources[id] = {id, 0};
    if (KeepsBatch(node.op()) && !node.inputs.empty()) {
      sources[id] = SourceOf(sources, node.inputs[0]);
    } else if (IsBinary(node.op()) && node.inputs.size() == 2) {
      const Endpoint a = node.inputs[0], b = node.inputs[1];
      const Endpoint source_a = SourceOf(sources, a), source_b = SourceOf(sources, b);
      // A vector broadcasts along the last dimension, not along the first.
      if (rank(a) > 1 && (source_a == source_b ? rank(b) == rank(a) : rank(b) == 0 || rank(b) == 1)) {
        sources[id] = source_a;
      } else if (rank(b) > 1 && (rank(a) == 0 || rank(a) == 1)) {
        sources[id] = source_b;
      }
    }
  }
  return sources;
}

bool HaveSameShape(const std::vector<std::vector<TensorInfo>>& infos, const BatchSources& sources, Endpoint a,
                   Endpoint b) {
  const PartialShape &x = infos[a.node][a.index].shape, &y = infos[b.node][b.index].shape;
  if (!x.has_rank() || !y.has_rank() || x.rank() != y.rank()) return false;
  for (int i = 0; i < x.rank(); ++i) {
    if (x.dim(i) != y.dim(i)) return false;
    if (x.dim(i) == PartialShape::kUnknown && (i > 0 || !(SourceOf(sources, a) == SourceOf(sources, b)))) return false;
  }
  return true;
}

}  // namespace sluice
