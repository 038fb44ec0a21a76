// Weights and pictures that are functions of a name and an index, as tests/conformance/networks.py has them.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"

#include "core/tensor.h"

namespace sluice::testing {

// Number `index` of those called `name`, in [0, 1).
class FixedValues {
 public:
  explicit FixedValues(const std::string& name) {
    for (unsigned char byte : name) seed_ = (seed_ ^ byte) * 16777619U;
  }
  float operator()(uint32_t index) const {
    uint32_t x = (index + seed_) * 2654435761U;
    x = (x ^ (x >> 16)) * 0x85EBCA6BU;
    x = (x ^ (x >> 13)) * 0xC2B2AE35U;
    x ^= x >> 16;
    return static_cast<float>(x >> 8) * 0x1p-24F;
  }

 private:
  uint32_t seed_ = 2166136261U;
};

inline Tensor FixedTensor(const std::string& name, const Shape& shape, float low, float high) {
  Tensor t(DataType::kFloat, shape);
  FixedValues values(name);
  for (int64_t i = 0; i < t.num_elements(); ++i) {
    t.data<float>()[i] = low + (high - low) * values(static_cast<uint32_t>(i));
  }
  return t;
}

// The value of a network's variable.
inline Tensor FixedVariable(const std::string& name, const Shape& shape) {
  if (absl::EndsWith(name, "bn2/gamma") || absl::EndsWith(name, "bn3/gamma")) {
    return FixedTensor(name, shape, 0.05F, 0.15F);
  }
  if (absl::EndsWith(name, "gamma") || absl::EndsWith(name, "moving_variance")) {
    return FixedTensor(name, shape, 0.5F, 1.5F);
  }
  if (shape.rank() < 2) return FixedTensor(name, shape, -0.1F, 0.1F);
  int64_t inputs = absl::StrContains(name, "depthwise") ? shape.dim(0) * shape.dim(1)
                                                        : shape.num_elements() / shape.dim(shape.rank() - 1);
  float limit = std::sqrt(6.0F / static_cast<float>(inputs));
  return FixedTensor(name, shape, -limit, limit);
}

inline Tensor FixedPictures(const Shape& shape) { return FixedTensor("images", shape, 0, 1); }

}  // namespace sluice::testing
