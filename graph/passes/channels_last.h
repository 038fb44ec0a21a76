// Tensors of four dimensions that the graph's author ordered NCHW, computed in the order NHWC.
//
// A node that is turned around keeps its name and becomes the Transpose that gives its consumers NCHW; a new node in
// front of it does the work. Whoever comes later and wants NHWC takes what is in front of the Transpose, so that most
// Transposes are left without a user and are pruned.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "graph/passes/graph_editor.h"
#include "graph/propagate.h"

namespace sluice {

// Where dimension i of NHWC is found in NCHW, and the other way round: Transpose's permutations.
inline constexpr int kToLast[4] = {0, 2, 3, 1};
inline constexpr int kToFirst[4] = {0, 3, 1, 2};

class ChannelsLast {
 public:
  // `infos` are the shapes before anything was turned around.
  ChannelsLast(GraphEditor& edit, const std::vector<std::vector<TensorInfo>>& infos, const KernelRegistry* cpu_kernels)
      : edit_(edit), infos_(infos), cpu_kernels_(cpu_kernels) {}

  GraphEditor& edit() { return edit_; }

  // The shape as the author knows it (NCHW); unknown for nodes that were added since.
  PartialShape ShapeOf(Endpoint e) const;
  // Whether `e` is the NCHW form of a tensor that there is in NHWC, and that tensor.
  bool HasLast(Endpoint e) const;
  Endpoint Last(Endpoint e) const { return edit_.node(e.node).inputs[0]; }
  // `e` (rank 4, NCHW) in NHWC: what HasLast knows, a transposed constant, or a new Transpose for `user`.
  absl::StatusOr<Endpoint> ToLast(Endpoint e, const Node& user);

  // A vector over the dimensions N, C, H, W in the order N, H, W, C, and the other way round.
  absl::StatusOr<Endpoint> VectorToLast(Endpoint e, const Node& user) { return Permute(e, kToLast, user); }
  absl::StatusOr<Endpoint> VectorToFirst(Endpoint e, const Node& user) { return Permute(e, kToFirst, user); }
  // A constant that broadcasts against NCHW, as it broadcasts against NHWC.
  absl::StatusOr<Endpoint> BroadcastToLast(Endpoint e, const Node& user);

  // The node's work is done by a new node with these inputs and attributes in NHWC; the node gives NCHW. Of several
  // outputs the first is an image.
  absl::Status TurnAround(NodeId id, std::vector<Endpoint> inputs, AttrMap attrs);

 private:
  absl::StatusOr<Endpoint> Permute(Endpoint e, const int (&order)[4], const Node& user);
  absl::StatusOr<Endpoint> AddTranspose(Endpoint e, const int (&perm)[4], const Node& like, absl::string_view suffix);
  // Users of the node take the worker's outputs, the first one transposed; the node itself passes them on, for those who
  // fetch it.
  absl::Status PassOutputs(NodeId id, NodeId worker);
  absl::StatusOr<Tensor> Transposed(const Tensor& t, const Node& transpose) const;

  GraphEditor& edit_;
  const std::vector<std::vector<TensorInfo>>& infos_;
  const KernelRegistry* cpu_kernels_;
  absl::flat_hash_map<Endpoint, Endpoint> stands_for_;  // Transposes that were added in the place of an output
  absl::flat_hash_map<Endpoint, Endpoint> in_last_;     // Transposes that were added for tensors that have no NHWC form
};

// Elements of a list of four (strides) or of pairs (paddings) over N, C, H, W in the order N, H, W, C.
template <class T>
std::vector<T> ListToLast(const std::vector<T>& list) {
  size_t each = list.size() / 4;
  std::vector<T> out;
  for (int d : kToLast) out.insert(out.end(), list.begin() + d * each, list.begin() + (d + 1) * each);
  return out;
}

}  // namespace sluice
