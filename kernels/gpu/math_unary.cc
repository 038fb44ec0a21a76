#include "kernels/functors/unary.h"
#include "kernels/gpu/elementwise.h"

namespace sluice::gpu {

void RegisterMathUnary(KernelRegistry& r) {
  using namespace functors;  // NOLINT: the functors are this file's subject
  AddUnary<NegFunctor, float, double, int32_t, int64_t>(r, "Neg");
  AddUnary<SquareFunctor, float, double, int32_t, int64_t, uint8_t>(r, "Square");
  AddUnary<AbsFunctor, float, double, int32_t, int64_t>(r, "Abs");
  AddUnary<SignFunctor, float, double, int32_t, int64_t>(r, "Sign");
  AddUnary<FloorFunctor, float, double>(r, "Floor");
  AddUnary<CeilFunctor, float, double>(r, "Ceil");
  AddUnary<RoundFunctor, float, double>(r, "Round");
  AddUnary<ReciprocalFunctor, float, double>(r, "Reciprocal");
  AddUnary<SqrtFunctor, float, double>(r, "Sqrt");
  AddUnary<RsqrtFunctor, float, double>(r, "Rsqrt");
  AddUnary<ExpFunctor, float, double>(r, "Exp");
  AddUnary<LogFunctor, float, double>(r, "Log");
  AddUnary<TanhFunctor, float, double>(r, "Tanh");
  AddUnary<SigmoidFunctor, float, double>(r, "Sigmoid");
  AddPair<ReciprocalGradFunctor, float, double>(r, "ReciprocalGrad");
  AddPair<SqrtGradFunctor, float, double>(r, "SqrtGrad");
  AddPair<RsqrtGradFunctor, float, double>(r, "RsqrtGrad");
  AddPair<TanhGradFunctor, float, double>(r, "TanhGrad");
  AddPair<SigmoidGradFunctor, float, double>(r, "SigmoidGrad");
  r.Add("LogicalNot", [] { return std::make_unique<UnaryKernel>(PickUnary<LogicalNotFunctor, bool>); });
}

}  // namespace sluice::gpu
