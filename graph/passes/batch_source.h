// Which tensors have as many pictures as which others, where nobody knows yet how many that is.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "ops/shape_context.h"

namespace sluice {

// By node: a tensor whose first dimension is as large as that of the node's output 0; the output itself where that is all
// that is known.
using BatchSources = std::vector<Endpoint>;

// `infos` are of graph/propagate.h.
BatchSources FindBatchSources(const Graph& graph, const std::vector<std::vector<TensorInfo>>& infos);

// Whether two tensors have the same shape whatever is fed: dimensions that are not known count as equal only where they are
// the first and come from one source.
bool HaveSameShape(const std::vector<std::vector<TensorInfo>>& infos, const BatchSources& sources, Endpoint a,
                   Endpoint b);

}  // namespace sluice
