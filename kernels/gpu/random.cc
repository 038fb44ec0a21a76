#include "ops/random.h"

#include "core/kernel_registry.h"
#include "kernels/functors/philox.h"
#include "kernels/gpu/elementwise.h"

namespace sluice::gpu {
namespace {

// Of each run's output element, whatever the distribution takes: how TensorFlow skips from run to run.
constexpr uint64_t kBlocksPerElement = 256;

// y[0, n) from the generator's block `first` on, the same numbers as on the CPU.
template <class Distribution, class T>
absl::Status FillRandom(RunContext& ctx, const functors::Philox& philox, uint64_t first, int64_t n) {
  constexpr int kResults = Distribution::kResults;
  T* y = ctx.output<T>(0);
  const functors::Philox generator = philox;
  return Launch(ctx, (n + kResults - 1) / kResults, [=] SLUICE_HOST_DEVICE(int64_t group) {
    T results[kResults];
    Distribution::Fill(generator, first + static_cast<uint64_t>(group) * Distribution::kBlocks, results);
    for (int k = 0; k < kResults; ++k) {
      if (group * kResults + k < n) y[group * kResults + k] = results[k];
    }
  });
}

using RandomFn = absl::Status (*)(RunContext&, const functors::Philox&, uint64_t first, int64_t n);

template <template <class> class Distribution>
RandomFn PickRandom(DataType dtype) {
  if (dtype == DataType::kFloat) return &FillRandom<Distribution<float>, float>;
  if (dtype == DataType::kDouble) return &FillRandom<Distribution<double>, double>;
  return nullptr;
}

class RandomKernel : public Kernel {
 public:
  explicit RandomKernel(RandomFn (*pick)(DataType)) : pick_(pick) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    fn_ = pick_(ctx.outputs[0].dtype);
    if (fn_ == nullptr) return NoKernelFor(ctx.outputs[0].dtype);
    state_ = ctx.random;
    if (state_ == nullptr) return absl::InternalError("a random op was prepared without its state");
    n_ = ctx.outputs[0].shape.num_elements();
    return absl::OkStatus();
  }
  absl::Status Run(RunContext& ctx) const override {
    // Two concurrent runs take blocks of their own.
    const uint64_t first = state_->blocks.fetch_add(static_cast<uint64_t>(n_) * kBlocksPerElement);
    return fn_(ctx, {state_->seed, state_->seed2}, first, n_);
  }

 private:
  RandomFn (*pick_)(DataType);
  RandomFn fn_ = nullptr;
  RandomState* state_ = nullptr;
  int64_t n_ = 0;
};

template <template <class> class Distribution>
void AddRandom(KernelRegistry& r, const std::string& op) {
  r.Add(op, [] { return std::make_unique<RandomKernel>(PickRandom<Distribution>); })
      .Types("dtype", {DataType::kFloat, DataType::kDouble})
      .HostInputs({0});
}

}  // namespace

void RegisterRandom(KernelRegistry& r) {
  AddRandom<functors::UniformDistribution>(r, "RandomUniform");
  AddRandom<functors::NormalDistribution>(r, "RandomStandardNormal");
  AddRandom<functors::TruncatedNormalDistribution>(r, "TruncatedNormal");
}

}  // namespace sluice::gpu
