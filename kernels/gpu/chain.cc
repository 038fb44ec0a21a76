// A chain of elementwise ops in one launch: each thread interprets the steps for its element, so that what lies between them
// stays in registers and the first-level cache.
#include "kernels/gpu/index_space.h"
#include "kernels/gpu/launch.h"
#include "kernels/shared/chain_kernel.h"

namespace sluice::gpu {
namespace {

template <class T>
struct ChainElement {
  functors::ChainProgram program;
  int rank = 0;
  Divisor dims[kMostChainRank];
  int64_t strides[kMostChainInputs][kMostChainRank] = {};
  const T* inputs[kMostChainInputs] = {};
  T* output = nullptr;

  SLUICE_HOST_DEVICE void operator()(int64_t i) const {
    int64_t offsets[kMostChainInputs] = {};
    int64_t rest = i;
    for (int d = rank - 1; d >= 0; --d) {
      const int64_t above = dims[d].Divide(rest);
      const int64_t index = rest - above * dims[d].by();
      for (int k = 0; k < kMostChainInputs; ++k) offsets[k] += index * strides[k][d];
      rest = above;
    }
    T values[functors::kMostChainValues];
    for (int k = 0; k < kMostChainInputs; ++k) {
      values[k] = k < program.num_inputs ? inputs[k][offsets[k]] : T{0};
    }
    output[i] = program.Run(values);
  }
};

struct DeviceChainExecutor {
  template <class T>
  static absl::Status Run(RunContext& ctx, const functors::ChainProgram& program, const kernels::ChainSpace& space,
                          int /*threads*/) {
    ChainElement<T> element;
    element.program = program;
    element.rank = space.rank();
    for (int d = 0; d < space.rank(); ++d) {
      element.dims[d] = Divisor(space.dims[d] > 0 ? space.dims[d] : 1);
      for (int k = 0; k < kMostChainInputs; ++k) element.strides[k][d] = space.strides[k][d];
    }
    for (int k = 0; k < program.num_inputs; ++k) element.inputs[k] = ctx.input<T>(k);
    element.output = ctx.output<T>(0);
    return Launch(ctx, space.size(), element);
  }
};

}  // namespace

void RegisterChain(KernelRegistry& r) { kernels::AddChain<DeviceChainExecutor>(r); }

}  // namespace sluice::gpu
