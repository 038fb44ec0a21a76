#include "ops/clip.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/functors/binary.h"

namespace sluice::cpu {
namespace {

using functors::MaximumFunctor;
using functors::MinimumFunctor;

// kLow and kHigh are the bounds' steps: 0 for a scalar.
template <class T, int kLow, int kHigh>
void Clip(RunContext& ctx, int threads, int64_t n) {
  const T *t = ctx.input<T>(0), *low = ctx.input<T>(1), *high = ctx.input<T>(2);
  T* out = ctx.output<T>(0);
  ParallelFor(threads, n, kCheapGrain, [&](int64_t begin, int64_t end) {
    SLUICE_INDEPENDENT
    for (int64_t i = begin; i < end; ++i) {
      out[i] = MinimumFunctor::Apply(MaximumFunctor::Apply(t[i], low[i * kLow]), high[i * kHigh]);
    }
  });
}

using ClipFn = void (*)(RunContext&, int threads, int64_t n);

class ClipByValueKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& shape = ctx.outputs[0].shape;
    for (int i = 0; i < 3; ++i) {
      if (ctx.inputs[i].shape == shape || (i > 0 && ctx.inputs[i].shape.rank() == 0)) continue;
      return absl::InvalidArgumentError(absl::StrCat("input ", i, " has shape ", ctx.inputs[i].shape.ToString(),
                                                     ", expected ", shape.ToString(), i > 0 ? " or a scalar" : ""));
    }
    bool low_is_one = ctx.inputs[1].shape.rank() == 0, high_is_one = ctx.inputs[2].shape.rank() == 0;
    VisitBasicType(ctx.outputs[0].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) {
        run_ =
            low_is_one ? (high_is_one ? Clip<T, 0, 0> : Clip<T, 0, 1>) : (high_is_one ? Clip<T, 1, 0> : Clip<T, 1, 1>);
      }
    });
    n_ = shape.num_elements();
    threads_ = ctx.threads;
    ctx.AllowInPlace(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    run_(ctx, threads_, n_);
    return absl::OkStatus();
  }

 private:
  ClipFn run_ = nullptr;
  int64_t n_ = 0;
  int threads_ = 1;
};

}  // namespace

void RegisterClip(KernelRegistry& r) {
  r.Add<ClipByValueKernel>("ClipByValue")
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8});
}

}  // namespace sluice::cpu
