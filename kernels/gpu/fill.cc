#include "ops/fill.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/elements.h"
#include "kernels/functors/cast.h"
#include "kernels/gpu/launch.h"
#include "kernels/gpu/types.h"

namespace sluice::gpu {
namespace {

// Sets n elements to *value, which is in the device's memory.
using FillFn = absl::Status (*)(RunContext& ctx, const void* value, void* y, int64_t n);

template <class T>
absl::Status RunFill(RunContext& ctx, const void* value, void* y, int64_t n) {
  const T* from = static_cast<const T*>(value);
  T* to = static_cast<T*>(y);
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) { to[i] = *from; });
}
template <class T>
absl::Status RunOnes(RunContext& ctx, const void*, void* y, int64_t n) {
  T* to = static_cast<T*>(y);
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) { to[i] = functors::Cast<T>(1); });
}

class FillKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    cpu::VisitStorage(ctx.inputs[1].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (std::is_trivially_copyable_v<T>) fill_ = RunFill<T>;
    });
    n_ = ctx.outputs[0].shape.num_elements();
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return fill_(ctx, ctx.input(1), ctx.output(0), n_); }

 private:
  FillFn fill_ = nullptr;
  int64_t n_ = 0;
};

class ZerosLikeKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    bytes_ = static_cast<size_t>(ctx.outputs[0].shape.num_elements()) * DataTypeSize(ctx.outputs[0].dtype);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return ClearBytes(ctx, ctx.output(0), bytes_); }

 private:
  size_t bytes_ = 0;
};

class OnesLikeKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    VisitBasicOrHalfType(ctx.outputs[0].dtype, [&]<class T>(TypeTag<T>) { fill_ = RunOnes<T>; });
    n_ = ctx.outputs[0].shape.num_elements();
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return fill_(ctx, nullptr, ctx.output(0), n_); }

 private:
  FillFn fill_ = nullptr;
  int64_t n_ = 0;
};

}  // namespace

void RegisterFill(KernelRegistry& r) {
  r.Add<FillKernel>("Fill").Types("T", PlainTypes()).HostInputs({0});
  r.Add<ZerosLikeKernel>("ZerosLike").Types("T", PlainTypes());
  r.Add<OnesLikeKernel>("OnesLike")
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8,
                   DataType::kBool, DataType::kHalf, DataType::kBfloat16});
}

}  // namespace sluice::gpu
