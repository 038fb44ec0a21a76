// The graph's way from what its author wrote to what is compiled: feeds, passes, placement, partition.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/compiler.h"
#include "runtime/plan_book.h"
#include "runtime/runtime.h"

namespace sluice {

struct PrepareOptions {
  std::vector<std::string> feeds, fetches, targets;  // tensor names; node names for targets
  std::vector<std::string> disabled_passes;
  bool allow_soft_placement = true;
  PlanBook* plan_book = nullptr;  // where set, has a say in the order
  // Called with "import", each pass's name, "place", the names of the passes behind it, and the graph as it is then. May be
  // null.
  std::function<void(const std::string&, const Graph&)> after_stage;
};

// `graph` is copied. Errors name what is wrong: a tensor that is not there, a feed given twice, what placement says.
absl::StatusOr<PreparedGraph> PrepareGraph(const Graph& graph, const PrepareOptions& options,
                                           absl::Span<Device* const> devices, const Runtime& runtime);

}  // namespace sluice
