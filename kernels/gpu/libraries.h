// The kernels that call cuDNN and cuBLAS, and what they share on a device.
#pragma once

#include <memory>

#include "core/kernel_registry.h"
#include "kernels/gpu/cudnn_plans.h"

namespace sluice::gpu {

struct Libraries {
  std::shared_ptr<DnnPlanCache> plans;
  bool tf32 = true;  // float may be rounded to TF32 within products
};

struct LibraryRegistrar {
  KernelRegistry& kernels;
  const Libraries& libraries;
};

// Defined by the build, out of every Register… function of the files that call libraries.
void RegisterAllLibraryKernels(LibraryRegistrar& registry);

}  // namespace sluice::gpu
