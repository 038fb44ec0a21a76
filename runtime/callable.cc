#include "runtime/callable.h"

#include <algorithm>
#include <chrono>

namespace sluice {
namespace {

const Shape& ShapeOf(const Tensor& feed) { return feed.shape(); }
const Shape& ShapeOf(const Shape& feed) { return feed; }

template <class Fed>
bool Fits(const Plan& plan, absl::Span<const Fed> feeds) {
  for (size_t i = 0; i < feeds.size(); ++i) {
    if (!(plan.feed_shapes[i] == ShapeOf(feeds[i]))) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Step>> CachedPlan::Lease() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (!free_.empty()) {
      std::unique_ptr<Step> step = std::move(free_.back());
      free_.pop_back();
      ++leased_;
      return step;
    }
    auto step = Step::Create(plan_, state_);
    if (step.ok()) {
      free_.reserve(static_cast<size_t>(leased_) + 1);  // Return allocates nothing
      ++leased_;
      return step;
    }
    if (!absl::IsResourceExhausted(step.status()) || leased_ == 0) return step.status();
    returned_.wait(lock);
  }
}

void CachedPlan::Return(std::unique_ptr<Step> step) {
  {
    std::lock_guard lock(mutex_);
    --leased_;
    free_.push_back(std::move(step));
  }
  returned_.notify_one();
}

absl::Status Callable::CheckFeeds(absl::Span<const Tensor> feeds) const {
  if (feeds.size() != prepared_.feeds.size()) {
    return absl::InvalidArgumentError(absl::StrCat(feeds.size(), " tensors fed, expected ", prepared_.feeds.size()));
  }
  for (size_t i = 0; i < feeds.size(); ++i) {
    DataType expected = prepared_.graph->dtype(prepared_.feeds[i]);
    if (feeds[i].dtype() == expected) continue;
    return absl::InvalidArgumentError(absl::StrCat("feed '", prepared_.graph->NameOf(prepared_.feeds[i]), "' is ",
                                                   DataTypeName(feeds[i].dtype()), feeds[i].shape().ToString(),
                                                   ", expected ", DataTypeName(expected)));
  }
  return absl::OkStatus();
}

template <class Fed>
absl::StatusOr<std::shared_ptr<CachedPlan>> Callable::PlanFor(absl::Span<const Fed> feeds) {
  std::lock_guard lock(mutex_);
  for (auto& cached : plans_) {
    if (!Fits(cached->plan(), feeds)) continue;
    cached->last_used = ++clock_;
    return cached;
  }
  std::vector<DataType> types;
  std::vector<Shape> shapes;
  for (size_t i = 0; i < feeds.size(); ++i) {
    types.push_back(prepared_.graph->dtype(prepared_.feeds[i]));
    shapes.push_back(ShapeOf(feeds[i]));
  }
  SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan,
                          CompilePlan(prepared_, types, shapes, state_, cpu_kernels_));
  auto cached = std::make_shared<CachedPlan>(std::move(plan), state_);
  cached->last_used = ++clock_;
  if (plans_.size() >= static_cast<size_t>(std::max(1, state_.options().max_cached_plans))) {
    plans_.erase(std::min_element(plans_.begin(), plans_.end(),
                                  [](const auto& a, const auto& b) { return a->last_used < b->last_used; }));
  }
  plans_.push_back(cached);
  return cached;
}

absl::Status Callable::Compile(absl::Span<const Shape> feeds, RunMetadata* metadata) {
  if (feeds.size() != prepared_.feeds.size()) {
    return absl::InvalidArgumentError(absl::StrCat(feeds.size(), " shapes, expected ", prepared_.feeds.size()));
  }
  const auto begin = std::chrono::steady_clock::now();
  SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<CachedPlan> cached, PlanFor(feeds));
  if (metadata == nullptr) return absl::OkStatus();
  metadata->compile_us =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
  metadata->arena_bytes = 0;
  for (const Program& part : cached->plan().parts) metadata->arena_bytes += static_cast<int64_t>(part.arena_bytes);
  return absl::OkStatus();
}

absl::Status Callable::Run(absl::Span<const Tensor> feeds, std::vector<Tensor>* fetches, const RunOptions& options,
                           RunMetadata* metadata) {
  SLUICE_RETURN_IF_ERROR(CheckFeeds(feeds));
  const auto begin = std::chrono::steady_clock::now();
  SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<CachedPlan> cached, PlanFor(feeds));
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<Step> step, cached->Lease());
  if (metadata != nullptr) {
    metadata->compile_us =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
  }
  absl::Status status = step->Run(feeds, fetches, options, metadata);
  cached->Return(std::move(step));
  return status;
}

}  // namespace sluice
