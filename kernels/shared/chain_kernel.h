// The kernel of _Chain, for every device. An Executor says how a device runs one:
//
//   struct Executor {
//     template <class T>
//     static absl::Status Run(RunContext& ctx, const functors::ChainProgram& program, const ChainSpace& space, int threads);
//   };
#pragma once

#include <array>

#include "core/kernel_registry.h"
#include "kernels/functors/chain.h"
#include "kernels/shared/strided.h"

namespace sluice::kernels {

// Where each input has its elements, in the order of the output's; inputs that are not there stand still.
using ChainSpace = StridedSpace<kMostChainInputs>;

template <class X>
class ChainKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ChainAttrs>());
    SLUICE_ASSIGN_OR_RETURN(std::vector<ChainStep> steps, ResolveChain(attrs));
    program_ = functors::ChainProgram(static_cast<int>(attrs.N), steps);
    const Shape& output = ctx.outputs[0].shape;
    const Shape scalar;
    std::array<const Shape*, kMostChainInputs> shapes;
    shapes.fill(&scalar);
    for (size_t i = 0; i < ctx.inputs.size(); ++i) {
      shapes[i] = &ctx.inputs[i].shape;
      // Every element is read before it is written.
      if (*shapes[i] == output) ctx.AllowInPlace(static_cast<int>(i), 0);
    }
    SLUICE_ASSIGN_OR_RETURN(space_, BroadcastSpace<kMostChainInputs>(shapes, output));
    if (space_.rank() > kMostChainRank) {
      return absl::UnimplementedError(absl::StrCat("a chain of elementwise ops on shape ", output.ToString()));
    }
    threads_ = ctx.threads;
    run_ = attrs.T == DataType::kDouble ? X::template Run<double> : X::template Run<float>;
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override { return run_(ctx, program_, space_, threads_); }

 private:
  functors::ChainProgram program_;
  ChainSpace space_;
  int threads_ = 1;
  absl::Status (*run_)(RunContext&, const functors::ChainProgram&, const ChainSpace&, int threads) = nullptr;
};

template <class X>
void AddChain(KernelRegistry& r) {
  r.Add<ChainKernel<X>>("_Chain").Types("T", {DataType::kFloat, DataType::kDouble});
}

}  // namespace sluice::kernels
