// One prepared subgraph with its plans: what MakeCallable makes, and what Session::Run looks up by its names.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/prepare.h"
#include "runtime/step.h"

namespace sluice {

// The plan for one set of feed shapes, and the steps that are free to run it.
class CachedPlan {
 public:
  CachedPlan(std::shared_ptr<const Plan> plan, SessionState& state) : plan_(std::move(plan)), state_(state) {}
  const Plan& plan() const { return *plan_; }
  // A free step or a new one. Where there is no memory for a new one, waits for a running one, and fails with
  // ResourceExhausted if there is none.
  absl::StatusOr<std::unique_ptr<Step>> Lease();
  void Return(std::unique_ptr<Step> step);
  uint64_t last_used = 0;

 private:
  const std::shared_ptr<const Plan> plan_;
  SessionState& state_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Step>> free_;
  int leased_ = 0;
};

// Thread-safe.
class Callable {
 public:
  Callable(PreparedGraph prepared, SessionState& state, const KernelRegistry& cpu_kernels)
      : prepared_(std::move(prepared)), state_(state), cpu_kernels_(cpu_kernels) {}

  const PreparedGraph& prepared() const { return prepared_; }
  // Makes the plan for feeds of these shapes, where it is not there yet, and tells of it.
  absl::Status Compile(absl::Span<const Shape> feeds, RunMetadata* metadata);
  absl::Status Run(absl::Span<const Tensor> feeds, std::vector<Tensor>* fetches, const RunOptions& options,
                   RunMetadata* metadata);

 private:
  // The plan for these feeds; compiles it where it is not there yet.
  template <class Fed>
  absl::StatusOr<std::shared_ptr<CachedPlan>> PlanFor(absl::Span<const Fed> feeds);
  absl::Status CheckFeeds(absl::Span<const Tensor> feeds) const;

  const PreparedGraph prepared_;
  SessionState& state_;
  const KernelRegistry& cpu_kernels_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<CachedPlan>> plans_;
  uint64_t clock_ = 0;
};

}  // namespace sluice
