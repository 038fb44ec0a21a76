// Everything in kernels/gpu/ that is our own arithmetic; convolutions and matrix products are not there yet.
#pragma once

#include "core/kernel_registry.h"

namespace sluice::gpu {

// Defined by the build, out of every Register… function of this folder.
void RegisterAllKernels(KernelRegistry& registry);

}  // namespace sluice::gpu
