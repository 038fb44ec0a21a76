// The optimisers' updates on a device: one pass over memory for each variable, or one launch for many.
#include "kernels/gpu/launch.h"
#include "kernels/shared/optimizer_kernels.h"

namespace sluice::gpu {
namespace {

template <functors::UpdateLoop kLoop>
struct UpdateElement {
  functors::UpdateArguments in;
  SLUICE_HOST_DEVICE void operator()(int64_t i) const { kLoop(in, i, i + 1); }
};

template <functors::UpdateLoop kLoop>
struct UpdateTableElement {
  functors::UpdateTable table;
  SLUICE_HOST_DEVICE void operator()(int64_t i) const {
    int update = 0;
    while (i >= table.ends[update]) ++update;
    const int64_t at = i - table.BeginOf(update);
    kLoop(table.Of(update), at, at + 1);
  }
};

struct DeviceExecutor {
  template <functors::UpdateLoop kLoop>
  static absl::Status Run(RunContext& ctx, const functors::UpdateArguments& in, int64_t n, int) {
    return Launch(ctx, n, UpdateElement<kLoop>{in});
  }
  template <functors::UpdateLoop kLoop>
  static absl::Status RunGroup(RunContext& ctx, const functors::UpdateTable& table, int) {
    return Launch(ctx, table.ends[table.count - 1], UpdateTableElement<kLoop>{table});
  }
};

}  // namespace

void RegisterTraining(KernelRegistry& r) { kernels::AddOptimizers<DeviceExecutor>(r); }

}  // namespace sluice::gpu
