#include "kernels/cpu/copy_kernel.h"

namespace sluice::cpu {
namespace {

// The most integer inputs that a kernel has (StridedSlice: begin, end, strides).
constexpr size_t kMaxIntInputs = 3;

template <class T>
void Clear(void* to, int64_t n, int threads) {
  ParallelFor(threads, n, (1 << 18) / sizeof(T), [&](int64_t begin, int64_t end) {
    std::fill(static_cast<T*>(to) + begin, static_cast<T*>(to) + end, T{});
  });
}

}  // namespace

absl::Status CopyKernel::Prepare(PrepareContext& ctx) {
  SLUICE_CHECK(int_inputs_.size() <= kMaxIntInputs);
  in_ = ctx.inputs[data_input_].shape;
  out_ = ctx.outputs[0].shape;
  dtype_ = ctx.inputs[data_input_].dtype;
  threads_ = ctx.threads;
  if (!VisitStorage(dtype_, [&]<class T>(TypeTag<T>) { clear_ = Clear<T>; })) {
    return absl::InvalidArgumentError("the input has no dtype");
  }
  SLUICE_RETURN_IF_ERROR(ReadAttrs(ctx));
  ints_.clear();
  is_constant_ = true;
  for (int input : int_inputs_) {
    SLUICE_ASSIGN_OR_RETURN(HostInts ints, HostInts::Create(ctx, input));
    is_constant_ = is_constant_ && ints.is_constant();
    ints_.push_back(std::move(ints));
  }
  if (!is_constant_) return absl::OkStatus();
  std::vector<Dims> values;
  for (const HostInts& ints : ints_) values.push_back(ints.Constant());
  SLUICE_ASSIGN_OR_RETURN(StridedCopy copy, Plan(values));
  copier_ = Copier(dtype_, copy, backend_);
  if (copier_.IsWhole() && in_.num_elements() == out_.num_elements()) ctx.Alias(data_input_, 0);
  return absl::OkStatus();
}

absl::Status CopyKernel::Run(RunContext& ctx) const {
  if (is_constant_) return Execute(ctx, copier_);
  Dims values[kMaxIntInputs];
  for (size_t i = 0; i < ints_.size(); ++i) values[i] = ints_[i].Read(ctx);
  SLUICE_ASSIGN_OR_RETURN(StridedCopy copy, Plan(absl::MakeConstSpan(values, ints_.size())));
  return Execute(ctx, Copier(dtype_, copy, backend_));
}

absl::Status CopyKernel::Execute(RunContext& ctx, const Copier& copier) const {
  if (clears_output_ && backend_ != nullptr) {
    const size_t bytes = static_cast<size_t>(out_.num_elements()) * DataTypeSize(dtype_);
    SLUICE_RETURN_IF_ERROR(backend_->clear(ctx, ctx.output(0), bytes));
  } else if (clears_output_) {
    clear_(ctx.output(0), out_.num_elements(), threads_);
  }
  return copier.Run(ctx, ctx.input(data_input_), ctx.output(0), threads_);
}

}  // namespace sluice::cpu
