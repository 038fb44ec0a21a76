// Random numbers for one example of a data set.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace sluice {

// A function of (seed, epoch, example) alone, so that what an example looks like does not depend on which thread makes
// it, or on what was made before. SplitMix64 (Steele, Lea and Flood 2014), which passes BigCrush.
class ExampleRandom {
 public:
  ExampleRandom(uint64_t seed, int64_t epoch, int64_t example)
      : state_(Mix(Mix(Mix(seed) + static_cast<uint64_t>(epoch)) + static_cast<uint64_t>(example))) {}

  uint64_t Next() {
    state_ += kStep;
    return Mix(state_);
  }
  // From 0 to n - 1. REQUIRES: n > 0.
  int64_t Below(int64_t n) {
    return static_cast<int64_t>(static_cast<unsigned __int128>(Next()) * static_cast<uint64_t>(n) >> 64);
  }
  // From `low` on, under `high`.
  double Uniform(double low, double high) { return low + (high - low) * static_cast<double>(Next() >> 11) * 0x1p-53; }
  bool Coin() { return (Next() >> 63) != 0; }
  // With mean 0 and deviation 1 (Box and Muller).
  double Normal() {
    const double radius = std::sqrt(-2 * std::log(1 - Uniform(0, 1)));
    return radius * std::cos(2 * std::numbers::pi * Uniform(0, 1));
  }

 private:
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

}  // namespace sluice
