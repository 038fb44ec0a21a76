#include <algorithm>

#include "graph/passes.h"

namespace sluice {
namespace {

struct Pass {
  const char* name;
  absl::Status (*run)(Graph&, const PassContext&);
  absl::Status (*run_disabled)(Graph&, const PassContext&) = nullptr;  // what has to be done in any case
};

// The order in which they run.
constexpr Pass kPasses[] = {
    {"prune", Prune, Prune},
    {"fold", Fold},
    {"merge", Merge},
    {"simplify", Simplify},
    {"layout", Layout, UseChannelsLast},
    {"batch_norm", FoldBatchNorm},
    {"fuse", Fuse},
};
constexpr Pass kPlacedPasses[] = {
    {"slices", ConcatInPlace},
    {"chains", JoinChains},
    {"updates", GroupUpdates},
};

std::vector<std::string> NamesOf(absl::Span<const Pass> passes) {
  std::vector<std::string> names;
  for (const Pass& pass : passes) names.emplace_back(pass.name);
  return names;
}

absl::Status RunAll(absl::Span<const Pass> passes, Graph& graph, const PassContext& context,
                    const std::vector<std::string>& disabled,
                    const std::function<void(const std::string&, const Graph&)>& after) {
  for (const Pass& pass : passes) {
    bool is_disabled = std::find(disabled.begin(), disabled.end(), pass.name) != disabled.end();
    auto run = is_disabled ? pass.run_disabled : pass.run;
    if (run == nullptr) continue;
    SLUICE_RETURN_IF_ERROR(WithContext(run(graph, context), absl::StrCat("pass ", pass.name)));
    if (after) after(pass.name, graph);
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> PassNames() { return NamesOf(kPasses); }

std::vector<std::string> PlacedPassNames() { return NamesOf(kPlacedPasses); }

absl::Status RunPasses(Graph& graph, const PassContext& context, const std::vector<std::string>& disabled,
                       const std::function<void(const std::string&, const Graph&)>& after) {
  std::vector<std::string> names = PassNames();
  for (const std::string& name : PlacedPassNames()) names.push_back(name);
  for (const std::string& name : disabled) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("no graph pass '", name, "'; there are ", absl::StrJoin(names, ", ")));
    }
  }
  return RunAll(kPasses, graph, context, disabled, after);
}

absl::Status RunPlacedPasses(Graph& graph, const PassContext& context, const std::vector<std::string>& disabled,
                             const std::function<void(const std::string&, const Graph&)>& after) {
  return RunAll(kPlacedPasses, graph, context, disabled, after);
}

}  // namespace sluice
