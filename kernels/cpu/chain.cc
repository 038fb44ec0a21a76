// Chains on the host: simulated devices run them, and tests compare with them. The CPU itself is given none.
#include "core/parallel.h"
#include "kernels/shared/chain_kernel.h"

namespace sluice::cpu {
namespace {

struct HostChainExecutor {
  template <class T>
  static absl::Status Run(RunContext& ctx, const functors::ChainProgram& program, const kernels::ChainSpace& space,
                          int threads) {
    constexpr int64_t kGrain = 1 << 11;
    T* out = ctx.output<T>(0);
    ParallelFor(threads, space.size(), kGrain, [&](int64_t begin, int64_t end) {
      kernels::StridedWalk<kMostChainInputs> walk(space, begin);
      T values[functors::kMostChainValues] = {};
      for (int64_t i = begin; i < end; ++i, walk.Next()) {
        for (int k = 0; k < program.num_inputs; ++k) values[k] = ctx.input<T>(k)[walk.offsets()[k]];
        out[i] = program.Run(values);
      }
    });
    return absl::OkStatus();
  }
};

}  // namespace

void RegisterChain(KernelRegistry& r) { kernels::AddChain<HostChainExecutor>(r); }

}  // namespace sluice::cpu
