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
};

}  // namespace

void RegisterTraining(KernelRegistry& r) { kernels::AddOptimizers<HostExecutor>(r); }

}  // namespace sluice::cpu
