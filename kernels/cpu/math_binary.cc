#include "core/kernel_registry.h"
#include "kernels/cpu/alias.h"
#include "kernels/cpu/binary.h"

namespace sluice::cpu {
namespace {

using namespace functors;  // NOLINT: the functors are this file's subject

// to = a + b, or to += b with a = to.
template <class T>
void AddTo(const void* a, const void* b, void* to, int64_t n) {
  PairLoop<AddFunctor, T>(a, b, to, n);
}

// Adds the inputs from the first to the last, in pieces that stay in the first cache.
class AddNKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    const DataType dtype = ctx.inputs[0].dtype;
    count_ = static_cast<int>(ctx.inputs.size());
    for (const auto& input : ctx.inputs) {
      if (!(input.shape == ctx.inputs[0].shape)) {
        return absl::InvalidArgumentError(absl::StrCat("inputs have shapes ", ctx.inputs[0].shape.ToString(), " and ",
                                                       input.shape.ToString(), ", expected the same"));
      }
    }
    VisitBasicType(dtype, [&]<class T>(TypeTag<T>) { add_ = AddTo<T>; });
    copy_ = FindCopy(dtype);
    if (add_ == nullptr) return absl::UnimplementedError(absl::StrCat("no CPU kernel for ", DataTypeName(dtype)));
    n_ = ctx.inputs[0].shape.num_elements();
    size_ = static_cast<int64_t>(DataTypeSize(dtype));
    threads_ = ctx.threads;
    if (count_ == 1) ctx.Alias(0, 0);
    if (count_ == 2) {  // with more, a tensor that is given twice would be read after it was written
      ctx.AllowInPlace(0, 0);
      ctx.AllowInPlace(1, 0);
    }
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    char* sum = ctx.output<char>(0);
    if (count_ == 1) {
      if (ctx.input(0) != ctx.output(0)) copy_(ctx.input(0), sum, n_, threads_);
      return absl::OkStatus();
    }
    constexpr int64_t kPiece = 2048;
    ParallelFor(threads_, n_, kCheapGrain, [&](int64_t begin, int64_t end) {
      for (; begin < end; begin += kPiece) {
        const int64_t n = std::min(kPiece, end - begin), at = begin * size_;
        add_(ctx.input<char>(0) + at, ctx.input<char>(1) + at, sum + at, n);
        for (int i = 2; i < count_; ++i) add_(sum + at, ctx.input<char>(i) + at, sum + at, n);
      }
    });
    return absl::OkStatus();
  }

 private:
  int count_ = 0;
  PairFn add_ = nullptr;
  CopyFn copy_ = nullptr;
  int64_t n_ = 0, size_ = 0;
  int threads_ = 1;
};

// float, double, int32, int64 and uint8, or the types named.
template <class F>
void AddArithmetic(KernelRegistry& r, const std::string& op) {
  AddBinary<F, float, double, int32_t, int64_t, uint8_t>(r, op).Types(
      "T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8});
}

}  // namespace

void RegisterMathBinary(KernelRegistry& r) {
  AddArithmetic<AddFunctor>(r, "Add");
  AddArithmetic<AddFunctor>(r, "AddV2");
  AddArithmetic<SubFunctor>(r, "Sub");
  AddArithmetic<MulFunctor>(r, "Mul");
  AddBinary<RealDivFunctor, float, double>(r, "RealDiv").Types("T", {DataType::kFloat, DataType::kDouble});
  AddBinary<PowFunctor, float, double>(r, "Pow").Types("T", {DataType::kFloat, DataType::kDouble});
  AddArithmetic<FloorDivFunctor>(r, "FloorDiv");
  AddArithmetic<FloorModFunctor>(r, "FloorMod");
  AddArithmetic<MaximumFunctor>(r, "Maximum");
  AddArithmetic<MinimumFunctor>(r, "Minimum");
  AddBinary<SquaredDifferenceFunctor, float, double, int32_t, int64_t>(r, "SquaredDifference")
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64});
  r.Add<AddNKernel>("AddN").Types(
      "T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8});
}

}  // namespace sluice::cpu
