// Cuts a placed graph into one part a device. A part is the restriction of one global topological order to
// the nodes of its device; what crosses goes through channels. Since every part follows the same global order
// and a send never blocks, parts cannot wait for each other in a circle. What another device waits for comes in that
// order as soon as it can.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "graph/graph.h"

namespace sluice {

// One tensor on its way from the device that makes it to one that uses it, however many consumers it has
// there.
struct Channel {
  Endpoint source;  // index is kControl for a control edge: only the order crosses
  int from_device = 0;
  int to_device = 0;
};
inline constexpr int kControl = -1;

struct PartitionPlan {
  std::vector<NodeId> order;                                      // all nodes, producers first
  std::vector<Channel> channels;                                  // a channel's id is its index
  absl::flat_hash_map<std::pair<Endpoint, int>, int> channel_of;  // (source, destination device) -> id
};

// REQUIRES: every live node has assigned_device >= 0. Tensors in `fed` are given to each device and cross
// nowhere.
PartitionPlan PartitionGraph(const Graph& graph, const absl::flat_hash_set<Endpoint>& fed);

}  // namespace sluice
