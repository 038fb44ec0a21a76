// Training in half precision (Micikevicius et al. 2018, Mixed Precision Training).
//
// Variables, the optimiser's slots, batch statistics, losses and what leads to the updates stay float. Convolutions and
// matrix products are computed in half or bfloat16, and so is what lies between them, as the lists below say; variables
// are cast where they are used. So that small gradients do not vanish in half, the loss is multiplied by a scale before
// it is differentiated, and the gradients are divided by it. The scale doubles after some steps without an overflow; in
// a step with one it halves and nothing else changes.
#pragma once

#include <optional>

#include "models/training_optimizer.h"

namespace SLUICE_API sluice {

struct MixedPrecision {
  DataType type = DataType::kFloat;  // kHalf or kBfloat16; kFloat: everything is float
  // What the loss's scale is to begin with; 0: there is none. Not said: 65536 for kHalf, none for kBfloat16, whose
  // exponents are float's.
  std::optional<float> loss_scale;
  int32_t growth_steps = 2000;  // steps without an overflow after which the scale doubles

  float initial_scale() const { return loss_scale.value_or(type == DataType::kHalf ? 65536.0F : 0.0F); }
};

// "float", "bf16" or "f16" (bfloat16, float16 and half too) into the type; InvalidArgument listing them for another name.
absl::StatusOr<DataType> ParsePrecision(absl::string_view name);

// Whether a node computes in half precision: always (convolutions, matrix products), where one of its inputs is of half
// precision (what moves or compares elements, adds few of them, or has statistics of its own in float), or never
// (everything else: exponentials, long sums, losses).
enum class PrecisionRule { kAlways, kFollows, kNever };
PrecisionRule PrecisionRuleOf(const Node& node);

namespace training {
inline constexpr const char* kLossScale = "loss_scale";             // variable: float
inline constexpr const char* kGoodSteps = "loss_scale/good_steps";  // variable: int32, since the scale last changed
inline constexpr const char* kScaledLoss = "loss_scale/scaled_loss";
}  // namespace training

// The nodes of a loss scale. Both variables are on `device` (empty: none is written).
class LossScale {
 public:
  // REQUIRES: precision.initial_scale() > 0.
  LossScale(Network& network, const MixedPrecision& precision, const std::string& device);

  // What is to be differentiated in the loss's place.
  Endpoint Scaled(Endpoint loss);
  // Divides by the scale, in place; where the gradients are not finite (the sum of their squares in float), all become
  // 0. Returns whether they are: a bool scalar.
  Endpoint Unscale(const std::vector<NetworkVariable>& variables, std::vector<Endpoint>& gradients);
  // Adds the scale's own update to the step.
  void AddUpdate(Endpoint is_finite, OptimizerNodes& nodes);

 private:
  Network& network_;
  const MixedPrecision precision_;
  Scope scope_;
  OptimizerSlot scale_variable_, good_steps_variable_;
  Endpoint scale_;
};

}  // namespace sluice
