// Threads of a device that work on one thing together: a row, the sum of an array.
//
//   LaunchTeams(ctx, rows, RowFunctor{...});
//   struct RowFunctor {
//     SLUICE_HOST_DEVICE void operator()(int64_t row, const Team& team) const {
//       float sum = 0;
//       for (int64_t i = team.rank(); i < n; i += team.size()) sum += x[row * n + i];
//       sum = team.Reduce(sum, Plus{});  // every member gets it
//     }
//   };
//
// Every member has to reach every Reduce. On the host a team is one thread.
#pragma once

#include "kernels/gpu/launch.h"
#if defined(__CUDACC__)
#include <cub/block/block_reduce.cuh>
#endif

namespace sluice::gpu {

struct PlusOp {
  template <class T>
  SLUICE_HOST_DEVICE T operator()(T a, T b) const {
    return a + b;
  }
};
struct LargerOp {
  template <class T>
  SLUICE_HOST_DEVICE T operator()(T a, T b) const {
    return b > a ? b : a;
  }
};

inline constexpr int kTeamSize = 256;

class Team {
 public:
#if defined(__CUDA_ARCH__)
  __device__ int rank() const { return static_cast<int>(threadIdx.x); }
  __device__ int size() const { return kTeamSize; }
  // All members' values combined, in an order that is always the same; every member gets it.
  template <class T, class Op>
  __device__ T Reduce(T value, Op op) const {
    using Block = cub::BlockReduce<T, kTeamSize>;
    __shared__ typename Block::TempStorage storage;
    __shared__ T result;
    const T total = Block(storage).Reduce(value, op);
    if (threadIdx.x == 0) result = total;
    __syncthreads();
    const T answer = result;
    __syncthreads();  // the memory is used again by the next Reduce
    return answer;
  }
  __device__ void Sync() const { __syncthreads(); }
#else
  SLUICE_HOST_DEVICE int rank() const { return 0; }
  SLUICE_HOST_DEVICE int size() const { return 1; }
  template <class T, class Op>
  SLUICE_HOST_DEVICE T Reduce(T value, Op) const {
    return value;
  }
  SLUICE_HOST_DEVICE void Sync() const {}
#endif
};

#if defined(__CUDACC__)

template <class F>
__global__ void __launch_bounds__(kTeamSize) TeamsKernel(int64_t teams, F f) {
  for (int64_t team = blockIdx.x; team < teams; team += gridDim.x) f(team, Team());
}
// Calls f(team, Team) for each of `teams` teams, by every member of it.
template <class F>
absl::Status LaunchTeams(RunContext& ctx, int64_t teams, const F& f) {
  if (teams <= 0) return absl::OkStatus();
  TeamsKernel<<<static_cast<unsigned>(std::min(teams, kMaxBlocks)), kTeamSize, 0, StreamOf(ctx)>>>(teams, f);
  return LaunchStatus();
}

#else

template <class F>
absl::Status LaunchTeams(RunContext&, int64_t teams, const F& f) {
  for (int64_t team = 0; team < teams; ++team) f(team, Team());
  return absl::OkStatus();
}

#endif

}  // namespace sluice::gpu
