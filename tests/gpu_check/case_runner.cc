#include "tests/gpu_check/case_runner.h"

namespace sluice::gpu_check {
namespace {

// Case i's nodes are case<i>/op, case<i>/in<k>, and for variable k case<i>/var<k> with an assignment and a read.
std::string NodeName(size_t i, absl::string_view node) { return absl::StrCat("case", i, "/", node); }
std::string NodeName(size_t i, absl::string_view node, size_t k) { return absl::StrCat("case", i, "/", node, k); }

// What stands for the node itself, whose kernel computes nothing that could be fetched.
bool IsVariableAlone(const OpCase& c) { return c.op == "VarHandleOp"; }
bool IsPlaceholder(const OpCase& c) { return c.op == "Placeholder"; }

absl::StatusOr<Endpoint> AddConstant(Graph& graph, const std::string& name, const Tensor& value) {
  SLUICE_ASSIGN_OR_RETURN(
      Node * node, graph.AddNode({.name = name, .op = "Const", .attrs = {{"dtype", value.dtype()}, {"value", value}}}));
  return Endpoint{node->id, 0};
}

// What the caller keeps must not change with the next run.
absl::StatusOr<std::vector<Tensor>> Fetch(Session& session, const Session::Feeds& feeds,
                                          const std::vector<std::string>& fetches,
                                          const std::vector<std::string>& targets) {
  std::vector<Tensor> values, copies;
  SLUICE_RETURN_IF_ERROR(session.Run(feeds, fetches, targets, &values));
  for (const Tensor& value : values) {
    SLUICE_ASSIGN_OR_RETURN(Tensor copy, value.Clone());
    copies.push_back(std::move(copy));
  }
  return copies;
}

}  // namespace

absl::StatusOr<Endpoint> CaseRunner::AddVariable(Graph& graph, const std::string& name, const Tensor& value) const {
  const AttrMap dtype = {{"dtype", value.dtype()}};
  AttrMap attrs = dtype;
  attrs["shape"] = PartialShape(value.shape());
  SLUICE_ASSIGN_OR_RETURN(Node * handle,
                          graph.AddNode({.name = name, .op = "VarHandleOp", .attrs = attrs, .device = place_}));
  const Endpoint variable{handle->id, 0};
  SLUICE_ASSIGN_OR_RETURN(Endpoint first, AddConstant(graph, name + "_init", value));
  SLUICE_RETURN_IF_ERROR(graph
                             .AddNode({.name = name + "_assign",
                                       .op = "AssignVariableOp",
                                       .attrs = dtype,
                                       .inputs = {variable, first},
                                       .device = place_})
                             .status());
  SLUICE_RETURN_IF_ERROR(
      graph
          .AddNode(
              {.name = name + "_read", .op = "ReadVariableOp", .attrs = dtype, .inputs = {variable}, .device = place_})
          .status());
  return variable;
}

absl::Status CaseRunner::AddCase(Graph& graph, size_t i) const {
  const OpCase& c = *cases_[i];
  std::vector<Endpoint> inputs;
  for (size_t k = 0; k < c.inputs.size() && !IsPlaceholder(c); ++k) {
    const CaseInput& input = c.inputs[k];
    SLUICE_ASSIGN_OR_RETURN(Endpoint e, input.is_variable ? AddVariable(graph, NodeName(i, "var", k), input.value)
                                                          : AddConstant(graph, NodeName(i, "in", k), input.value));
    inputs.push_back(e);
  }
  if (IsVariableAlone(c)) return absl::OkStatus();
  NodeSpec spec{.name = NodeName(i, "op"), .op = c.op, .attrs = c.attrs, .inputs = inputs, .device = place_};
  SLUICE_ASSIGN_OR_RETURN(Node * node, graph.AddNode(std::move(spec)));
  if (!IsPlaceholder(c)) return absl::OkStatus();
  return graph
      .AddNode({.name = NodeName(i, "seen"),
                .op = "Identity",
                .attrs = {{"T", c.inputs[0].value.dtype()}},
                .inputs = {{node->id, 0}},
                .device = place_})
      .status();
}

absl::Status CaseRunner::Open(SessionOptions options) {
  Graph graph(runtime_.ops());
  for (size_t i = 0; i < cases_.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(WithContext(AddCase(graph, i), Describe(*cases_[i])));
  }
  options.allow_soft_placement = false;
  SLUICE_ASSIGN_OR_RETURN(session_, NewSession(runtime_, options));
  return session_->Create(std::move(graph));
}

absl::StatusOr<std::vector<std::vector<Tensor>>> CaseRunner::Run(size_t i, const std::vector<bool>& is_known,
                                                                 size_t runs) {
  const OpCase& c = *cases_[i];
  Session::Feeds feeds;
  std::vector<std::string> assigns, reads, fetches, targets;
  for (size_t k = 0; k < c.inputs.size(); ++k) {
    if (c.inputs[k].is_variable) {
      assigns.push_back(NodeName(i, "var", k) + "_assign");
      reads.push_back(NodeName(i, "var", k) + "_read");
    } else if (IsPlaceholder(c)) {
      feeds.emplace_back(NodeName(i, "op"), c.inputs[k].value);
    } else if (!is_known[k]) {
      feeds.emplace_back(NodeName(i, "in", k), c.inputs[k].value);
    }
  }
  if (!assigns.empty()) SLUICE_RETURN_IF_ERROR(session_->Run({}, {}, assigns, nullptr));
  if (IsPlaceholder(c)) {
    fetches = {NodeName(i, "seen")};
  } else if (!IsVariableAlone(c)) {
    SLUICE_ASSIGN_OR_RETURN(Signature signature, runtime_.ops().Find(c.op)->Resolve(c.attrs));
    for (size_t o = 0; o < signature.outputs.size(); ++o) fetches.push_back(absl::StrCat(NodeName(i, "op"), ":", o));
    if (fetches.empty()) targets = {NodeName(i, "op")};
  }
  std::vector<std::vector<Tensor>> results;
  for (size_t run = 0; run < runs; ++run) {
    std::vector<Tensor> values;
    if (!fetches.empty() || !targets.empty()) {
      SLUICE_ASSIGN_OR_RETURN(values, Fetch(*session_, feeds, fetches, targets));
    }
    if (fetches.empty() && !reads.empty()) {
      SLUICE_ASSIGN_OR_RETURN(values, Fetch(*session_, {}, reads, {}));
    }
    results.push_back(std::move(values));
  }
  return results;
}

}  // namespace sluice::gpu_check
