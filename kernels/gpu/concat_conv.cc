// Convolutions that write into the slices of a concat, by cuDNN: the output has the whole's distance from pixel to pixel.
#include "ops/concat_conv.h"

#include "kernels/gpu/epilogue.h"
#include "kernels/gpu/libraries.h"
#include "kernels/gpu/scratch.h"
#include "kernels/gpu/turn_filter.h"

namespace sluice::gpu {
namespace {

// cuDNN's tensors begin at multiples of this.
constexpr int64_t kDnnAlignment = 16;

struct Bytes16 {
  uint64_t words[2];
};

// Rows of `row` elements, one behind the other, to rows that are `pitch` apart.
template <class T>
absl::Status CopyRowsAs(RunContext& ctx, const void* from, void* to, int64_t rows, int64_t row, int64_t pitch) {
  const Divisor by(row > 0 ? row : 1);
  const T* source = static_cast<const T*>(from);
  T* target = static_cast<T*>(to);
  return Launch(ctx, rows * row, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const int64_t r = by.Divide(i);
    target[r * pitch + (i - r * by.by())] = source[i];
  });
}

// Bytes; the widest access that they and the addresses allow.
absl::Status CopyRows(RunContext& ctx, const void* from, void* to, int64_t rows, int64_t row, int64_t pitch) {
  const int64_t all =
      row | pitch | static_cast<int64_t>(reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from));
  if (all % 16 == 0) return CopyRowsAs<Bytes16>(ctx, from, to, rows, row / 16, pitch / 16);
  if (all % 4 == 0) return CopyRowsAs<uint32_t>(ctx, from, to, rows, row / 4, pitch / 4);
  return CopyRowsAs<uint16_t>(ctx, from, to, rows, row / 2, pitch / 2);
}

class ConcatConvKernel : public Kernel {
 public:
  explicit ConcatConvKernel(const Libraries& libraries) : libraries_(libraries) {}

  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<ConcatConv2DAttrs>());
    SLUICE_ASSIGN_OR_RETURN(std::vector<ConcatBranch> resolved, ResolveConcatConv2D(attrs));
    const Shape& out = ctx.outputs[0].shape;
    element_ = static_cast<int64_t>(DataTypeSize(attrs.T));
    rows_ = out.dim(0) * out.dim(1) * out.dim(2);
    channels_ = out.dim(3);
    run_ = attrs.T == DataType::kDouble  ? &ConcatConvKernel::RunBranch<double>
           : attrs.T == DataType::kFloat ? &ConcatConvKernel::RunBranch<float>
                                         : &ConcatConvKernel::RunBranch<uint16_t>;
    branches_.clear();
    size_t scratch = 0;
    int64_t offset = 0;
    for (const ConcatBranch& from : resolved) {
      Branch& branch = branches_.emplace_back();
      branch.first_input = from.first_input;
      branch.offset = offset;
      if (from.is_convolution()) {
        SLUICE_RETURN_IF_ERROR(Decide(ctx, from, branch));
        scratch =
            std::max(scratch, branch.filter_bytes + branch.whole_bytes +
                                  (branch.plan == nullptr ? 0 : static_cast<size_t>(branch.plan->workspace_bytes())));
      } else {
        branch.channels = ctx.inputs[from.first_input].shape.dim(3);
      }
      offset += branch.channels;
    }
    if (offset != channels_) return absl::InternalError("the branches are not as wide as the concat");
    RequestAlignedScratch(ctx, scratch);
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    if (rows_ == 0) return absl::OkStatus();
    for (const Branch& branch : branches_) {
      char* to = ctx.output<char>(0) + branch.offset * element_;
      if (branch.plan == nullptr) {
        SLUICE_RETURN_IF_ERROR(Copy(ctx, branch, ctx.input(branch.first_input), to));
      } else {
        SLUICE_RETURN_IF_ERROR((this->*run_)(ctx, branch, to));
      }
    }
    return absl::OkStatus();
  }

  std::string Describe() const override {
    std::vector<std::string> texts;
    for (const Branch& branch : branches_) {
      texts.push_back(branch.plan == nullptr
                          ? "a copy"
                          : absl::StrCat("cuDNN ", branch.plan->name(), branch.whole_bytes > 0 ? ", then a copy" : ""));
    }
    return absl::StrCat("NHWC, slices: ", absl::StrJoin(texts, "; "));
  }

 private:
  struct Branch {
    int first_input = 0;
    int64_t offset = 0, channels = 0;     // in a row of the output
    std::shared_ptr<const DnnPlan> plan;  // null: the input is copied
    Conv2DGeometry geometry;
    Epilogue epilogue;
    Epilogue own_epilogue;    // what cuDNN does not do within the plan
    size_t filter_bytes = 0;  // of the turned filter, in scratch memory
    size_t whole_bytes = 0;   // behind it: where the convolution writes that cannot write into its slice
  };

  absl::Status Decide(const PrepareContext& ctx, const ConcatBranch& from, Branch& branch) const {
    const Shape& filter = ctx.inputs[from.first_input + 1].shape;
    SLUICE_ASSIGN_OR_RETURN(branch.epilogue, ParseFusedOps(from.conv.fused_ops, from.conv.num_args));
    SLUICE_ASSIGN_OR_RETURN(branch.geometry,
                            ResolveConv2D(ToConv2DAttrs(from.conv), ctx.inputs[from.first_input].shape, filter));
    branch.channels = branch.geometry.out_channels;
    if (rows_ == 0) return absl::OkStatus();
    ConvSignature signature;
    signature.dtype = ctx.outputs[0].dtype;
    signature.tf32 = signature.dtype == DataType::kFloat && libraries_.tf32 && !ctx.exact;
    signature.deterministic = ctx.deterministic;
    signature.geometry = branch.geometry;
    signature.bias = branch.epilogue.bias;
    signature.activation = branch.epilogue.activation;
    signature.y_pitch = channels_;
    branch.filter_bytes = AlignedBytes(static_cast<size_t>(filter.num_elements() * element_));
    const bool is_aligned = branch.offset * element_ % kDnnAlignment == 0 && channels_ * element_ % kDnnAlignment == 0;
    if (is_aligned) {
      auto plan = libraries_.plans->Get(signature);
      if (plan.ok()) {
        branch.plan = *std::move(plan);
        return absl::OkStatus();
      }
      if (!absl::IsUnimplemented(plan.status())) return plan.status();
    }
    // Whole, and copied.
    signature.y_pitch = 0;
    branch.whole_bytes = AlignedBytes(static_cast<size_t>(rows_ * branch.channels * element_));
    auto whole = libraries_.plans->Get(signature);
    const bool can_follow = signature.dtype == DataType::kFloat || signature.dtype == DataType::kDouble;
    if (whole.ok() || !absl::IsUnimplemented(whole.status()) || !can_follow) {
      if (!whole.ok()) return whole.status();
      branch.plan = *std::move(whole);
      return absl::OkStatus();
    }
    branch.own_epilogue = branch.epilogue;
    signature.bias = false;
    signature.activation = EpilogueActivation::kNone;
    SLUICE_ASSIGN_OR_RETURN(branch.plan, libraries_.plans->Get(signature));
    return absl::OkStatus();
  }

  absl::Status Copy(RunContext& ctx, const Branch& branch, const void* from, void* to) const {
    return CopyRows(ctx, from, to, rows_, branch.channels * element_, channels_ * element_);
  }

  template <class T>
  absl::Status RunBranch(RunContext& ctx, const Branch& branch, void* to) const {
    SLUICE_ASSIGN_OR_RETURN(cudnnContext * dnn, static_cast<GpuStream*>(ctx.stream)->Dnn());
    const Conv2DGeometry& g = branch.geometry;
    char* scratch = AlignedScratch(ctx);
    T* turned = reinterpret_cast<T*>(scratch);
    SLUICE_RETURN_IF_ERROR(
        Turn(ctx, ctx.input<T>(branch.first_input + 1), turned, g.window_elements(), g.out_channels));
    const T* bias = branch.epilogue.bias ? ctx.input<T>(branch.first_input + 2) : nullptr;
    void* y = branch.whole_bytes > 0 ? scratch + branch.filter_bytes : to;
    ConvPointers pointers;
    pointers.x = ctx.input(branch.first_input);
    pointers.w = turned;
    pointers.y = y;
    pointers.bias = bias;
    SLUICE_RETURN_IF_ERROR(branch.plan->Execute(dnn, pointers, scratch + branch.filter_bytes + branch.whole_bytes));
    if (branch.whole_bytes == 0) return absl::OkStatus();
    if constexpr (std::is_floating_point_v<T>) {
      SLUICE_RETURN_IF_ERROR(ApplyEpilogue(ctx, branch.own_epilogue, static_cast<T*>(y),
                                           branch.own_epilogue.bias ? bias : nullptr, rows_, branch.channels));
    }
    return Copy(ctx, branch, y, to);
  }

  const Libraries libraries_;
  int64_t element_ = 0, rows_ = 0, channels_ = 0;
  std::vector<Branch> branches_;
  absl::Status (ConcatConvKernel::*run_)(RunContext&, const Branch&, void* to) const = nullptr;
};

}  // namespace

void RegisterConcatConv(LibraryRegistrar& r) {
  r.kernels.Add("_ConcatConv2D", [libraries = r.libraries] { return std::make_unique<ConcatConvKernel>(libraries); })
      .Types("T", {DataType::kFloat, DataType::kDouble, DataType::kHalf, DataType::kBfloat16});
}

}  // namespace sluice::gpu
