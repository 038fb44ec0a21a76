// Finds where numbers cease to be finite.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "runtime/session.h"

namespace SLUICE_API sluice {

class NonfiniteFinder {
 public:
  // `feeds`: the names of what a training step is fed. Session and graph must outlive it.
  NonfiniteFinder(Session& session, const Graph& graph, std::vector<std::string> feeds)
      : session_(session), graph_(graph), feeds_(std::move(feeds)) {}

  // Runs what leads up to the updates of a training step, but not the updates, and looks at every floating-point
  // output in topological order: "node 'conv1/BiasAdd' (BiasAdd)" for the first with a NaN or an infinity, "" where
  // all are finite. Variables and random numbers are as before afterwards.
  absl::StatusOr<std::string> Find(const std::vector<Tensor>& values);

  // The first variable, by name, with a value that is not finite; "" where there is none.
  absl::StatusOr<std::string> FindVariable() const;

 private:
  // Floating-point outputs of what `train` needs, producers first.
  std::vector<Endpoint> Candidates() const;

  Session& session_;
  const Graph& graph_;
  const std::vector<std::string> feeds_;
};

// Whether all elements are finite; true for types that are always.
bool AllFinite(const Tensor& tensor);

}  // namespace sluice
