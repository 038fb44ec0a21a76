#include "core/kernel_registry.h"
#include "kernels/cpu/elements.h"
#include "kernels/gpu/index_space.h"
#include "kernels/gpu/launch.h"
#include "kernels/gpu/types.h"

namespace sluice::gpu {
namespace {

template <class T>
absl::Status RunSelect(RunContext& ctx, const IndexSpace<3>& plan, int64_t n) {
  const bool* condition = ctx.input<bool>(0);
  const T *then = ctx.input<T>(1), *otherwise = ctx.input<T>(2);
  T* out = ctx.output<T>(0);
  const IndexSpace<3> space = plan;
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const auto at = space.At(i);
    out[i] = condition[at.of[0]] ? then[at.of[1]] : otherwise[at.of[2]];
  });
}

class SelectKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape& output = ctx.outputs[0].shape;
    SLUICE_ASSIGN_OR_RETURN(
        space_, BroadcastSpace<3>({&ctx.inputs[0].shape, &ctx.inputs[1].shape, &ctx.inputs[2].shape}, output));
    cpu::VisitStorage(ctx.inputs[1].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (std::is_trivially_copyable_v<T>) run_ = RunSelect<T>;
    });
    n_ = output.num_elements();
    for (int i = 1; i < 3; ++i) {
      if (ctx.inputs[i].shape == output) ctx.AllowInPlace(i, 0);
    }
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return run_(ctx, space_, n_); }

 private:
  IndexSpace<3> space_;
  int64_t n_ = 0;
  absl::Status (*run_)(RunContext&, const IndexSpace<3>&, int64_t n) = nullptr;
};

}  // namespace

void RegisterSelect(KernelRegistry& r) { r.Add<SelectKernel>("SelectV2").Types("T", PlainTypes()); }

}  // namespace sluice::gpu
