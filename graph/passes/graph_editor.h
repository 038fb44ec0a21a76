// Changes a graph while it knows who uses what: every change costs what it touches, not the whole graph.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/passes.h"

namespace sluice {

class GraphEditor {
 public:
  // Both must outlive the editor; the graph is changed through it alone. Removed nodes are only marked until
  // Finish.
  GraphEditor(Graph& graph, const PassContext& context);

  Graph& graph() { return graph_; }
  Node& node(NodeId id) { return graph_.node(id); }
  const OpSchema* Schema(absl::string_view op) const { return graph_.ops().Find(op); }
  // Of a placed graph: whether the node's device is one for which fewer, larger ops pay, and has a kernel for `op` with
  // these attributes.
  bool PaysOnDeviceOf(const Node& node, absl::string_view op, const AttrMap& attrs) const;

  // True where the node's name or one of its outputs is wanted as it is: it may be changed in place as long as the
  // outputs keep their values, and must not be removed.
  bool MustKeep(NodeId id) const;
  // The number of data inputs that use this output; whether any uses the node, and whether a node waits for it.
  int CountUses(Endpoint e) const;
  bool HasUses(NodeId id) const { return !uses_[id].empty(); }
  bool HasControlUses(NodeId id) const { return !control_[id].empty(); }
  // The data inputs that use any output of the node.
  std::vector<Consumers::Use> UsesOf(NodeId id) const { return {uses_[id].begin(), uses_[id].end()}; }

  // Every data input that uses `from` uses `to`. Types must agree.
  void ReplaceUses(Endpoint from, Endpoint to);
  // Who waited for `from` waits for `to`.
  void MoveControlUses(NodeId from, NodeId to);
  void SetInput(NodeId id, int index, Endpoint to);
  void SetInputs(NodeId id, std::vector<Endpoint> inputs);
  // Takes the node out: its only output's uses become uses of `to`, and who waited for it waits for to's node.
  // REQUIRES: one output, no control inputs, !MustKeep(id).
  void Bypass(NodeId id, Endpoint to);
  // The node becomes another one under its name and device, with these inputs and attributes (notes that start with
  // "_" stay). Control edges stay too.
  absl::Status Rewrite(NodeId id, absl::string_view op, std::vector<Endpoint> inputs, AttrMap attrs);
  // `to` waits for what `from` waits for.
  void CopyControlInputs(NodeId from, NodeId to);
  // Who waited for `from` waits for `to` too, and for what `from` waits for waits `to`: `to` does what `from` did.
  void TakeOverControl(NodeId from, NodeId to);
  // A new node on the device of `like`, named `<like's name>/<suffix>`, made unique.
  absl::StatusOr<NodeId> Add(const Node& like, absl::string_view suffix, absl::string_view op,
                             std::vector<Endpoint> inputs, AttrMap attrs);
  absl::StatusOr<Endpoint> AddConst(const Node& like, absl::string_view suffix, Tensor value);
  // The value of a Const's output; nullptr for others.
  const Tensor* ConstantAt(Endpoint e) const;

  // Removes the nodes that nothing needs any more.
  absl::Status Finish() { return Prune(graph_, context_); }

 private:
  void Register(const Node& node);
  void Unregister(const Node& node);

  Graph& graph_;
  const PassContext& context_;
  std::vector<absl::InlinedVector<Consumers::Use, 2>> uses_;
  std::vector<absl::InlinedVector<NodeId, 2>> control_;
};

}  // namespace sluice
