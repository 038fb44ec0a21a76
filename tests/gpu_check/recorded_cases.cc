#include "tests/gpu_check/recorded_cases.h"

#include <fstream>

#include "absl/strings/match.h"

#include "graph/import.h"

namespace sluice::gpu_check {
namespace {

constexpr absl::string_view kTested = "/op";  // the name of the node under test within its case

const Tensor* ConstantOf(const Node* node) {
  if (node == nullptr || node->op() != "Const") return nullptr;
  return std::get_if<Tensor>(&node->attrs.at("value").value);
}

// What the case's other nodes assign to the variable first.
const Tensor* FirstValueOf(const Graph& graph, NodeId handle) {
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    if (node.op() != "AssignVariableOp" || node.inputs[0].node != handle || absl::EndsWith(node.name, kTested))
      continue;
    return ConstantOf(&graph.node(node.inputs[1].node));
  }
  return nullptr;
}

absl::StatusOr<OpCase> ReadCase(const Graph& graph, const Node& node) {
  OpCase c;
  c.name = node.name.substr(0, node.name.size() - kTested.size());
  c.op = node.op();
  c.attrs = node.attrs;
  for (Endpoint e : node.inputs) {
    const bool is_variable = graph.dtype(e) == DataType::kResource;
    const Tensor* value = is_variable ? FirstValueOf(graph, e.node) : ConstantOf(&graph.node(e.node));
    if (value == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("node '", node.name, "': its input '", graph.node(e.node).name, "' has no recorded value"));
    }
    c.inputs.push_back({*value, is_variable});
  }
  for (const char* run : {"expected", "second"}) {
    std::vector<Tensor> values;
    while (const Tensor* value = ConstantOf(graph.Find(absl::StrCat(c.name, "/", run, values.size())))) {
      values.push_back(*value);
    }
    if (!values.empty()) c.expected.push_back(std::move(values));
  }
  return c;
}

}  // namespace

absl::StatusOr<std::vector<OpCase>> ReadRecordedCases(const std::string& folder, const std::string& op,
                                                      const OpRegistry& ops) {
  std::vector<OpCase> cases;
  std::ifstream file(absl::StrCat(folder, "/", op, ".pb"), std::ios::binary);
  if (!file) return cases;
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  auto graph = ImportGraphDef(bytes, ops);
  if (!graph.ok()) return WithContext(graph.status(), absl::StrCat(op, ".pb"));
  for (NodeId id : graph->node_ids()) {
    const Node& node = graph->node(id);
    if (node.op() != op || !absl::EndsWith(node.name, kTested)) continue;
    SLUICE_ASSIGN_OR_RETURN(OpCase c, ReadCase(*graph, node));
    cases.push_back(std::move(c));
  }
  return cases;
}

}  // namespace sluice::gpu_check
