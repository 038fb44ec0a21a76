// The simulated devices compute with the host's CPU kernels, or where there are some with the GPU's as they are compiled for
// the host, on the threads of their streams.
#pragma once

#include <memory>

#include "core/kernel_registry.h"
#include "plugins/simulated/stream.h"

namespace sluice::simulated {

// Adds to `registry` a kernel for each of `device->gpu_kernels` and of `cpu`'s, except those that work on files and on tensors of strings. Both
// `cpu` and `device` outlive what the registry makes.
void AddKernels(const KernelRegistry& cpu, const std::shared_ptr<DeviceState>& device, KernelRegistry& registry);

}  // namespace sluice::simulated
