// An op of somebody else's: schema, kernel and gradient outside Sluice's tree, and a generated builder.
#include "halve_test.h"

#include <cmath>
#include <cstdio>
#include <sluice/sluice.h>

#include "halving/builders.h"
#include "halving/register_all.h"

namespace {

class HalveKernel : public sluice::Kernel {
 public:
  absl::Status Prepare(sluice::PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<halving::HalveAttrs>());
    factor_ = std::pow(0.5F, static_cast<float>(attrs.times));
    n_ = ctx.outputs[0].shape.num_elements();
    return absl::OkStatus();
  }
  absl::Status Run(sluice::RunContext& ctx) const override {
    for (int64_t i = 0; i < n_; ++i) ctx.output<float>(0)[i] = factor_ * ctx.input<float>(0)[i];
    return absl::OkStatus();
  }

 private:
  float factor_ = 0;
  int64_t n_ = 0;
};

absl::Status HalveGradient(sluice::GradScope& s, const sluice::Node& node, absl::Span<const sluice::Grad> dy,
                           std::vector<sluice::Grad>& dx) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, sluice::ParseAttrs<halving::HalveAttrs>(node.attrs));
  dx.push_back(halving::Halve(s.scope, s.Dense(dy[0]), attrs));
  return absl::OkStatus();
}

absl::Status Compute(std::vector<sluice::Tensor>* out) {
  sluice::Runtime runtime;
  halving::RegisterAllOps(runtime.ops());
  runtime.cpu_kernels().Add<HalveKernel>("Halve");
  runtime.gradients().Add("Halve", HalveGradient);

  sluice::Graph graph(runtime.ops());
  sluice::Scope scope(graph);
  sluice::Endpoint x = scope.Const(sluice::Tensor::Vector<float>({8, 12}));
  sluice::Endpoint y = halving::Halve(scope.Named("y"), x, {.times = 2});
  SLUICE_ASSIGN_OR_RETURN(auto grads, sluice::AddGradients(scope, runtime.gradients(), {y}, {x}));
  sluice::ops::Identity(scope.Named("dx"), std::get<sluice::Endpoint>(grads[0]));
  SLUICE_RETURN_IF_ERROR(scope.status());
  SLUICE_ASSIGN_OR_RETURN(auto session, sluice::NewSession(runtime, {}));
  SLUICE_ASSIGN_OR_RETURN(std::string bytes, sluice::ExportGraphDef(graph));
  SLUICE_RETURN_IF_ERROR(session->Create(bytes));
  return session->Run({}, {"y", "dx"}, {}, out);
}

}  // namespace

int halve_test() {
  std::vector<sluice::Tensor> out;
  absl::Status status = Compute(&out);
  if (!status.ok()) {
    std::printf("Halve: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  const float *y = out[0].data<float>(), *dx = out[1].data<float>();
  std::printf("Halve: %g %g, gradient %g %g\n", y[0], y[1], dx[0], dx[1]);
  return y[0] == 2 && y[1] == 3 && dx[0] == 0.25F && dx[1] == 0.25F ? 0 : 1;
}
