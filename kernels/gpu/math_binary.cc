#include "kernels/gpu/binary.h"

namespace sluice::gpu {
namespace {

constexpr int kInputsOfLaunch = 8;  // the most that one pass over memory adds

template <class T>
struct Addends {
  const T* from[kInputsOfLaunch];
};

// Adds the inputs from the first to the last.
template <class T>
absl::Status RunAddN(RunContext& ctx, int count, int64_t n) {
  T* sum = ctx.output<T>(0);
  for (int begin = 0; begin < count;) {
    Addends<T> in{};
    int used = 0;
    if (begin > 0) in.from[used++] = sum;
    while (used < kInputsOfLaunch && begin < count) in.from[used++] = ctx.input<T>(begin++);
    SLUICE_RETURN_IF_ERROR(Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) {
      T total = in.from[0][i];
      for (int k = 1; k < used; ++k) total = functors::Plus(total, in.from[k][i]);
      sum[i] = total;
    }));
  }
  return absl::OkStatus();
}

class AddNKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    count_ = static_cast<int>(ctx.inputs.size());
    for (const auto& input : ctx.inputs) {
      if (!(input.shape == ctx.inputs[0].shape)) {
        return absl::InvalidArgumentError(absl::StrCat("inputs have shapes ", ctx.inputs[0].shape.ToString(), " and ",
                                                       input.shape.ToString(), ", expected the same"));
      }
    }
    VisitBasicType(ctx.inputs[0].dtype, [&]<class T>(TypeTag<T>) {
      if constexpr (!std::is_same_v<T, bool>) run_ = RunAddN<T>;
    });
    if (run_ == nullptr) return NoKernelFor(ctx.inputs[0].dtype);
    n_ = ctx.inputs[0].shape.num_elements();
    if (count_ == 1) ctx.Alias(0, 0);
    // Every element is read before it is written, in one pass; with more passes the first would be lost.
    for (int i = 0; i < count_ && count_ <= kInputsOfLaunch; ++i) ctx.AllowInPlace(i, 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return run_(ctx, count_, n_); }

 private:
  int count_ = 0;
  int64_t n_ = 0;
  absl::Status (*run_)(RunContext&, int count, int64_t n) = nullptr;
};

template <class F>
void AddArithmetic(KernelRegistry& r, const std::string& op) {
  AddBinaryOfT<F, float, double, int32_t, int64_t, uint8_t>(r, op);
}

}  // namespace

void RegisterMathBinary(KernelRegistry& r) {
  using namespace functors;  // NOLINT: the functors are this file's subject
  AddArithmetic<AddFunctor>(r, "Add");
  AddArithmetic<AddFunctor>(r, "AddV2");
  AddArithmetic<SubFunctor>(r, "Sub");
  AddArithmetic<MulFunctor>(r, "Mul");
  AddBinaryOfT<RealDivFunctor, float, double>(r, "RealDiv");
  AddBinaryOfT<PowFunctor, float, double>(r, "Pow");
  AddArithmetic<FloorDivFunctor>(r, "FloorDiv");
  AddArithmetic<FloorModFunctor>(r, "FloorMod");
  AddArithmetic<MaximumFunctor>(r, "Maximum");
  AddArithmetic<MinimumFunctor>(r, "Minimum");
  AddBinaryOfT<SquaredDifferenceFunctor, float, double, int32_t, int64_t>(r, "SquaredDifference");
  r.Add<AddNKernel>("AddN").Types(
      "T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8});
}

}  // namespace sluice::gpu
