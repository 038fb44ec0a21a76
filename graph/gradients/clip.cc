#include "graph/builders.h"
#include "graph/gradients.h"
#include "graph/gradients/helpers.h"

namespace sluice {
namespace {

// To the bound that was taken, else to t.
absl::Status ClipByValueGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  Endpoint g = s.Dense(dy[0]), t = s.x(0), low = s.x(1), high = s.x(2), zero = ScalarLike(s, t, 0.0);
  Endpoint is_low = ops::Less(s.scope, t, low), is_high = ops::Greater(s.scope, t, high);
  Endpoint clipped = ops::LogicalOr(s.scope, is_low, is_high);
  dx.push_back(ops::SelectV2(s.scope, clipped, zero, g));
  for (auto [bound, is_bound] : {std::pair(low, is_low), std::pair(high, is_high)}) {
    std::vector<Grad> sums;
    AppendBroadcastSums(s, t, bound, g, ops::SelectV2(s.scope, is_bound, g, zero), sums);
    dx.push_back(sums[1]);
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterClip(GradientRegistry& r) { r.Add("ClipByValue", ClipByValueGradient); }

}  // namespace sluice
