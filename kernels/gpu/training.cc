// The optimisers' updates on a device: one pass over memory for each variable.
#include "kernels/gpu/launch.h"
#include "kernels/shared/optimizer_kernels.h"

namespace sluice::gpu {
namespace {

template <functors::UpdateLoop kLoop>
struct UpdateElement {
  functors::UpdateArguments in;
  SLUICE_HOST_DEVICE void operator()(int64_t i) const { kLoop(in, i, i + 1); }
};

struct DeviceExecutor {
  template <functors::UpdateLoop kLoop>
  static absl::Status Run(RunContext& ctx, const functors::UpdateArguments& in, int64_t n, int) {
    return Launch(ctx, n, UpdateElement<kLoop>{in});
  }
};

}  // namespace

void RegisterTraining(KernelRegistry& r) { kernels::AddOptimizers<DeviceExecutor>(r); }

}  // namespace sluice::gpu
