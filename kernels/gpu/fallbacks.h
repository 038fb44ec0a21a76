// What cuDNN refuses to do in one plan, and what a kernel does instead: the one place to look. A test compiles every
// network for every GPU model that is known, and fails for a refusal that no row speaks of and for a row without one.
#pragma once

#include <vector>

namespace sluice::gpu {

struct Fallback {
  const char* what;     // a part of ConvSignature::ToString
  const char* instead;  // how it is done
};

// cuDNN 9.19 refuses nothing of what the networks ask for.
inline std::vector<Fallback> Fallbacks() { return {}; }

}  // namespace sluice::gpu
