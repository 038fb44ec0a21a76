#include "runtime/prepare.h"

#include <map>

#include "graph/passes.h"
#include "graph/place.h"
#include "runtime/order_variables.h"

namespace sluice {
namespace {

// Turns each fed tensor into the output of a Placeholder: the node itself where it is one already, else a new one that
// takes over the tensor's uses. Returns the placeholders' outputs in the order of the feeds.
absl::StatusOr<std::vector<Endpoint>> BindFeeds(Graph& graph, const std::vector<std::string>& names,
                                                std::map<Endpoint, Endpoint>& replaced) {
  std::vector<Endpoint> feeds;
  for (const std::string& name : names) {
    SLUICE_ASSIGN_OR_RETURN(Endpoint e, graph.ParseEndpoint(name));
    if (replaced.contains(e)) return absl::InvalidArgumentError(absl::StrCat("'", name, "' is fed twice"));
    if (graph.node(e.node).op() == "Placeholder") {
      replaced[e] = e;
      feeds.push_back(e);
      continue;
    }
    const Node& node = graph.node(e.node);
    if (!IsTrivial(graph.dtype(e)) && graph.dtype(e) != DataType::kString) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", name, "' of dtype ", DataTypeName(graph.dtype(e)), " cannot be fed"));
    }
    NodeSpec spec;
    spec.name = graph.UniqueName(absl::StrCat(node.name, "/_fed"));
    spec.op = "Placeholder";
    spec.attrs = {{"dtype", graph.dtype(e)}, {"shape", PartialShape::UnknownRank()}};
    spec.device = node.device;
    SLUICE_ASSIGN_OR_RETURN(Node * placeholder, graph.AddNode(std::move(spec)));
    Endpoint to{placeholder->id, 0};
    graph.ReplaceUses(e, to);
    replaced[e] = to;
    feeds.push_back(to);
  }
  return feeds;
}

}  // namespace

absl::StatusOr<PreparedGraph> PrepareGraph(const Graph& original, const PrepareOptions& options,
                                           absl::Span<Device* const> devices, const Runtime& runtime) {
  PreparedGraph prepared;
  auto graph = std::make_shared<Graph>(original);
  auto after = [&](const std::string& stage) {
    if (options.after_stage) options.after_stage(stage, *graph);
  };
  after("import");
  PassContext context;
  context.cpu_kernels = &runtime.cpu_kernels();
  std::map<Endpoint, Endpoint> fed;
  SLUICE_ASSIGN_OR_RETURN(prepared.feeds, BindFeeds(*graph, options.feeds, fed));
  for (const std::string& name : options.fetches) {
    SLUICE_ASSIGN_OR_RETURN(Endpoint e, graph->ParseEndpoint(name));
    auto replaced = fed.find(e);
    prepared.fetches.push_back(replaced == fed.end() ? e : replaced->second);
  }
  for (const std::string& name : options.targets) {
    const Node* node = graph->Find(absl::string_view(name).substr(0, name.find(':')));
    if (node == nullptr) return absl::NotFoundError(absl::StrCat("no node '", name, "' in the graph"));
    context.targets.insert(node->id);
  }
  context.fed.insert(prepared.feeds.begin(), prepared.feeds.end());
  context.fetched.insert(prepared.fetches.begin(), prepared.fetches.end());
  SLUICE_RETURN_IF_ERROR(RunPasses(*graph, context, options.disabled_passes, options.after_stage));
  PlaceOptions place;
  place.allow_soft_placement = options.allow_soft_placement;
  place.warnings = &prepared.warnings;
  SLUICE_RETURN_IF_ERROR(PlaceGraph(*graph, devices, place));
  after("place");
  context.devices = devices;
  SLUICE_RETURN_IF_ERROR(RunPlacedPasses(*graph, context, options.disabled_passes, options.after_stage));
  OrderVariableUses(*graph);
  prepared.partition = PartitionGraph(*graph, context.fed);
  if (options.plan_book != nullptr) options.plan_book->Order(*graph, prepared.partition.order);
  prepared.graph = std::move(graph);
  return prepared;
}

}  // namespace sluice
