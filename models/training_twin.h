// The training twin: what a network computes differently in training, beside the network itself.
//
// A network is built once, in its inference form. Where it has training spots (Network::OnTraining), the nodes that
// depend on one are cloned under "training/" with the spots' training forms in their places; everything else,
// variables above all, is shared. A network without spots has no twin.
//
// With half precision (models/mixed_precision.h) the twin begins at the first node that computes in it, and has the casts.
#pragma once

#include <vector>

#include "models/network.h"

namespace SLUICE_API sluice {

// The training forms of `tensors`, in their order: a tensor that depends on no spot is its own. Control inputs are
// kept, and lead to clones where there are any. A stateful node between a spot and the tensors is an
// InvalidArgument naming it: it cannot be there twice (random ones can). `precision` is kFloat, kHalf or kBfloat16; the
// forms of `tensors` have the tensors' own types whatever it is.
absl::StatusOr<std::vector<Endpoint>> BuildTrainingTwin(Network& network, const std::vector<Endpoint>& tensors,
                                                        DataType precision = DataType::kFloat);

}  // namespace sluice
