#include "core/kernel_registry.h"
#include "kernels/cpu/elements.h"
#include "kernels/gpu/index_space.h"
#include "kernels/gpu/launch.h"
#include "kernels/gpu/types.h"

namespace sluice::gpu {
namespace {

template <class T>
absl::Status RunBroadcast(RunContext& ctx, const IndexSpace<1>& plan, int64_t n) {
  const T* x = ctx.input<T>(0);
  T* y = ctx.output<T>(0);
  const IndexSpace<1> space = plan;
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) { y[i] = x[space.At(i).of[0]]; });
}

class BroadcastToKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const Shape &input = ctx.inputs[0].shape, &output = ctx.outputs[0].shape;
    SLUICE_ASSIGN_OR_RETURN(space_, BroadcastSpace<1>({&input}, output));
    cpu::VisitStorage(ctx.inputs[0].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (std::is_trivially_copyable_v<T>) run_ = RunBroadcast<T>;
    });
    n_ = output.num_elements();
    if (input.num_elements() == n_) ctx.Alias(0, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return run_(ctx, space_, n_); }

 private:
  IndexSpace<1> space_;
  int64_t n_ = 0;
  absl::Status (*run_)(RunContext&, const IndexSpace<1>&, int64_t) = nullptr;
};

}  // namespace

void RegisterBroadcast(KernelRegistry& r) {
  r.Add<BroadcastToKernel>("BroadcastTo").Types("T", PlainTypes()).HostInputs({1});
}

}  // namespace sluice::gpu
