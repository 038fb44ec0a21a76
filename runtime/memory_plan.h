// Lays tensors out in one arena by their lifetimes.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace sluice {

// Memory that is needed from instruction `begin` to instruction `end`, both included.
struct Lifetime {
  size_t bytes = 0;
  int begin = 0;
  int end = 0;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  // one for each lifetime, multiples of kTensorAlignment
  size_t total_bytes = 0;
};

// Two lifetimes that share an instruction do not share a byte. Larger ones are placed first, each at the
// lowest offset that is free all its life; with very many lifetimes in the order of their begins instead,
// which is faster.
MemoryPlan PlanMemory(absl::Span<const Lifetime> lifetimes);

// Whether the plan, which may come from anywhere, is one for these lifetimes: everything lies within the arena, and nothing
// over something else that is needed at the same time.
bool IsMemoryPlan(absl::Span<const Lifetime> lifetimes, const MemoryPlan& plan);

}  // namespace sluice
