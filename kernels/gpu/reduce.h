// Reductions on a device: of rows by a team each, of columns by a thread each, in an order that depends on the shapes
// alone.
#pragma once

#include "kernels/functors/reduce.h"
#include "kernels/gpu/index_space.h"
#include "kernels/gpu/team.h"
#include "kernels/shared/reduce_plan.h"

namespace sluice::gpu {

// kernels::ReducePlan as plain values that a device's kernel takes by value, and how the work is dealt out.
struct ReduceSpace {
  int64_t outputs = 1, count = 1;
  bool inner_reduced = true;
  int64_t parts = 1;  // into which the elements of an output are dealt, where there are few outputs
  IndexSpace<1> kept, reduced;

  static ReduceSpace Create(const Shape& input, const std::vector<bool>& is_reduced) {
    const auto shared = kernels::ReducePlan::Create(input, is_reduced);
    ReduceSpace plan{.outputs = shared.outputs,
                     .count = shared.count,
                     .inner_reduced = shared.inner_reduced,
                     .kept = IndexSpace<1>(shared.kept),
                     .reduced = IndexSpace<1>(shared.reduced)};
    // Enough work for the device: teams of 256 threads, or threads. A part has 32 elements for each of its threads.
    const int64_t wanted = plan.inner_reduced ? 512 : int64_t{1} << 17;
    const int64_t least = 32 * (plan.inner_reduced ? kTeamSize : 1);
    const int64_t most = std::max<int64_t>(plan.count / least, 1);
    plan.parts = std::clamp<int64_t>(wanted / std::max<int64_t>(plan.outputs, 1), 1, std::min<int64_t>(most, 1024));
    return plan;
  }
  size_t scratch_bytes() const { return parts > 1 ? static_cast<size_t>(parts * outputs) * sizeof(double) : 0; }
};

// Elements as they are, for Sum, Mean and Max.
struct LoadElement {
  template <class Total, class T>
  SLUICE_HOST_DEVICE static Total Of(T x) {
    return static_cast<Total>(x);
  }
};
// For L2Loss.
struct LoadSquare {
  template <class Total, class T>
  SLUICE_HOST_DEVICE static Total Of(T x) {
    return static_cast<Total>(x) * static_cast<Total>(x);
  }
};

template <class R>
struct CombineOp {
  template <class T>
  SLUICE_HOST_DEVICE T operator()(T a, T b) const {
    return R::Combine(a, b);
  }
};

// Where a part's total goes: into the output where it is the only one.
template <class R, class T>
struct ReduceOutput {
  using Total = typename R::template Total<T>;
  T* y;
  Total* partial;
  int64_t parts, outputs, count;
  SLUICE_HOST_DEVICE void Store(int64_t output, int64_t part, Total total) const {
    if (parts > 1) {
      partial[part * outputs + output] = total;
    } else {
      y[output] = R::template Finish<T>(total, count);
    }
  }
};

template <class R, class T, class Load>
struct ReduceRowPart {
  using Total = typename R::template Total<T>;
  const T* x;
  ReduceOutput<R, T> out;
  IndexSpace<1> kept, reduced;
  SLUICE_HOST_DEVICE void operator()(int64_t unit, const Team& team) const {
    const int64_t output = unit / out.parts, part = unit % out.parts;
    const int64_t end = out.count * (part + 1) / out.parts, at = kept.At(output).of[0];
    Total total = R::template kStart<Total>;
    for (int64_t i = out.count * part / out.parts + team.rank(); i < end; i += team.size()) {
      total = R::Combine(total, Load::template Of<Total>(x[at + reduced.At(i).of[0]]));
    }
    total = team.Reduce(total, CombineOp<R>());
    if (team.rank() == 0) out.Store(output, part, total);
  }
};

template <class R, class T, class Load>
struct ReduceColumnPart {
  using Total = typename R::template Total<T>;
  const T* x;
  ReduceOutput<R, T> out;
  IndexSpace<1> kept, reduced;
  SLUICE_HOST_DEVICE void operator()(int64_t unit) const {
    const int64_t output = unit % out.outputs, part = unit / out.outputs;
    const int64_t end = out.count * (part + 1) / out.parts, at = kept.At(output).of[0];
    Total total = R::template kStart<Total>;
    for (int64_t i = out.count * part / out.parts; i < end; ++i) {
      total = R::Combine(total, Load::template Of<Total>(x[at + reduced.At(i).of[0]]));
    }
    out.Store(output, part, total);
  }
};

template <class R, class T>
struct FinishParts {
  ReduceOutput<R, T> out;
  SLUICE_HOST_DEVICE void operator()(int64_t output) const {
    auto total = out.partial[output];
    for (int64_t part = 1; part < out.parts; ++part) {
      total = R::Combine(total, out.partial[part * out.outputs + output]);
    }
    out.y[output] = R::template Finish<T>(total, out.count);
  }
};

// `scratch` has plan.scratch_bytes().
template <class R, class T, class Load = LoadElement>
absl::Status Reduce(RunContext& ctx, const ReduceSpace& plan, const void* x, void* y, void* scratch) {
  using Total = typename R::template Total<T>;
  const ReduceOutput<R, T> out{static_cast<T*>(y), static_cast<Total*>(scratch), plan.parts, plan.outputs, plan.count};
  const T* in = static_cast<const T*>(x);
  const int64_t units = plan.parts * plan.outputs;
  if (plan.inner_reduced) {
    SLUICE_RETURN_IF_ERROR(LaunchTeams(ctx, units, ReduceRowPart<R, T, Load>{in, out, plan.kept, plan.reduced}));
  } else {
    SLUICE_RETURN_IF_ERROR(Launch(ctx, units, ReduceColumnPart<R, T, Load>{in, out, plan.kept, plan.reduced}));
  }
  return plan.parts > 1 ? Launch(ctx, plan.outputs, FinishParts<R, T>{out}) : absl::OkStatus();
}

}  // namespace sluice::gpu
