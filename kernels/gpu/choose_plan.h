// Which of several ways to compute something is the fastest on the device at hand: what --autotune asks.
#pragma once

#include <algorithm>
#include <vector>

#include "core/status.h"

namespace sluice::gpu {

// Calls time(i), microseconds that candidate i takes, in rounds: one for everybody, which also warms up; then `kRounds` more
// for those that are not hopeless. Of each the fastest time counts, since other work only makes things slower. A candidate
// that fails is out. Equal times are the earlier one's, which the library's heuristics prefer. Unimplemented, with the first
// failure's message, where all fail.
template <class Time>
absl::StatusOr<int> ChooseFastest(int candidates, const Time& time) {
  constexpr int kRounds = 3;
  constexpr double kHopeless = 1.5;          // times the best of the round before
  std::vector<double> best(candidates, -1);  // below 0: out
  absl::Status first_failure;
  auto measure = [&](int i) {
    absl::StatusOr<double> microseconds = time(i);
    if (!microseconds.ok()) {
      best[i] = -1;
      first_failure.Update(microseconds.status());
    } else {
      best[i] = best[i] < 0 ? *microseconds : std::min(best[i], *microseconds);
    }
  };
  auto fastest = [&] {
    int chosen = -1;
    for (int i = 0; i < candidates; ++i) {
      if (best[i] >= 0 && (chosen < 0 || best[i] < best[chosen])) chosen = i;
    }
    return chosen;
  };
  for (int i = 0; i < candidates; ++i) measure(i);
  for (int round = 0; round < kRounds; ++round) {
    const int leader = fastest();
    if (leader < 0) break;
    const double limit = best[leader] * kHopeless;
    for (int i = 0; i < candidates; ++i) {
      if (best[i] >= 0 && best[i] <= limit) measure(i);
    }
  }
  const int chosen = fastest();
  if (chosen >= 0) return chosen;
  return absl::UnimplementedError(absl::StrCat("none of ", candidates, " candidates runs: ", first_failure.message()));
}

}  // namespace sluice::gpu
