#include "ops/activation.h"

#include "kernels/functors/activation.h"
#include "kernels/gpu/elementwise.h"

namespace sluice::gpu {
namespace {

// LeakyRelu of one input, LeakyReluGrad of two: what x decides is taken from the first.
template <class T>
absl::Status RunLeakyRelu(RunContext& ctx, float alpha, int x_input, int64_t n) {
  const T *value = ctx.input<T>(0), *x = ctx.input<T>(x_input);
  T* y = ctx.output<T>(0);
  const T slope = alpha;
  return Launch(ctx, n, [=] SLUICE_HOST_DEVICE(int64_t i) { y[i] = x[i] > T{} ? value[i] : slope * value[i]; });
}

class LeakyReluKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<LeakyReluAttrs>());
    for (size_t i = 0; i < ctx.inputs.size(); ++i) {
      if (!(ctx.inputs[i].shape == ctx.outputs[0].shape)) {
        return absl::InvalidArgumentError(
            absl::StrCat("shapes differ: ", ctx.inputs[0].shape.ToString(), " and ", ctx.inputs[i].shape.ToString()));
      }
      ctx.AllowInPlace(static_cast<int>(i), 0);
    }
    alpha_ = attrs.alpha;
    last_input_ = static_cast<int>(ctx.inputs.size()) - 1;
    n_ = ctx.outputs[0].shape.num_elements();
    run_ = ctx.outputs[0].dtype == DataType::kFloat ? RunLeakyRelu<float> : RunLeakyRelu<double>;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return run_(ctx, alpha_, last_input_, n_); }

 private:
  absl::Status (*run_)(RunContext&, float alpha, int x_input, int64_t n) = nullptr;
  float alpha_ = 0;
  int last_input_ = 0;
  int64_t n_ = 0;
};

}  // namespace

void RegisterActivation(KernelRegistry& r) {
  using namespace functors;  // NOLINT: the functors are this file's subject
  AddUnary<ReluFunctor, float, double, int32_t, int64_t, uint8_t>(r, "Relu");
  AddPair<ReluGradFunctor, float, double, int32_t, int64_t, uint8_t>(r, "ReluGrad");
  for (const char* op : {"LeakyRelu", "LeakyReluGrad"}) {
    r.Add<LeakyReluKernel>(op).Types("T", {DataType::kFloat, DataType::kDouble});
  }
  AddUnary<Relu6Functor, float, double>(r, "Relu6");
  AddPair<Relu6GradFunctor, float, double>(r, "Relu6Grad");
  AddUnary<EluFunctor, float, double>(r, "Elu");
  AddPair<EluGradFunctor, float, double>(r, "EluGrad");
  AddUnary<SeluFunctor, float, double>(r, "Selu");
  AddPair<SeluGradFunctor, float, double>(r, "SeluGrad");
  AddUnary<SoftplusFunctor, float, double>(r, "Softplus");
  AddPair<SoftplusGradFunctor, float, double>(r, "SoftplusGrad");
}

}  // namespace sluice::gpu
