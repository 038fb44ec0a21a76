#include "runtime/memory_plan.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>

#include "core/allocator.h"

namespace sluice {
namespace {

constexpr size_t kManyLifetimes = 2048;

size_t Aligned(size_t bytes) { return (bytes + kTensorAlignment - 1) / kTensorAlignment * kTensorAlignment; }

MemoryPlan PlanLargestFirst(absl::Span<const Lifetime> lifetimes) {
  MemoryPlan plan{std::vector<size_t>(lifetimes.size()), 0};
  std::vector<size_t> by_size(lifetimes.size());
  std::iota(by_size.begin(), by_size.end(), 0);
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
  std::vector<size_t> placed;  // sorted by offset
  for (size_t i : by_size) {
    size_t bytes = Aligned(lifetimes[i].bytes);
    size_t offset = 0;
    for (size_t other : placed) {
      if (lifetimes[other].end < lifetimes[i].begin || lifetimes[i].end < lifetimes[other].begin) continue;
      if (plan.offsets[other] >= offset + bytes) break;
      offset = std::max(offset, plan.offsets[other] + Aligned(lifetimes[other].bytes));
    }
    plan.offsets[i] = offset;
    plan.total_bytes = std::max(plan.total_bytes, offset + bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), offset,
                                   [&](size_t at, size_t p) { return at < plan.offsets[p]; }),
                  i);
  }
  return plan;
}

// A first-fit allocator played through in the order of begins.
MemoryPlan PlanInOrder(absl::Span<const Lifetime> lifetimes) {
  MemoryPlan plan{std::vector<size_t>(lifetimes.size()), 0};
  std::vector<size_t> by_begin(lifetimes.size());
  std::iota(by_begin.begin(), by_begin.end(), 0);
  std::stable_sort(by_begin.begin(), by_begin.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].begin < lifetimes[b].begin; });
  std::map<size_t, size_t> free;  // offset -> bytes
  using Ending = std::pair<int, size_t>;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> ending;
  auto release = [&](size_t offset, size_t bytes) {
    auto next = free.lower_bound(offset);
    if (next != free.end() && next->first == offset + bytes) {
      bytes += next->second;
      next = free.erase(next);
    }
    if (next != free.begin()) {
      auto previous = std::prev(next);
      if (previous->first + previous->second == offset) {
        previous->second += bytes;
        return;
      }
    }
    free.emplace(offset, bytes);
  };
  for (size_t i : by_begin) {
    while (!ending.empty() && ending.top().first < lifetimes[i].begin) {
      size_t done = ending.top().second;
      ending.pop();
      release(plan.offsets[done], Aligned(lifetimes[done].bytes));
    }
    size_t bytes = Aligned(lifetimes[i].bytes);
    auto fit = std::find_if(free.begin(), free.end(), [&](const auto& block) { return block.second >= bytes; });
    if (fit == free.end()) {
      plan.offsets[i] = plan.total_bytes;
      plan.total_bytes += bytes;
    } else {
      plan.offsets[i] = fit->first;
      size_t rest = fit->second - bytes;
      free.erase(fit);
      if (rest > 0) free.emplace(plan.offsets[i] + bytes, rest);
    }
    if (bytes > 0) ending.emplace(lifetimes[i].end, i);
  }
  return plan;
}

}  // namespace

bool IsMemoryPlan(absl::Span<const Lifetime> lifetimes, const MemoryPlan& plan) {
  if (plan.offsets.size() != lifetimes.size()) return false;
  std::vector<size_t> by_begin;
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    if (lifetimes[i].bytes == 0) continue;
    if (plan.offsets[i] % kTensorAlignment != 0 || plan.offsets[i] > plan.total_bytes ||
        lifetimes[i].bytes > plan.total_bytes - plan.offsets[i]) {
      return false;
    }
    by_begin.push_back(i);
  }
  std::stable_sort(by_begin.begin(), by_begin.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].begin < lifetimes[b].begin; });
  std::map<size_t, size_t> living;  // offset -> end of what lies there
  using Ending = std::pair<int, size_t>;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> ending;
  for (size_t i : by_begin) {
    for (; !ending.empty() && ending.top().first < lifetimes[i].begin; ending.pop()) {
      living.erase(plan.offsets[ending.top().second]);
    }
    const size_t begin = plan.offsets[i], end = begin + lifetimes[i].bytes;
    auto next = living.lower_bound(begin);
    if (next != living.end() && next->first < end) return false;
    if (next != living.begin() && std::prev(next)->second > begin) return false;
    living.emplace(begin, end);
    ending.emplace(lifetimes[i].end, i);
  }
  return true;
}

MemoryPlan PlanMemory(absl::Span<const Lifetime> lifetimes) {
  return lifetimes.size() > kManyLifetimes ? PlanInOrder(lifetimes) : PlanLargestFirst(lifetimes);
}

}  // namespace sluice
