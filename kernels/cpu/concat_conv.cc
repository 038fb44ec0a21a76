// Convolutions into the slices of a concat, on the host: each is computed whole and copied while it is in the cache. For
// simulated devices and as the oracle of others; the CPU itself is given none.
#include "ops/concat_conv.h"

#include <cstring>

#include "core/kernel_registry.h"
#include "core/parallel.h"
#include "kernels/cpu/conv_kernel.h"

namespace sluice::cpu {
namespace {

constexpr int kMostSlots = 4;  // inputs and output of a branch

struct BranchStates : KernelState {
  std::vector<std::unique_ptr<KernelState>> states;
};

class ConcatConvKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ConcatConv2DAttrs>());
    SLUICE_ASSIGN_OR_RETURN(std::vector<ConcatBranch> resolved, ResolveConcatConv2D(attrs));
    const Shape& out = ctx.outputs[0].shape;
    const size_t element = DataTypeSize(attrs.T);
    threads_ = ctx.threads;
    rows_ = out.dim(0) * out.dim(1) * out.dim(2);
    pitch_ = static_cast<size_t>(out.dim(3)) * element;
    branches_.clear();
    whole_bytes_ = 0;
    size_t scratch = 0, offset = 0;
    for (const ConcatBranch& from : resolved) {
      Branch& branch = branches_.emplace_back();
      branch.first_input = from.first_input;
      branch.num_inputs = from.num_inputs;
      branch.offset = offset;
      int64_t channels = 0;
      if (from.is_convolution()) {
        channels = ctx.inputs[from.first_input + 1].shape.dim(3);
        SLUICE_ASSIGN_OR_RETURN(size_t bytes, PrepareBranch(ctx, from, channels, branch));
        scratch = std::max(scratch, bytes);
      } else {
        channels = ctx.inputs[from.first_input].shape.dim(3);
      }
      branch.row_bytes = static_cast<size_t>(channels) * element;
      offset += branch.row_bytes;
      if (from.is_convolution()) whole_bytes_ = std::max(whole_bytes_, Aligned(branch.row_bytes * rows_));
    }
    if (offset != pitch_) return absl::InternalError("the branches are not as wide as the concat");
    ctx.RequestScratch(whole_bytes_ + scratch);
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    char* scratch = ctx.scratch<char>();
    for (size_t b = 0; b < branches_.size(); ++b) {
      const Branch& branch = branches_[b];
      const char* from = ctx.input<char>(branch.first_input);
      if (branch.kernel != nullptr) {
        SLUICE_RETURN_IF_ERROR(RunBranch(ctx, branch, static_cast<BranchStates&>(*ctx.state).states[b].get(), scratch));
        from = scratch;
      }
      CopyRows(from, ctx.output<char>(0) + branch.offset, branch.row_bytes);
    }
    return absl::OkStatus();
  }

  std::unique_ptr<KernelState> NewState() const override {
    auto all = std::make_unique<BranchStates>();
    for (const Branch& branch : branches_) {
      all->states.push_back(branch.kernel == nullptr ? nullptr : branch.kernel->NewState());
    }
    return all;
  }

 private:
  struct Branch {
    int first_input = 0, num_inputs = 1;
    std::unique_ptr<Kernel> kernel;  // null: the input is copied
    size_t offset = 0;               // bytes in a row of the output
    size_t row_bytes = 0;
  };

  static size_t Aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

  // The scratch that it needs.
  absl::StatusOr<size_t> PrepareBranch(const PrepareContext& ctx, const ConcatBranch& from, int64_t channels,
                                       Branch& branch) const {
    const AttrMap attrs = ToAttrMap(from.conv);
    PrepareContext inner;
    inner.node = ctx.node;
    inner.op = "_FusedConv2D";
    inner.attrs = &attrs;
    inner.inputs.assign(ctx.inputs.begin() + from.first_input, ctx.inputs.begin() + from.first_input + from.num_inputs);
    const Shape& out = ctx.outputs[0].shape;
    inner.outputs.push_back({ctx.outputs[0].dtype, Shape{out.dim(0), out.dim(1), out.dim(2), channels}});
    inner.threads = ctx.threads;
    inner.deterministic = ctx.deterministic;
    inner.exact = ctx.exact;
    branch.kernel = std::make_unique<FusedConvKernel>();
    SLUICE_RETURN_IF_ERROR(branch.kernel->Prepare(inner));
    return inner.scratch_bytes;
  }

  // The result lies at the beginning of the scratch memory, what the kernel needs behind it.
  absl::Status RunBranch(const RunContext& ctx, const Branch& branch, KernelState* state, char* scratch) const {
    void* slots[kMostSlots];
    const uint32_t numbers[kMostSlots] = {0, 1, 2, 3};
    for (int i = 0; i < branch.num_inputs; ++i) slots[i] = const_cast<void*>(ctx.input(branch.first_input + i));
    slots[branch.num_inputs] = scratch;
    RunContext inner = ctx;
    inner.slots = slots;
    inner.input_slots = numbers;
    inner.output_slots = numbers + branch.num_inputs;
    inner.scratch_memory = scratch + whole_bytes_;
    inner.state = state;
    return branch.kernel->Run(inner);
  }

  void CopyRows(const char* from, char* to, size_t row_bytes) const {
    constexpr int64_t kGrainBytes = 1 << 16;
    const int64_t grain = std::max<int64_t>(1, kGrainBytes / static_cast<int64_t>(std::max<size_t>(row_bytes, 1)));
    ParallelFor(threads_, rows_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) std::memcpy(to + r * pitch_, from + r * row_bytes, row_bytes);
    });
  }

  int threads_ = 1;
  int64_t rows_ = 0;
  size_t pitch_ = 0, whole_bytes_ = 0;
  std::vector<Branch> branches_;
};

}  // namespace

void RegisterConcatConv(KernelRegistry& r) {
  r.Add<ConcatConvKernel>("_ConcatConv2D").Types("T", {DataType::kFloat, DataType::kDouble});
}

}  // namespace sluice::cpu
