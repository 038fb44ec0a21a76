// Rewrites of a graph that keep what it computes. Each is a free function in passes/<name>.cc; their order stands in
// passes/run_passes.cc. Tensors that are fed or fetched keep their names and stay.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"

#include "core/device.h"
#include "core/kernel_registry.h"
#include "graph/graph.h"

namespace sluice {

struct PassContext {
  // Fed tensors: each is the only output of a node without inputs.
  absl::flat_hash_set<Endpoint> fed;
  // What the caller wants: these endpoints' nodes, and target nodes, survive with their names.
  absl::flat_hash_set<Endpoint> fetched;
  absl::flat_hash_set<NodeId> targets;
  // Evaluate constants.
  const KernelRegistry* cpu_kernels = nullptr;
  int64_t max_folded_bytes = int64_t{10} << 20;
  // What the nodes' assigned_device counts in; empty before placement.
  absl::Span<Device* const> devices;

  bool MustKeep(NodeId id, int num_outputs) const {
    if (targets.contains(id)) return true;
    for (int i = 0; i < num_outputs; ++i) {
      if (fetched.contains(Endpoint{id, i}) || fed.contains(Endpoint{id, i})) return true;
    }
    return false;
  }
};

// Removes every node that neither a fetch nor a target needs. A PlaceholderWithDefault that is not fed becomes an
// Identity (one that is fed has no inputs and is none any more).
absl::Status Prune(Graph& graph, const PassContext& context);

// Computes what depends on constants alone, or on shapes that the graph fixes, while a value is not larger than
// max_folded_bytes or than what it is made from. Never stateful ops, and nothing that waits for a control edge.
absl::Status Fold(Graph& graph, const PassContext& context);
// Nodes with the same op, attributes, inputs, control inputs and device become one. Never stateful ops: two reads of a
// variable may have a write between them.
absl::Status Merge(Graph& graph, const PassContext& context);
// Takes out nodes that give back an input (Identity, x + 0, x * 1, AddN of one, a Transpose and its inverse, …) and
// joins chains of Reshapes and Transposes.
absl::Status Simplify(Graph& graph, const PassContext& context);
// Spatial ops with data_format NCHW, for which there are no kernels, become NHWC between Transposes, and so does what
// lies between them: elementwise ops, Pad, ConcatV2, reductions, Shape; Flatten and MatMul permute constant weights.
// Transposes remain where NCHW tensors are fed, fetched, or reshaped.
absl::Status Layout(Graph& graph, const PassContext& context);
// The first half alone: every spatial op between its own Transposes.
absl::Status UseChannelsLast(Graph& graph, const PassContext& context);
// A batch normalisation with constant statistics behind a Conv2D or DepthwiseConv2dNative with a constant filter (and
// bias) becomes a BiasAdd behind one with another filter, where nothing else needs what lies between them.
absl::Status FoldBatchNorm(Graph& graph, const PassContext& context);
// Conv2D, DepthwiseConv2dNative or MatMul with the BiasAdd (or Add of a vector) and Relu or Relu6 behind it become _FusedConv2D
// and so on, where nothing else needs what lies between them; a convolution also takes the Add of a tensor of its own
// shape between the two (the shortcut around a residual block).
absl::Status Fuse(Graph& graph, const PassContext& context);

// --- Of a placed graph. What a device issues one by one costs it a launch and a pass over memory each, so these put several
// ops into one, on devices that are not synchronous (the CPU computes as it goes) and have a kernel for the result. ---

// ConcatV2 of channels takes the convolutions that feed it alone (_ConcatConv2D): they write where the concat has their slices.
absl::Status ConcatInPlace(Graph& graph, const PassContext& context);
// Elementwise ops that feed each other alone become one _Chain.
absl::Status JoinChains(Graph& graph, const PassContext& context);
// An optimiser's updates of small variables with the same scalars become one _ApplyGroup.
absl::Status GroupUpdates(Graph& graph, const PassContext& context);

// The names of the passes in the order in which RunPasses and RunPlacedPasses run them.
std::vector<std::string> PassNames();
std::vector<std::string> PlacedPassNames();

// Runs the first kind, all but those in `disabled` (InvalidArgument for a name that is not a pass, listing the names; of prune and layout
// the part without which the graph could not be run stays). `after` is called after each with its name; may be null.
absl::Status RunPasses(Graph& graph, const PassContext& context, const std::vector<std::string>& disabled,
                       const std::function<void(const std::string&, const Graph&)>& after = nullptr);
// The second kind. REQUIRES: the graph is placed on the context's devices.
absl::Status RunPlacedPasses(Graph& graph, const PassContext& context, const std::vector<std::string>& disabled,
                             const std::function<void(const std::string&, const Graph&)>& after = nullptr);

}  // namespace sluice
