#include "kernels/functors/cast.h"

#include "kernels/gpu/elementwise.h"

namespace sluice::gpu {
namespace {

template <class From, class To>
absl::Status RunCast(RunContext& ctx, const void* x, void* y, int64_t n) {
  const From* in = static_cast<const From*>(x);
  To* out = static_cast<To*>(y);
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) { out[i] = functors::Cast<To>(in[i]); });
}

class CastKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType from = ctx.inputs[0].dtype, to = ctx.outputs[0].dtype;
    n_ = ctx.inputs[0].shape.num_elements();
    bytes_ = static_cast<size_t>(n_) * DataTypeSize(from);
    fn_ = nullptr;
    is_copy_ = from == to;
    if (is_copy_) {
      ctx.Alias(0, 0);
      return absl::OkStatus();
    }
    VisitBasicOrHalfType(from, [&]<class From>(TypeTag<From>) {
      VisitBasicOrHalfType(to, [&]<class To>(TypeTag<To>) { fn_ = &RunCast<From, To>; });
    });
    if (fn_ != nullptr) return absl::OkStatus();
    return absl::UnimplementedError(absl::StrCat("no GPU kernel from ", DataTypeName(from), " to ", DataTypeName(to)));
  }
  absl::Status Run(RunContext& ctx) const override {
    if (is_copy_) return CopyBytes(ctx, ctx.input(0), ctx.output(0), bytes_);
    return fn_(ctx, ctx.input(0), ctx.output(0), n_);
  }

 private:
  UnaryFn fn_ = nullptr;
  bool is_copy_ = false;
  int64_t n_ = 0;
  size_t bytes_ = 0;
};

constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64,
                               DataType::kUint8, DataType::kBool,   DataType::kHalf,  DataType::kBfloat16};

}  // namespace

void RegisterCast(KernelRegistry& r) { r.Add<CastKernel>("Cast").Types("SrcT", kTypes).Types("DstT", kTypes); }

}  // namespace sluice::gpu
