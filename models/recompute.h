// Gradients that compute activations again instead of keeping them (gradient checkpointing: Chen et al. 2016, Training
// Deep Nets with Sublinear Memory Cost).
//
// The forward pass is cut into segments. What is alive at a cut is kept; what the backward pass needs of the inside of a
// segment is computed again, by clones under "recompute/", once the gradient of the segment's end is there. The same
// kernels compute the same from the same: results do not change by a bit. Random nodes are never run again, since they
// would draw other numbers. About a third more arithmetic buys a peak that grows with the root of the depth.
#pragma once

#include <vector>

#include "graph/gradients.h"
#include "models/network.h"

namespace SLUICE_API sluice {

// Where a forward pass is cut: after each of these nodes, in topological order.
struct RecomputeCut {
  NodeId last = -1;             // of the segment
  std::vector<Endpoint> alive;  // made up to there and used later, by nodes of the forward pass
  int64_t bytes = 0;            // of those, for one example
};

// Chooses the cuts for the activations that lead to `loss`: of the equal segments of many sizes those whose kept tensors
// and largest segment take the least together. None where that is not less than keeping everything.
std::vector<RecomputeCut> ChooseCuts(Network& network, Endpoint loss);

// AddGradients of `loss` with respect to `xs`, with clones in the place of what is not kept.
absl::StatusOr<std::vector<Grad>> AddGradientsWithRecompute(Network& network, const GradientRegistry& registry,
                                                            Endpoint loss, const std::vector<Endpoint>& xs);

}  // namespace sluice
