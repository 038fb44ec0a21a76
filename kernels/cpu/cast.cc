#include "kernels/functors/cast.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/elements.h"
#include "kernels/cpu/elementwise.h"

namespace sluice::cpu {
namespace {

template <class From, class To>
void CastLoop(const void* x, void* y, int64_t n) {
  const From* in = static_cast<const From*>(x);
  To* out = static_cast<To*>(y);
  SLUICE_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) out[i] = functors::Cast<To>(in[i]);
}

class CastKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType from = ctx.inputs[0].dtype, to = ctx.outputs[0].dtype;
    from_size_ = static_cast<int64_t>(DataTypeSize(from));
    to_size_ = static_cast<int64_t>(DataTypeSize(to));
    n_ = ctx.inputs[0].shape.num_elements();
    threads_ = ctx.threads;
    fn_ = nullptr;
    copy_ = nullptr;
    if (from == to) {
      copy_ = FindCopy(from);
      ctx.Alias(0, 0);
      return absl::OkStatus();
    }
    VisitBasicOrHalfType(from, [&]<class From>(TypeTag<From>) {
      VisitBasicOrHalfType(to, [&]<class To>(TypeTag<To>) { fn_ = &CastLoop<From, To>; });
    });
    if (fn_ != nullptr) return absl::OkStatus();
    return absl::UnimplementedError(absl::StrCat("no CPU kernel from ", DataTypeName(from), " to ", DataTypeName(to)));
  }
  absl::Status Run(RunContext& ctx) const override {
    const char* x = ctx.input<char>(0);
    char* y = ctx.output<char>(0);
    if (copy_ != nullptr) {
      if (x != y) copy_(x, y, n_, threads_);
    } else {
      ParallelFor(threads_, n_, kCheapGrain,
                  [&](int64_t begin, int64_t end) { fn_(x + begin * from_size_, y + begin * to_size_, end - begin); });
    }
    return absl::OkStatus();
  }

 private:
  UnaryFn fn_ = nullptr;
  CopyFn copy_ = nullptr;
  int64_t n_ = 0, from_size_ = 0, to_size_ = 0;
  int threads_ = 1;
};

}  // namespace

void RegisterCast(KernelRegistry& r) { r.Add<CastKernel>("Cast"); }

}  // namespace sluice::cpu
