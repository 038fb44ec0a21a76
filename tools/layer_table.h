// What each layer of a network costs, for `sluice inspect --layers`.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "ops/shape_context.h"
#include "tools/json_report.h"

namespace sluice::tools {

// Nodes that depend on what is fed, grouped by name scope ("conv1/Conv2D" and "conv1/BiasAdd" are the layer "conv1").
struct LayerCost {
  std::string name;
  PartialShape output;     // of its last node
  int64_t parameters = 0;  // elements of the floating-point variables and constants that it is the first to use
  double macs = 0;         // multiply-adds of convolutions and matrix products
};

// The layers on the way to `ends` (nodes), in order. `infos` is what is known of each output, by node id.
std::vector<LayerCost> CostOfLayers(const Graph& graph, const std::vector<std::vector<TensorInfo>>& infos,
                                    const std::vector<NodeId>& ends);
std::string LayersText(const std::vector<LayerCost>& layers);
Json LayersToJson(const std::vector<LayerCost>& layers);

// Follows identities and reads of variables to what a tensor is.
NodeId SourceOf(const Graph& graph, Endpoint e);
// Averages that batch normalisation keeps for inference (constants or variables): no gradient changes them.
std::vector<NodeId> MovingAverages(const Graph& graph);

}  // namespace sluice::tools
