#include "core/kernel_registry.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/functors/unary.h"

namespace sluice::cpu {
namespace {

using namespace functors;  // NOLINT: the functors are this file's subject

template <class F, class... Ts>
void AddFunction(KernelRegistry& r, const std::string& op, int64_t grain) {
  r.Add(op, [grain] {
     return std::make_unique<UnaryKernel>(PickUnary<F, Ts...>, grain);
   }).Types("T", {kDataTypeOf<Ts>...});
}

template <class F>
void AddGradient(KernelRegistry& r, const std::string& op) {
  r.Add(op, [] {
     return std::make_unique<PairKernel>(PickPair<F, float, double>, kCheapGrain);
   }).Types("T", {DataType::kFloat, DataType::kDouble});
}

}  // namespace

void RegisterMathUnary(KernelRegistry& r) {
  AddFunction<NegFunctor, float, double, int32_t, int64_t>(r, "Neg", kCheapGrain);
  AddFunction<SquareFunctor, float, double, int32_t, int64_t, uint8_t>(r, "Square", kCheapGrain);
  AddFunction<AbsFunctor, float, double, int32_t, int64_t>(r, "Abs", kCheapGrain);
  AddFunction<SignFunctor, float, double, int32_t, int64_t>(r, "Sign", kCheapGrain);
  AddFunction<FloorFunctor, float, double>(r, "Floor", kCheapGrain);
  AddFunction<CeilFunctor, float, double>(r, "Ceil", kCheapGrain);
  AddFunction<RoundFunctor, float, double>(r, "Round", kCheapGrain);
  AddFunction<ReciprocalFunctor, float, double>(r, "Reciprocal", kCheapGrain);
  AddFunction<SqrtFunctor, float, double>(r, "Sqrt", kCheapGrain);
  AddFunction<RsqrtFunctor, float, double>(r, "Rsqrt", kCheapGrain);
  AddFunction<ExpFunctor, float, double>(r, "Exp", kCostlyGrain);
  AddFunction<LogFunctor, float, double>(r, "Log", kCostlyGrain);
  AddFunction<TanhFunctor, float, double>(r, "Tanh", kCostlyGrain);
  AddFunction<SigmoidFunctor, float, double>(r, "Sigmoid", kCostlyGrain);
  AddGradient<ReciprocalGradFunctor>(r, "ReciprocalGrad");
  AddGradient<SqrtGradFunctor>(r, "SqrtGrad");
  AddGradient<RsqrtGradFunctor>(r, "RsqrtGrad");
  AddGradient<TanhGradFunctor>(r, "TanhGrad");
  AddGradient<SigmoidGradFunctor>(r, "SigmoidGrad");
  r.Add("LogicalNot", [] { return std::make_unique<UnaryKernel>(PickUnary<LogicalNotFunctor, bool>, kCheapGrain); });
}

}  // namespace sluice::cpu
