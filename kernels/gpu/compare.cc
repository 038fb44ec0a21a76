#include "ops/compare.h"

#include "kernels/gpu/binary.h"

namespace sluice::gpu {
namespace {

template <class F>
BinaryFn PickEqual(DataType dtype) {
  return PickBinary<F, float, double, int32_t, int64_t, uint8_t, bool>(dtype);
}

// Equal and NotEqual. Shapes that do not broadcast are different, where the node says that this is no error.
template <class F>
class EqualKernel : public BinaryKernel {
 public:
  EqualKernel() : BinaryKernel(PickEqual<F>) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(EqualAttrs attrs, ctx.Parse<EqualAttrs>());
    is_different_ = !attrs.incompatible_shape_error && !BroadcastShapes(ctx.inputs[0].shape, ctx.inputs[1].shape).ok();
    return is_different_ ? absl::OkStatus() : BinaryKernel::Prepare(ctx);
  }
  absl::Status Run(RunContext& ctx) const override {
    if (!is_different_) return BinaryKernel::Run(ctx);
    const bool answer = F::Apply(0, 1);
    return CopyFromHost(ctx, &answer, ctx.output<bool>(0), sizeof(bool));
  }

 private:
  bool is_different_ = false;
};

template <class F>
void AddComparison(KernelRegistry& r, const std::string& op) {
  AddBinaryOfT<F, float, double, int32_t, int64_t, uint8_t>(r, op);
}

}  // namespace

void RegisterCompare(KernelRegistry& r) {
  using namespace functors;  // NOLINT: the functors are this file's subject
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble, DataType::kInt32,
                                 DataType::kInt64, DataType::kUint8,  DataType::kBool};
  r.Add<EqualKernel<EqualFunctor>>("Equal").Types("T", kTypes);
  r.Add<EqualKernel<NotEqualFunctor>>("NotEqual").Types("T", kTypes);
  AddComparison<GreaterFunctor>(r, "Greater");
  AddComparison<GreaterEqualFunctor>(r, "GreaterEqual");
  AddComparison<LessFunctor>(r, "Less");
  AddComparison<LessEqualFunctor>(r, "LessEqual");
  AddBinary<LogicalAndFunctor, bool>(r, "LogicalAnd");
  AddBinary<LogicalOrFunctor, bool>(r, "LogicalOr");
}

}  // namespace sluice::gpu
