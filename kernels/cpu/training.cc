// The optimisers' updates on the host's threads.
#include "core/parallel.h"
#include "kernels/shared/optimizer_kernels.h"

namespace sluice::cpu {
namespace {

struct HostExecutor {
  template <functors::UpdateLoop kLoop>
  static absl::Status Run(RunContext&, const functors::UpdateArguments& in, int64_t n, int threads) {
    constexpr int64_t kGrain = 1 << 13;
    ParallelFor(threads, n, kGrain, [&](int64_t begin, int64_t end) { kLoop(in, begin, end); });
    return absl::OkStatus();
  }
  template <functors::UpdateLoop kLoop>
  static absl::Status RunGroup(RunContext& ctx, const functors::UpdateTable& table, int threads) {
    for (int u = 0; u < table.count; ++u) {
      SLUICE_RETURN_IF_ERROR(Run<kLoop>(ctx, table.Of(u), table.ends[u] - table.BeginOf(u), threads));
    }
    return absl::OkStatus();
  }
};

}  // namespace

void RegisterTraining(KernelRegistry& r) { kernels::AddOptimizers<HostExecutor>(r); }

}  // namespace sluice::cpu
