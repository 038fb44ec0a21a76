// Kernels for half and bfloat16 out of those for float: arguments are widened into scratch memory, the kernel for float
// runs, and what it makes is narrowed. So arithmetic and sums are float's, and what is rounded is what is stored.
#pragma once

#include <memory>
#include <numeric>
#include <vector>

#include "absl/container/inlined_vector.h"

#include "core/kernel_registry.h"

namespace sluice {

// How a device converts `n` elements of half or bfloat16 to float and back, in the order of the run's stream.
struct FloatConversion {
  absl::Status (*widen)(RunContext& ctx, DataType from, const void* x, float* y, int64_t n, int threads);
  absl::Status (*narrow)(RunContext& ctx, DataType to, const float* x, void* y, int64_t n, int threads);
};

class InFloatKernel : public Kernel {
 public:
  // `def`, of `registry`, takes float as its attribute T.
  InFloatKernel(std::shared_ptr<const KernelRegistry> registry, const KernelDef& def, const FloatConversion& conversion)
      : registry_(std::move(registry)), inner_(def.make()), conversion_(conversion) {}

  absl::Status Prepare(PrepareContext& ctx) override {
    AttrMap attrs = *ctx.attrs;
    attrs.insert_or_assign("T", DataType::kFloat);
    PrepareContext inner = ctx;
    inner.attrs = &attrs;
    arguments_.clear();
    scratch_bytes_ = 0;
    threads_ = ctx.threads;
    std::vector<Tensor> constants;
    constants.reserve(inner.inputs.size());
    num_inputs_ = inner.inputs.size();
    for (PrepareContext::Input& input : inner.inputs) {
      AddArgument(input.dtype, input.shape.num_elements());
      if (!IsHalfPrecision(input.dtype)) continue;
      input.dtype = DataType::kFloat;
      if (input.constant != nullptr) input.constant = &constants.emplace_back(Widened(*input.constant));
    }
    for (PrepareContext::Output& output : inner.outputs) {
      AddArgument(output.dtype, output.shape.num_elements());
      if (IsHalfPrecision(output.dtype)) output.dtype = DataType::kFloat;
    }
    slots_.resize(arguments_.size());
    std::iota(slots_.begin(), slots_.end(), 0);

    SLUICE_RETURN_IF_ERROR(inner_->Prepare(inner));
    if (inner.output_shapes_at_run) return absl::UnimplementedError("shapes that depend on values of half precision");
    ctx.aliases = inner.aliases;
    for (auto [in, out] : inner.in_place) {
      const auto i = static_cast<size_t>(in), o = static_cast<size_t>(out);
      if (ctx.inputs[i].dtype == ctx.outputs[o].dtype) ctx.AllowInPlace(in, out);
    }
    ctx.RequestScratch(scratch_bytes_ + inner.scratch_bytes);
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    char* scratch = ctx.scratch<char>();
    absl::InlinedVector<void*, 32> pointers(arguments_.size());
    for (size_t i = 0; i < arguments_.size(); ++i) {
      const bool is_input = i < num_inputs_;
      void* own = ctx.slots[is_input ? ctx.input_slots[i] : ctx.output_slots[i - num_inputs_]];
      const Argument& argument = arguments_[i];
      pointers[i] = argument.is_half ? scratch + argument.offset : own;
      if (argument.is_half && is_input) {
        SLUICE_RETURN_IF_ERROR(
            conversion_.widen(ctx, argument.dtype, own, static_cast<float*>(pointers[i]), argument.n, threads_));
      }
    }
    RunContext inner = ctx;
    inner.slots = pointers.data();
    inner.input_slots = slots_.data();
    inner.output_slots = slots_.data() + num_inputs_;
    inner.scratch_memory = scratch + scratch_bytes_;
    SLUICE_RETURN_IF_ERROR(inner_->Run(inner));
    for (size_t i = num_inputs_; i < arguments_.size(); ++i) {
      const Argument& argument = arguments_[i];
      if (!argument.is_half) continue;
      SLUICE_RETURN_IF_ERROR(conversion_.narrow(ctx, argument.dtype, static_cast<const float*>(pointers[i]),
                                                ctx.slots[ctx.output_slots[i - num_inputs_]], argument.n, threads_));
    }
    return absl::OkStatus();
  }

  std::unique_ptr<KernelState> NewState() const override { return inner_->NewState(); }
  std::string Describe() const override {
    const std::string text = inner_->Describe();
    return text.empty() ? "in float" : absl::StrCat(text, ", in float");
  }

 private:
  struct Argument {
    DataType dtype;
    bool is_half;
    int64_t n;
    size_t offset;  // of its elements as float in the scratch memory
  };

  void AddArgument(DataType dtype, int64_t n) {
    const bool is_half = IsHalfPrecision(dtype);
    arguments_.push_back({dtype, is_half, n, scratch_bytes_});
    if (!is_half) return;
    const size_t bytes = static_cast<size_t>(n) * sizeof(float);
    scratch_bytes_ += (bytes + kTensorAlignment - 1) / kTensorAlignment * kTensorAlignment;
  }

  // In host memory.
  static Tensor Widened(const Tensor& tensor) {
    Tensor wide(DataType::kFloat, tensor.shape());
    float* out = wide.data<float>();
    for (int64_t i = 0; i < tensor.num_elements(); ++i) {
      out[i] = tensor.dtype() == DataType::kHalf ? static_cast<float>(tensor.data<Half>()[i])
                                                 : static_cast<float>(tensor.data<Bfloat16>()[i]);
    }
    return wide;
  }

  const std::shared_ptr<const KernelRegistry> registry_;  // has what inner_ was made from
  const std::unique_ptr<Kernel> inner_;
  const FloatConversion conversion_;
  std::vector<Argument> arguments_;  // inputs, then outputs
  std::vector<uint32_t> slots_;      // 0, 1, 2 …
  size_t num_inputs_ = 0;
  size_t scratch_bytes_ = 0;  // of the arguments; what the inner kernel asks for comes after it
  int threads_ = 1;
};

// Adds to `r` a kernel for half and bfloat16 beside each of `floats` that takes float as its attribute T, and not these.
inline void AddKernelsInFloat(KernelRegistry& r, const std::shared_ptr<const KernelRegistry>& floats,
                              const FloatConversion& conversion) {
  for (const KernelDef* def : floats->All()) {
    auto types = def->types.find("T");
    if (types == def->types.end()) continue;
    const std::vector<DataType>& allowed = types->second;
    auto takes = [&](DataType dtype) { return std::find(allowed.begin(), allowed.end(), dtype) != allowed.end(); };
    if (!takes(DataType::kFloat) || takes(DataType::kHalf)) continue;
    KernelDef& added =
        r.Add(def->op, [floats, def, conversion] { return std::make_unique<InFloatKernel>(floats, *def, conversion); });
    added.types = def->types;
    added.Types("T", {DataType::kHalf, DataType::kBfloat16});
    added.host_inputs = def->host_inputs;
    added.host_outputs = def->host_outputs;
  }
}

}  // namespace sluice
