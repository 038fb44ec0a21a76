// How a variable gets its first value.
#pragma once

#include <cstdint>

#include "core/api.h"

namespace SLUICE_API sluice {

struct Initializer {
  enum Kind {
    kConstant,         // `scale` everywhere
    kNormal,           // N(0, scale²)
    kTruncatedNormal,  // the same, drawn again beyond two deviations
    kUniform,          // [-scale, scale)
    kGlorot,           // uniform, its range from the numbers of inputs and outputs of a unit, times `scale`
    kHe,               // normal, its deviation from the number of inputs, times `scale`
  };
  Kind kind = kConstant;
  float scale = 0;

  static Initializer Constant(float value) { return {kConstant, value}; }
  static Initializer Normal(float deviation) { return {kNormal, deviation}; }
  static Initializer TruncatedNormal(float deviation) { return {kTruncatedNormal, deviation}; }
  static Initializer Uniform(float range) { return {kUniform, range}; }
  // Glorot and Bengio 2010, equation 16: keeps the variance of activations and gradients through linear layers.
  static Initializer Glorot() { return {kGlorot, 1}; }
  // He et al. 2015 (Delving Deep into Rectifiers), equation 10: the same through rectified layers.
  static Initializer He() { return {kHe, 1}; }

  // With what depends on the unit's connections decided: one of the first four kinds.
  Initializer For(int64_t inputs, int64_t outputs) const;
};

}  // namespace sluice
