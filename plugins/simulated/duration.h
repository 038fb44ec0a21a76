// How long a kernel takes in virtual time.
#pragma once

#include "core/kernel.h"
#include "plugins/simulated/options.h"

namespace sluice::simulated {

// Microseconds, at least one: the arithmetic of a matrix product or convolution (or of its gradients), and for all else
// the bytes that it reads and writes, whichever takes longer.
double KernelMicroseconds(const Options& options, const PrepareContext& ctx);

}  // namespace sluice::simulated
