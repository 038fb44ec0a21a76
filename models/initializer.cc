#include "models/initializer.h"

#include <cmath>

namespace sluice {

Initializer Initializer::For(int64_t inputs, int64_t outputs) const {
  if (kind == kGlorot) return Uniform(scale * std::sqrt(6.0f / static_cast<float>(inputs + outputs)));
  if (kind == kHe) return Normal(scale * std::sqrt(2.0f / static_cast<float>(inputs)));
  return *this;
}

}  // namespace sluice
