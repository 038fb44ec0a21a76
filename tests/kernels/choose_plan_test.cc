#include "kernels/gpu/choose_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::gpu {
namespace {

using ::testing::HasSubstr;

// Made-up times: of each candidate one a call, the last again and again; below 0 it fails.
class MadeUpClock {
 public:
  explicit MadeUpClock(std::vector<std::vector<double>> times) : times_(std::move(times)), calls_(times_.size(), 0) {}
  absl::StatusOr<double> operator()(int i) {
    const std::vector<double>& of = times_[i];
    const double time = of[std::min(calls_[i]++, of.size() - 1)];
    if (time < 0) return absl::AbortedError(absl::StrCat("candidate ", i, " breaks"));
    return time;
  }
  int candidates() const { return static_cast<int>(times_.size()); }
  size_t calls(int i) const { return calls_[i]; }

 private:
  const std::vector<std::vector<double>> times_;
  std::vector<size_t> calls_;
};

int Choose(MadeUpClock& clock) {
  auto chosen = ChooseFastest(clock.candidates(), [&](int i) { return clock(i); });
  EXPECT_TRUE(chosen.ok()) << chosen.status();
  return chosen.value_or(-1);
}

TEST(ChooseFastest, TakesTheFastest) {
  MadeUpClock clock({{30}, {12}, {10}, {11}});
  EXPECT_EQ(Choose(clock), 2);
  EXPECT_EQ(clock.calls(0), 1U) << "the hopeless are asked once";
  EXPECT_EQ(clock.calls(1), 4U);
}

TEST(ChooseFastest, ADisturbedMeasurementDoesNotCount) {
  MadeUpClock clock({{12}, {17, 40, 10, 35}});
  EXPECT_EQ(Choose(clock), 1);
}

TEST(ChooseFastest, OfEqualsTheOneThatTheLibraryPrefers) {
  MadeUpClock clock({{10}, {10}, {10}});
  EXPECT_EQ(Choose(clock), 0);
}

TEST(ChooseFastest, WhatFailsIsOut) {
  MadeUpClock clock({{-1}, {20}, {10, -1}});
  EXPECT_EQ(Choose(clock), 1);
  EXPECT_EQ(clock.calls(0), 1U);
  MadeUpClock broken({{-1}, {-1}});
  auto chosen = ChooseFastest(2, [&](int i) { return broken(i); });
  EXPECT_EQ(chosen.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(chosen.status().message()), HasSubstr("candidate 0 breaks"));
  EXPECT_FALSE(ChooseFastest(0, [](int) { return absl::StatusOr<double>(1); }).ok());
}

}  // namespace
}  // namespace sluice::gpu
