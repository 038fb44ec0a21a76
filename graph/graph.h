// The graph in memory, free of protobuf. Nodes name ops of an OpRegistry; edges carry tensors or order alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"

#include "core/api.h"
#include "core/attr_value.h"
#include "ops/op_schema.h"

namespace SLUICE_API sluice {

using NodeId = int32_t;

// Output `index` of a node.
struct Endpoint {
  NodeId node = -1;
  int index = 0;
  bool operator==(const Endpoint&) const = default;
  auto operator<=>(const Endpoint&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const Endpoint& e) {
    return H::combine(std::move(h), e.node, e.index);
  }
};

struct Node {
  NodeId id = -1;
  std::string name;
  const OpSchema* schema = nullptr;
  AttrMap attrs;  // as the author wrote them: defaults are not filled in
  absl::InlinedVector<Endpoint, 4> inputs;
  absl::InlinedVector<NodeId, 2> control_inputs;
  std::string device;        // as the author wrote it, may be partial or empty
  int assigned_device = -1;  // index into the session's devices once placed
  std::vector<DataType> input_types;
  std::vector<DataType> output_types;
  std::string wire_extra;  // fields of the NodeDef that we do not read, serialised; exported unchanged

  const std::string& op() const { return schema->name; }
  // The attribute's value or its default. InvalidArgument naming the node where it is missing or of another
  // kind.
  template <class Attrs>
  absl::StatusOr<Attrs> Parse() const {
    auto parsed = ParseAttrs<Attrs>(attrs);
    if (parsed.ok()) return parsed;
    return WithContext(parsed.status(), absl::StrCat("node '", name, "' (", op(), ")"));
  }
};

// What AddNode needs.
struct NodeSpec {
  std::string name = {};
  std::string op = {};
  AttrMap attrs = {};
  std::vector<Endpoint> inputs = {};
  std::vector<NodeId> control_inputs = {};
  std::string device = {};
};

// Copyable (a copy keeps node ids). Not thread-safe while it is changed.
class Graph {
 public:
  struct Versions {
    int producer = 1087;  // what TensorFlow 2.x accepts as recent
    int min_consumer = 0;
    std::vector<int> bad_consumers;
  };

  // The registry must outlive the graph.
  explicit Graph(const OpRegistry& ops) : ops_(&ops) {}
  Graph(const Graph& other);
  Graph& operator=(const Graph& other);
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;

  // A graph of nodes that were checked already, in this order. REQUIRES: a node's id is its position, names
  // are new, inputs, schemas and types are filled in and agree, and there is no cycle.
  static Graph FromNodes(const OpRegistry& ops, std::vector<std::unique_ptr<Node>> nodes);

  // Checks the op, the attributes, the number and types of the inputs, and that the name is new.
  // Unimplemented for an unknown op, InvalidArgument for the rest; the message names the node. A cycle cannot
  // arise: inputs exist already.
  absl::StatusOr<Node*> AddNode(NodeSpec spec);
  // The node's edges must be rewired first: nothing may refer to it.
  void RemoveNode(NodeId id);

  // nullptr where there is none.
  Node* Find(absl::string_view name);
  const Node* Find(absl::string_view name) const;
  // REQUIRES: a live node.
  Node& node(NodeId id) { return *nodes_[id]; }
  const Node& node(NodeId id) const { return *nodes_[id]; }
  bool IsLive(NodeId id) const { return id >= 0 && id < id_limit() && nodes_[id] != nullptr; }
  // Ids are below this; removed ones are not reused.
  NodeId id_limit() const { return static_cast<NodeId>(nodes_.size()); }
  int num_nodes() const { return static_cast<int>(by_name_.size()); }
  // The live nodes in the order of their ids.
  std::vector<NodeId> node_ids() const;
  // `prefix`, or `prefix_1`, `prefix_2` …: a name that no node has.
  std::string UniqueName(absl::string_view prefix) const;
  // Every use of `from` (data inputs alone) becomes a use of `to`; types must agree.
  void ReplaceUses(Endpoint from, Endpoint to);
  // Type checks again after a pass changed the attributes of a node.
  absl::Status RefreshTypes(Node& node);

  DataType dtype(Endpoint e) const { return node(e.node).output_types[e.index]; }
  // "name" for output 0, "name:1" for others.
  std::string NameOf(Endpoint e) const;
  // "conv1:0", "conv1" or "^…" refused: an endpoint. NotFound with the nearest names where there is no such
  // node.
  absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view tensor_name) const;

  const OpRegistry& ops() const { return *ops_; }
  Versions& versions() { return versions_; }
  const Versions& versions() const { return versions_; }
  // The FunctionDefLibrary as it came, serialised; exported unchanged. May be empty.
  std::string& library() { return library_; }
  const std::string& library() const { return library_; }
  // Fields of the GraphDef that we do not read, serialised; exported unchanged.
  std::string& wire_extra() { return wire_extra_; }
  const std::string& wire_extra() const { return wire_extra_; }

 private:
  const OpRegistry* ops_;
  std::vector<std::unique_ptr<Node>> nodes_;
  absl::flat_hash_map<std::string, NodeId> by_name_;
  Versions versions_;
  std::string library_;
  std::string wire_extra_;
};

// Who uses what: for each node id, the (consumer, input index) of each of its outputs' uses, and control
// successors.
struct Consumers {
  struct Use {
    NodeId node;
    int input;         // index into the consumer's inputs
    int output_index;  // of the producer
  };
  std::vector<absl::InlinedVector<Use, 2>> uses;
  std::vector<absl::InlinedVector<NodeId, 2>> control;
  // How many data inputs use this endpoint.
  int Count(Endpoint e) const;
};
Consumers FindConsumers(const Graph& graph);

// All live nodes, producers before consumers, otherwise by id (so the order is a function of the graph
// alone). A node of which `is_urgent`, by id, is true comes as soon as its producers are through; empty: none is.
std::vector<NodeId> TopologicalOrder(const Graph& graph, const std::vector<bool>& is_urgent = {});

}  // namespace sluice
