#include "tools/model_interface.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_join.h"

#include "graph/propagate.h"
#include "ops/constant.h"
#include "tools/exit_code.h"

namespace sluice::tools {
namespace {

bool IsPlaceholder(const Node& node) { return node.op() == "Placeholder"; }

// Every node that the fetches need.
std::vector<bool> Ancestors(const Graph& graph, const std::vector<std::string>& fetches,
                            const std::set<Endpoint>& fed) {
  std::vector<bool> needed(static_cast<size_t>(graph.id_limit()), false);
  std::vector<NodeId> open;
  auto need = [&](NodeId id) {
    if (needed[static_cast<size_t>(id)]) return;
    needed[static_cast<size_t>(id)] = true;
    open.push_back(id);
  };
  for (const std::string& name : fetches) {
    if (auto endpoint = graph.ParseEndpoint(name); endpoint.ok()) {
      need(endpoint->node);
    } else if (const Node* node = graph.Find(name); node != nullptr) {
      need(node->id);  // a target, which may have no outputs
    }
  }
  while (!open.empty()) {
    const Node& node = graph.node(open.back());
    open.pop_back();
    for (Endpoint input : node.inputs) {
      if (!fed.contains(input)) need(input.node);
    }
    for (NodeId control : node.control_inputs) need(control);
  }
  return needed;
}

FedTensor DescribePlaceholder(const Graph& graph, const Node& node) {
  FedTensor tensor{.name = graph.NameOf({node.id, 0}), .dtype = node.output_types[0]};
  if (auto attrs = node.Parse<PlaceholderAttrs>(); attrs.ok()) tensor.shape = attrs->shape;
  return tensor;
}

std::vector<FedTensor> OpenInputs(const Model& model, const std::vector<std::string>& fetches,
                                  const std::set<Endpoint>& fed) {
  std::vector<FedTensor> inputs;
  std::vector<bool> needed = Ancestors(model.graph, fetches, fed);
  for (NodeId id : model.graph.node_ids()) {
    const Node& node = model.graph.node(id);
    if (!needed[static_cast<size_t>(id)] || !IsPlaceholder(node) || fed.contains({id, 0})) continue;
    inputs.push_back(DescribePlaceholder(model.graph, node));
  }
  return inputs;
}

std::string Listing(const std::vector<FedTensor>& tensors) {
  if (tensors.empty()) return "none";
  return absl::StrJoin(tensors, ", ", [](std::string* out, const FedTensor& tensor) {
    absl::StrAppend(out, "'", tensor.name, "' ", DataTypeName(tensor.dtype), tensor.shape.ToString());
  });
}

// The tensor behind a signature's key, or the name itself.
std::string Translate(const std::vector<std::pair<std::string, std::string>>& signature, const std::string& name) {
  for (const auto& [key, tensor] : signature) {
    if (key == name) return tensor;
  }
  return name;
}

absl::StatusOr<Endpoint> ParseName(const Graph& graph, const std::string& name, absl::string_view option) {
  auto endpoint = graph.ParseEndpoint(name);
  if (!endpoint.ok()) return UsageError(absl::StrCat(option, ": ", endpoint.status().message()));
  return endpoint;
}

// Nodes whose outputs are no results: values that are there already, or are fed.
bool IsSource(const Node& node) {
  return node.inputs.empty() || node.op() == "ReadVariableOp" || node.op() == "VarIsInitializedOp" ||
         node.op() == "PlaceholderWithDefault";
}

std::vector<std::string> Ends(const Graph& graph, bool sources_too) {
  Consumers consumers = FindConsumers(graph);
  std::vector<std::string> ends;
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    if (node.output_types.empty() || !consumers.uses[static_cast<size_t>(id)].empty()) continue;
    if (IsSource(node) && !sources_too) continue;
    for (int i = 0; i < static_cast<int>(node.output_types.size()); ++i) {
      DataType dtype = node.output_types[static_cast<size_t>(i)];
      if (dtype != DataType::kResource && dtype != DataType::kVariant) ends.push_back(graph.NameOf({id, i}));
    }
  }
  return ends;
}

}  // namespace

void InterfaceArguments::Declare(CommandLine& line) {
  line.Option(
      "-i,--input", &inputs, "NAME=SPEC",
      "What to feed: a .npy, .jpg or .png file, a folder, @LIST, const:1.5, zeros:SHAPE or random:SHAPE; pictures "
      "take :size=HxW,resize=area,crop=center,mean=..,scale=..,order=bgr,layout=nchw. NAME= may be left out if there "
      "is "
      "one input");
  line.Option("-f,--fetch", &fetches, "NAME", "A tensor to compute (default: the model's outputs)");
}

absl::StatusOr<std::vector<std::string>> ResolveFetches(const Model& model, const std::vector<std::string>& asked) {
  std::vector<std::string> fetches;
  for (const std::string& name : asked) {
    std::string tensor = Translate(model.signature_outputs, name);
    SLUICE_RETURN_IF_ERROR(ParseName(model.graph, tensor, "--fetch").status());
    fetches.push_back(tensor);
  }
  if (fetches.empty()) {
    for (const auto& [key, tensor] : model.signature_outputs) fetches.push_back(tensor);
  }
  if (fetches.empty()) fetches = Ends(model.graph, /*sources_too=*/false);
  if (fetches.empty()) fetches = Ends(model.graph, /*sources_too=*/true);
  if (fetches.empty()) return UsageError("the model has no ends; say with --fetch what to compute");
  return fetches;
}

std::vector<FedTensor> RequiredInputs(const Model& model, const std::vector<std::string>& fetches) {
  return OpenInputs(model, fetches, {});
}

absl::StatusOr<FedTensor> DescribeTensor(const Graph& graph, const std::string& name) {
  SLUICE_ASSIGN_OR_RETURN(Endpoint endpoint, ParseName(graph, name, "--input"));
  const Node& node = graph.node(endpoint.node);
  if (IsPlaceholder(node)) return DescribePlaceholder(graph, node);
  FedTensor tensor{.name = graph.NameOf(endpoint), .dtype = graph.dtype(endpoint)};
  if (auto infos = PropagateShapes(graph); infos.ok()) {
    tensor.shape = (*infos)[static_cast<size_t>(endpoint.node)][static_cast<size_t>(endpoint.index)].shape;
  }
  return tensor;
}

absl::StatusOr<std::vector<BoundInput>> BindInputs(const Model& model, const std::vector<std::string>& arguments,
                                                   const std::vector<std::string>& fetches, uint64_t seed,
                                                   const std::string& fill) {
  std::vector<BoundInput> bound;
  std::set<Endpoint> fed;
  std::vector<std::string> nameless;
  auto bind = [&](const FedTensor& tensor, const std::string& spec) -> absl::Status {
    auto items = InputItems::Parse(spec, tensor, seed + bound.size());
    if (!items.ok()) return WithContext(items.status(), absl::StrCat("--input ", tensor.name));
    bound.push_back({tensor, *std::move(items)});
    return absl::OkStatus();
  };
  for (const std::string& argument : arguments) {
    auto [name, spec] = SplitInput(argument);
    if (name.empty()) {
      nameless.push_back(spec);
      continue;
    }
    std::string tensor_name = Translate(model.signature_inputs, name);
    SLUICE_ASSIGN_OR_RETURN(FedTensor tensor, DescribeTensor(model.graph, tensor_name));
    SLUICE_ASSIGN_OR_RETURN(Endpoint endpoint, ParseName(model.graph, tensor_name, "--input"));
    if (!fed.insert(endpoint).second) return UsageError(absl::StrCat("--input: '", name, "' is given twice"));
    SLUICE_RETURN_IF_ERROR(bind(tensor, spec));
  }
  std::vector<FedTensor> open = OpenInputs(model, fetches, fed);
  if (!nameless.empty() && (nameless.size() > 1 || open.size() != 1)) {
    return UsageError(absl::StrCat("--input ", nameless[0], ": say for which tensor, as in NAME=", nameless[0],
                                   "; open inputs: ", Listing(open)));
  }
  if (!nameless.empty()) {
    SLUICE_RETURN_IF_ERROR(bind(open[0], nameless[0]));
    return bound;
  }
  if (!open.empty() && fill.empty()) {
    return UsageError(absl::StrCat("nothing to feed to ", Listing(open), ": --input ", open[0].name, "=SPEC"));
  }
  for (const FedTensor& tensor : open) SLUICE_RETURN_IF_ERROR(bind(tensor, fill));
  return bound;
}

}  // namespace sluice::tools
