// What compiling a graph decided that could be decided again: orders of nodes and layouts of memory, each under what it was
// decided for. `sluice compile` keeps them in its file; a run that has the file takes them from there.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "runtime/memory_plan.h"

namespace sluice {

// Thread-safe. Nothing that was loaded is believed: an order that is none of the graph, or a layout in which two tensors
// that live at one time overlap, is made anew.
class PlanBook {
 public:
  // From now on what is decided is kept for Save.
  void Record();

  // `order` is the nodes' of the placed graph; the one that was loaded for this graph takes its place.
  void Order(const Graph& graph, std::vector<NodeId>& order);
  // PlanMemory, or what was loaded for these lifetimes.
  MemoryPlan Memory(absl::Span<const Lifetime> lifetimes);

  // In the order of the keys, each once.
  std::vector<std::pair<std::string, std::string>> Save() const;
  void Load(const std::vector<std::pair<std::string, std::string>>& pages);
  // How many of the loaded ones were used, for tests and reports.
  int num_used() const;

 private:
  // nullptr where nothing of the kind was loaded. Holds the lock.
  const std::string* Find(const std::string& key) const;

  mutable std::mutex mutex_;
  bool records_ = false;
  int used_ = 0;
  std::map<std::string, std::string> loaded_;
  std::map<std::string, std::string> made_;
};

}  // namespace sluice
