#include "tools/model_summary.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_join.h"

#include "graph/propagate.h"
#include "ops/constant.h"
#include "ops/variable.h"
#include "tools/layer_table.h"
#include "tools/table.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

// Elements of the variable's declared shape; 0 where it is not known.
int64_t VariableElements(const Node& node, DataType* dtype) {
  auto attrs = node.Parse<VarHandleOpAttrs>();
  if (!attrs.ok() || !attrs->shape.IsFullyKnown()) return 0;
  *dtype = attrs->dtype;
  auto shape = attrs->shape.ToShape();
  return shape.ok() ? shape->num_elements() : 0;
}

bool IsSlot(const Graph& graph, const std::string& name) {
  size_t slash = name.rfind('/');
  if (slash == std::string::npos) return false;
  const Node* owner = graph.Find(absl::string_view(name).substr(0, slash));
  return owner != nullptr && owner->op() == "VarHandleOp";
}

void CountParameters(const Graph& graph, ModelSummary* summary) {
  auto count = [&](int64_t elements, DataType dtype) {
    if (!IsFloating(dtype)) return;
    summary->parameters += elements;
    summary->parameter_bytes += elements * static_cast<int64_t>(DataTypeSize(dtype));
  };
  const std::vector<NodeId> moving = MovingAverages(graph);
  const absl::flat_hash_set<NodeId> averages(moving.begin(), moving.end());
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    if (node.op() != "VarHandleOp" || IsSlot(graph, node.name) || averages.contains(id)) continue;
    DataType dtype = DataType::kInvalid;
    int64_t elements = VariableElements(node, &dtype);
    count(elements, dtype);
  }
  if (summary->ops.contains("VarHandleOp")) return;
  summary->parameters_are_constants = true;
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    if (node.op() != "Const" || averages.contains(id)) continue;
    auto attrs = node.Parse<ConstAttrs>();
    if (attrs.ok() && attrs->value.shape().rank() > 0) count(attrs->value.num_elements(), attrs->dtype);
  }
}

std::string BenchLine(const ModelSummary& summary) {
  std::string line = absl::StrCat("sluice bench ", summary.path);
  for (const FedTensor& input : summary.inputs) {
    absl::StrAppend(&line, " --input ", input.name, "=random");
    if (!input.shape.has_rank() || input.shape.rank() == 0) continue;
    std::vector<int64_t> dims(input.shape.dims().begin(), input.shape.dims().end());
    std::replace(dims.begin(), dims.end(), PartialShape::kUnknown, int64_t{1});
    absl::StrAppend(&line, ":", absl::StrJoin(dims, "x"));
  }
  for (const FedTensor& output : summary.outputs) absl::StrAppend(&line, " --fetch ", output.name);
  return line;
}

std::string TensorTable(const std::vector<FedTensor>& tensors) {
  Table table({{"  tensor"}, {"type"}, {"shape"}});
  for (const FedTensor& tensor : tensors) {
    table.AddRow({"  " + tensor.name, std::string(DataTypeName(tensor.dtype)), tensor.shape.ToString()});
  }
  return table.ToString();
}

// "5 Const, 2 Conv2D": the most frequent first.
std::string CountsText(const std::map<std::string, int>& counts) {
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return absl::StrJoin(
      sorted, ", ", [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.second, " ", entry.first); });
}

Json TensorsToJson(const std::vector<FedTensor>& tensors) {
  Json list = Json::array();
  for (const FedTensor& tensor : tensors) {
    Json object = {{"name", tensor.name}, {"dtype", std::string(DataTypeName(tensor.dtype))}, {"shape", nullptr}};
    if (tensor.shape.has_rank()) {
      object["shape"] = std::vector<int64_t>(tensor.shape.dims().begin(), tensor.shape.dims().end());
    }
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace

ModelSummary SummarizeModel(const Model& model, const std::vector<std::string>& fetches) {
  const Graph& graph = model.graph;
  ModelSummary summary{.path = model.path, .num_nodes = graph.num_nodes(), .producer = graph.versions().producer};
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    ++summary.ops[node.op()];
    if (!node.device.empty()) ++summary.devices[node.device];
    summary.control_edges += static_cast<int64_t>(node.control_inputs.size());
  }
  summary.inputs = RequiredInputs(model, fetches);
  auto infos = PropagateShapes(graph);
  for (const std::string& name : fetches) {
    FedTensor output{.name = name};
    auto endpoint = graph.ParseEndpoint(name);
    if (endpoint.ok()) output.dtype = graph.dtype(*endpoint);
    if (endpoint.ok() && infos.ok()) {
      output.shape = (*infos)[static_cast<size_t>(endpoint->node)][static_cast<size_t>(endpoint->index)].shape;
    }
    summary.outputs.push_back(std::move(output));
  }
  CountParameters(graph, &summary);
  summary.bench_line = BenchLine(summary);
  return summary;
}

std::string SummaryText(const ModelSummary& summary) {
  std::string text = absl::StrCat(summary.path, ": ", summary.num_nodes, " nodes, ", summary.control_edges,
                                  " control edges, producer version ", summary.producer, "\n");
  absl::StrAppend(&text, "inputs", summary.inputs.empty() ? ": none\n" : "\n" + TensorTable(summary.inputs));
  absl::StrAppend(&text, "outputs\n", TensorTable(summary.outputs));
  absl::StrAppend(&text, "ops: ", CountsText(summary.ops), "\n");
  if (!summary.devices.empty()) absl::StrAppend(&text, "devices asked for: ", CountsText(summary.devices), "\n");
  absl::StrAppend(&text, "parameters: ", FormatCount(summary.parameters), " (", FormatBytes(summary.parameter_bytes),
                  summary.parameters_are_constants ? ", in constants)\n" : ", in variables)\n");
  if (summary.arena_bytes > 0 || summary.flops > 0) {
    absl::StrAppend(&text, "a run", summary.fed.empty() ? "" : " with " + absl::StrJoin(summary.fed, ", "), ": ",
                    FormatNumber(summary.flops / 1e6), " MFLOP, ", FormatBytes(summary.arena_bytes), " of memory and ",
                    FormatBytes(summary.constant_bytes), " of constants, ", FormatBytes(summary.peak_bytes),
                    " at most in all\n");
  }
  absl::StrAppend(&text, "to measure it: ", summary.bench_line, "\n");
  return text;
}

void SummaryToJson(const ModelSummary& summary, Json* report) {
  (*report)["model"] = summary.path;
  (*report)["nodes"] = summary.num_nodes;
  (*report)["control_edges"] = summary.control_edges;
  (*report)["producer"] = summary.producer;
  (*report)["inputs"] = TensorsToJson(summary.inputs);
  (*report)["outputs"] = TensorsToJson(summary.outputs);
  (*report)["ops"] = summary.ops;
  (*report)["devices_asked_for"] = summary.devices;
  (*report)["parameters"] = summary.parameters;
  (*report)["parameter_bytes"] = summary.parameter_bytes;
  (*report)["flops"] = summary.flops;
  (*report)["arena_bytes"] = summary.arena_bytes;
  (*report)["constant_bytes"] = summary.constant_bytes;
  (*report)["peak_bytes"] = summary.peak_bytes;
  (*report)["bench"] = summary.bench_line;
}

}  // namespace sluice::tools
