#include "ops/fill.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/elements.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/functors/arithmetic.h"
#include "kernels/functors/cast.h"

namespace sluice::cpu {
namespace {

// Sets n elements to *value.
using FillFn = void (*)(const void* value, void* y, int64_t n, int threads);

template <class T>
void FillWith(const void* value, void* y, int64_t n, int threads) {
  ParallelFor(threads, n, 4 * kCheapGrain, [&](int64_t begin, int64_t end) {
    std::fill(static_cast<T*>(y) + begin, static_cast<T*>(y) + end, *static_cast<const T*>(value));
  });
}

FillFn FindFill(DataType dtype) {
  FillFn fn = nullptr;
  VisitStorage(dtype, [&]<class T>(TypeTag<T>) { fn = &FillWith<T>; });
  return fn;
}

class FillKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    fill_ = FindFill(ctx.inputs[1].dtype);
    if (fill_ == nullptr) return absl::InvalidArgumentError("the value has no dtype");
    n_ = ctx.outputs[0].shape.num_elements();
    threads_ = ctx.threads;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    fill_(ctx.input(1), ctx.output(0), n_, threads_);
    return absl::OkStatus();
  }

 private:
  FillFn fill_ = nullptr;
  int64_t n_ = 0;
  int threads_ = 1;
};

// ZerosLike and OnesLike.
class LikeKernel : public Kernel {
 public:
  explicit LikeKernel(int value) : number_(value) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType dtype = ctx.outputs[0].dtype;
    if (number_ == 0 && (IsTrivial(dtype) || dtype == DataType::kString)) {  // zero bytes are zero in every type
      value_ = Tensor(dtype, Shape{});
      if (IsTrivial(dtype)) std::memset(value_.raw(), 0, value_.bytes());
    } else if (!VisitBasicOrHalfType(
                   dtype, [&]<class T>(TypeTag<T>) { value_ = Tensor::Scalar(functors::Cast<T>(number_)); })) {
      return absl::UnimplementedError(absl::StrCat("no CPU kernel for ", DataTypeName(dtype)));
    }
    fill_ = FindFill(dtype);
    n_ = ctx.outputs[0].shape.num_elements();
    threads_ = ctx.threads;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    fill_(value_.raw(), ctx.output(0), n_, threads_);
    return absl::OkStatus();
  }

 private:
  int number_;
  Tensor value_;
  FillFn fill_ = nullptr;
  int64_t n_ = 0;
  int threads_ = 1;
};

// Adds the step again and again, as TensorFlow does, so that fractions round alike.
template <class T>
void RangeLoop(const void* start, const void* delta, void* y, int64_t n) {
  const T step = *static_cast<const T*>(delta);
  T value = *static_cast<const T*>(start);
  for (int64_t i = 0; i < n; ++i, value = functors::Plus(value, step)) static_cast<T*>(y)[i] = value;
}

class RangeKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    n_ = ctx.outputs[0].shape.num_elements();
    VisitBasicType(ctx.outputs[0].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) fn_ = &RangeLoop<T>;
    });
    if (fn_ != nullptr) return absl::OkStatus();
    return absl::UnimplementedError(absl::StrCat("no CPU kernel for ", DataTypeName(ctx.outputs[0].dtype)));
  }
  absl::Status Run(RunContext& ctx) const override {
    fn_(ctx.input(0), ctx.input(2), ctx.output(0), n_);
    return absl::OkStatus();
  }

 private:
  PairFn fn_ = nullptr;
  int64_t n_ = 0;
};

}  // namespace

void RegisterFill(KernelRegistry& r) {
  r.Add<FillKernel>("Fill").HostInputs({0});
  r.Add("ZerosLike", [] { return std::make_unique<LikeKernel>(0); });
  r.Add("OnesLike", [] { return std::make_unique<LikeKernel>(1); });
  r.Add<RangeKernel>("Range")
      .Types("Tidx", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64})
      .HostInputs({0, 1, 2});
}

}  // namespace sluice::cpu
