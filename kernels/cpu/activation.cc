#include "ops/activation.h"

#include "core/kernel_registry.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/functors/activation.h"

namespace sluice::cpu {
namespace {

template <class T>
void Relu(RunContext& ctx, int threads, int64_t n) {
  const T* x = ctx.input<T>(0);
  T* y = ctx.output<T>(0);
  ParallelFor(threads, n, kCheapGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = x[i] < T{} ? T{} : x[i];
  });
}

template <class T>
void ReluGrad(RunContext& ctx, int threads, int64_t n) {
  const T* dy = ctx.input<T>(0);
  const T* x = ctx.input<T>(1);
  T* dx = ctx.output<T>(0);
  ParallelFor(threads, n, kCheapGrain, [&](int64_t begin, int64_t end) {
    // A product, as in TensorFlow: a gradient that is NaN or infinite is not hidden where the unit is off.
    for (int64_t i = begin; i < end; ++i) dx[i] = dy[i] * (x[i] > T{} ? T{1} : T{0});
  });
}

template <class T>
void LeakyRelu(RunContext& ctx, float alpha, int threads, int64_t n) {
  const T* x = ctx.input<T>(0);
  T* y = ctx.output<T>(0);
  const T slope = alpha;
  ParallelFor(threads, n, kCheapGrain, [&](int64_t begin, int64_t end) {
    SLUICE_INDEPENDENT
    for (int64_t i = begin; i < end; ++i) y[i] = x[i] > T{} ? x[i] : slope * x[i];
  });
}

template <class T>
void LeakyReluGrad(RunContext& ctx, float alpha, int threads, int64_t n) {
  const T* dy = ctx.input<T>(0);
  const T* x = ctx.input<T>(1);
  T* dx = ctx.output<T>(0);
  const T slope = alpha;
  ParallelFor(threads, n, kCheapGrain, [&](int64_t begin, int64_t end) {
    SLUICE_INDEPENDENT
    for (int64_t i = begin; i < end; ++i) dx[i] = x[i] > T{} ? dy[i] : slope * dy[i];
  });
}

using ActivationFn = void (*)(RunContext&, int threads, int64_t n);

absl::Status CheckShapes(const PrepareContext& ctx) {
  for (const auto& input : ctx.inputs) {
    if (input.shape == ctx.outputs[0].shape) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("shapes differ: ", ctx.inputs[0].shape.ToString(), " and ", input.shape.ToString()));
  }
  return absl::OkStatus();
}

class ActivationKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_RETURN_IF_ERROR(CheckShapes(ctx));
    n_ = ctx.outputs[0].shape.num_elements();
    threads_ = ctx.threads;
    VisitBasicType(ctx.outputs[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (!std::is_same_v<T, bool>) run_ = ctx.inputs.size() == 1 ? Relu<T> : ReluGrad<T>;
    });
    for (size_t i = 0; i < ctx.inputs.size(); ++i) ctx.AllowInPlace(static_cast<int>(i), 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    run_(ctx, threads_, n_);
    return absl::OkStatus();
  }

 private:
  ActivationFn run_ = nullptr;
  int64_t n_ = 0;
  int threads_ = 1;
};

class LeakyReluKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_RETURN_IF_ERROR(CheckShapes(ctx));
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<LeakyReluAttrs>());
    alpha_ = attrs.alpha;
    n_ = ctx.outputs[0].shape.num_elements();
    threads_ = ctx.threads;
    bool is_float = ctx.outputs[0].dtype == DataType::kFloat;
    if (ctx.inputs.size() == 1) {
      run_ = is_float ? LeakyRelu<float> : LeakyRelu<double>;
    } else {
      run_ = is_float ? LeakyReluGrad<float> : LeakyReluGrad<double>;
    }
    for (size_t i = 0; i < ctx.inputs.size(); ++i) ctx.AllowInPlace(static_cast<int>(i), 0);
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    run_(ctx, alpha_, threads_, n_);
    return absl::OkStatus();
  }

 private:
  void (*run_)(RunContext&, float alpha, int threads, int64_t n) = nullptr;
  float alpha_ = 0;
  int64_t n_ = 0;
  int threads_ = 1;
};

template <class F, class Gradient, class... Ts>
void AddWithGradient(KernelRegistry& r, const std::string& op, int64_t grain, int64_t gradient_grain) {
  constexpr DataType kTypes[] = {kDataTypeOf<Ts>...};
  r.Add(op, [grain] { return std::make_unique<UnaryKernel>(PickUnary<F, Ts...>, grain); }).Types("T", kTypes);
  r.Add(op + "Grad", [gradient_grain] {
     return std::make_unique<PairKernel>(PickPair<Gradient, Ts...>, gradient_grain);
   }).Types("T", kTypes);
}

}  // namespace

void RegisterActivation(KernelRegistry& r) {
  using namespace functors;  // NOLINT: the functors are this file's subject
  for (const char* op : {"Relu", "ReluGrad"}) {
    r.Add<ActivationKernel>(op).Types(
        "T", {DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kInt64, DataType::kUint8});
  }
  for (const char* op : {"LeakyRelu", "LeakyReluGrad"}) {
    r.Add<LeakyReluKernel>(op).Types("T", {DataType::kFloat, DataType::kDouble});
  }
  AddWithGradient<Relu6Functor, Relu6GradFunctor, float, double, int32_t, int64_t, uint8_t>(r, "Relu6", kCheapGrain,
                                                                                            kCheapGrain);
  AddWithGradient<EluFunctor, EluGradFunctor, float, double>(r, "Elu", kCostlyGrain, kCheapGrain);
  AddWithGradient<SeluFunctor, SeluGradFunctor, float, double>(r, "Selu", kCostlyGrain, kCheapGrain);
  AddWithGradient<SoftplusFunctor, SoftplusGradFunctor, float, double>(r, "Softplus", kCostlyGrain, kCostlyGrain);
}

}  // namespace sluice::cpu
