// Runs cases through sessions, as a user's graph is run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"

#include "runtime/session.h"
#include "tests/gpu_check/op_case.h"

namespace sluice::gpu_check {

// One session whose graph has a number of cases. Not thread-safe.
class CaseRunner {
 public:
  // `place` is the device string of every node that is tested; empty: the CPU. Both outlive the runner.
  CaseRunner(const Runtime& runtime, absl::Span<const OpCase* const> cases, std::string place)
      : runtime_(runtime), cases_(cases), place_(std::move(place)) {}

  // Opens the session. A node that does not run where it was put is an error then or later.
  absl::Status Open(SessionOptions options);
  // What the runs of case `i` give, `runs` of them one after the other. Inputs of which `is_known` is true are constants of
  // the graph, all others are fed.
  absl::StatusOr<std::vector<std::vector<Tensor>>> Run(size_t i, const std::vector<bool>& is_known, size_t runs);

 private:
  absl::Status AddCase(Graph& graph, size_t i) const;
  absl::StatusOr<Endpoint> AddVariable(Graph& graph, const std::string& name, const Tensor& value) const;

  const Runtime& runtime_;
  const absl::Span<const OpCase* const> cases_;
  const std::string place_;
  std::unique_ptr<Session> session_;
};

}  // namespace sluice::gpu_check
