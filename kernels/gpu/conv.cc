// Convolution and its gradients by cuDNN. The graph's filters are HWIO and cuDNN wants OHWI for images that are NHWC, so a
// filter is turned first, and its gradient afterwards.
#include "ops/conv.h"

#include "absl/strings/str_join.h"

#include "kernels/gpu/epilogue.h"
#include "kernels/gpu/libraries.h"
#include "kernels/gpu/scratch.h"
#include "kernels/gpu/turn_filter.h"
#include "ops/depthwise_conv.h"

namespace sluice::gpu {
namespace {

// Where the tensors of a direction are among the node's arguments: the one that is written is output 0.
struct Arguments {
  int x, filter, y;  // indices of inputs, -1 for the output
};
constexpr Arguments kArguments[] = {{0, 1, -1}, {-1, 1, 2}, {0, -1, 2}};

class ConvKernel : public Kernel {
 public:
  ConvKernel(const Libraries& libraries, DnnDirection direction)
      : libraries_(libraries), direction_(direction), arguments_(kArguments[static_cast<int>(direction)]) {}

  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<Conv2DAttrs>());
    return Decide(ctx, attrs);
  }

  absl::Status Run(RunContext& ctx) const override {
    if (plan_ == nullptr) return ClearBytes(ctx, ctx.output(0), output_bytes_);
    return (this->*run_)(ctx);
  }

  std::string Describe() const override {
    return plan_ == nullptr ? "" : absl::StrCat("cuDNN ", plan_->name(), ", NHWC");
  }

 protected:
  absl::Status Decide(PrepareContext& ctx, const Conv2DAttrs& attrs) {
    if (attrs.data_format != "NHWC") {
      return absl::UnimplementedError("convolution in NCHW on the GPU: run the layout pass");
    }
    auto shape = [&](int i) -> const Shape& { return i < 0 ? ctx.outputs[0].shape : ctx.inputs[i].shape; };
    SLUICE_ASSIGN_OR_RETURN(Shape filter, FilterShape(shape(arguments_.x), shape(arguments_.filter)));
    SLUICE_ASSIGN_OR_RETURN(Conv2DGeometry g, ResolveConv2D(attrs, shape(arguments_.x), filter));
    const int64_t expected[] = {g.batch, g.height.output, g.width.output, g.out_channels};
    if (absl::MakeConstSpan(shape(arguments_.y).dims()) != absl::MakeConstSpan(expected)) {
      return absl::InvalidArgumentError(absl::StrCat("out_backprop has shape ", shape(arguments_.y).ToString(),
                                                     ", expected [", absl::StrJoin(expected, ","), "]"));
    }
    const DataType dtype = ctx.outputs[0].dtype;
    plan_ = nullptr;
    output_bytes_ = static_cast<size_t>(ctx.outputs[0].shape.num_elements()) * DataTypeSize(dtype);
    if (g.batch == 0 || g.output_pixels() == 0) return absl::OkStatus();  // nothing to write, or a gradient of zeros

    ConvSignature signature;
    signature.direction = direction_;
    signature.dtype = dtype;
    signature.tf32 = dtype == DataType::kFloat && libraries_.tf32 && !ctx.exact;
    signature.deterministic = ctx.deterministic;
    signature.geometry = g;
    SLUICE_ASSIGN_OR_RETURN(plan_, PlanFor(signature));
    geometry_ = g;
    // Half and bfloat16 are moved here, and computed by cuDNN alone.
    run_ = dtype == DataType::kDouble  ? &ConvKernel::RunAs<double>
           : dtype == DataType::kFloat ? &ConvKernel::RunAs<float>
                                       : &ConvKernel::RunAs<uint16_t>;
    filter_bytes_ = AlignedBytes(static_cast<size_t>(filter.num_elements()) * DataTypeSize(dtype));
    RequestAlignedScratch(ctx, filter_bytes_ + static_cast<size_t>(plan_->workspace_bytes()));
    return absl::OkStatus();
  }

  // The filter as Conv2D has it, where the op has it under another shape.
  virtual absl::StatusOr<Shape> FilterShape(const Shape& /*input*/, const Shape& filter) const { return filter; }

  Epilogue epilogue_;

 private:
  // With the epilogue in the plan, or where cuDNN refuses that, after it.
  absl::StatusOr<std::shared_ptr<const DnnPlan>> PlanFor(ConvSignature signature) {
    own_epilogue_ = {};
    signature.bias = epilogue_.bias;
    signature.residual = epilogue_.residual;
    signature.activation = epilogue_.activation;
    auto whole = libraries_.plans->Get(signature);
    // Half and bfloat16 have no epilogue of our own.
    const bool can_follow = signature.dtype == DataType::kFloat || signature.dtype == DataType::kDouble;
    if (whole.ok() || epilogue_.is_none() || !can_follow || !absl::IsUnimplemented(whole.status())) return whole;
    own_epilogue_ = epilogue_;
    signature.bias = signature.residual = false;
    signature.activation = EpilogueActivation::kNone;
    return libraries_.plans->Get(signature);
  }

  template <class T>
  absl::Status RunAs(RunContext& ctx) const {
    auto* stream = static_cast<GpuStream*>(ctx.stream);
    SLUICE_ASSIGN_OR_RETURN(cudnnContext * dnn, stream->Dnn());
    auto argument = [&](int i) -> const void* { return i < 0 ? ctx.output(0) : ctx.input(i); };
    char* scratch = AlignedScratch(ctx);
    T* turned = reinterpret_cast<T*>(scratch);
    const bool writes_filter = direction_ == DnnDirection::kFilter;
    const int64_t rows = geometry_.window_elements(), columns = geometry_.out_channels;
    if (!writes_filter) {
      SLUICE_RETURN_IF_ERROR(Turn(ctx, static_cast<const T*>(argument(arguments_.filter)), turned, rows, columns));
    }
    ConvPointers pointers;
    pointers.x = argument(arguments_.x);
    pointers.w = turned;
    pointers.y = argument(arguments_.y);
    const T* bias = epilogue_.bias ? ctx.input<T>(2) : nullptr;
    const T* residual = epilogue_.residual ? ctx.input<T>(1 + epilogue_.num_args()) : nullptr;
    pointers.bias = bias;  // which a plan without one does not look at
    pointers.residual = residual;
    SLUICE_RETURN_IF_ERROR(plan_->Execute(dnn, pointers, scratch + filter_bytes_));
    if (writes_filter) return Turn(ctx, static_cast<const T*>(turned), ctx.output<T>(0), columns, rows);
    if constexpr (std::is_floating_point_v<T>) {
      return ApplyEpilogue(ctx, own_epilogue_, ctx.output<T>(0), own_epilogue_.bias ? bias : nullptr,
                           geometry_.batch * geometry_.output_pixels(), columns,
                           own_epilogue_.residual ? residual : nullptr);
    }
    return absl::OkStatus();
  }

  const Libraries libraries_;
  const DnnDirection direction_;
  const Arguments arguments_;
  std::shared_ptr<const DnnPlan> plan_;  // null: the output is empty, or zeros
  Conv2DGeometry geometry_;
  Epilogue own_epilogue_;  // what cuDNN does not do within the plan
  absl::Status (ConvKernel::*run_)(RunContext&) const = nullptr;
  size_t filter_bytes_ = 0, output_bytes_ = 0;
};

// A grouped convolution whose filter comes under another shape.
class DepthwiseKernel : public ConvKernel {
 public:
  using ConvKernel::ConvKernel;
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<DepthwiseConv2dNativeAttrs>());
    return Decide(ctx, ToConv2DAttrs(attrs));
  }

 protected:
  absl::StatusOr<Shape> FilterShape(const Shape& input, const Shape& filter) const override {
    return ToGroupedFilterOf(input, filter);
  }
};

// _FusedConv2D and _FusedDepthwiseConv2dNative.
template <class Base>
class FusedKernel : public Base {
 public:
  using Base::Base;
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<FusedConv2DAttrs>());
    SLUICE_ASSIGN_OR_RETURN(this->epilogue_, ParseFusedOps(attrs.fused_ops, attrs.num_args, true));
    return this->Decide(ctx, ToConv2DAttrs(attrs));
  }
};

template <class K>
KernelDef& AddConv(LibraryRegistrar& r, const std::string& op, DnnDirection direction) {
  return r.kernels.Add(op, [libraries = r.libraries, direction] { return std::make_unique<K>(libraries, direction); });
}

}  // namespace

void RegisterConv(LibraryRegistrar& r) {
  constexpr DataType kTypes[] = {DataType::kFloat, DataType::kDouble, DataType::kHalf, DataType::kBfloat16};
  AddConv<ConvKernel>(r, "Conv2D", DnnDirection::kForward).Types("T", kTypes);
  AddConv<ConvKernel>(r, "Conv2DBackpropInput", DnnDirection::kInput).Types("T", kTypes).HostInputs({0});
  AddConv<ConvKernel>(r, "Conv2DBackpropFilter", DnnDirection::kFilter).Types("T", kTypes).HostInputs({1});
  AddConv<DepthwiseKernel>(r, "DepthwiseConv2dNative", DnnDirection::kForward).Types("T", kTypes);
  AddConv<DepthwiseKernel>(r, "DepthwiseConv2dNativeBackpropInput", DnnDirection::kInput)
      .Types("T", kTypes)
      .HostInputs({0});
  AddConv<DepthwiseKernel>(r, "DepthwiseConv2dNativeBackpropFilter", DnnDirection::kFilter)
      .Types("T", kTypes)
      .HostInputs({1});
  AddConv<FusedKernel<ConvKernel>>(r, "_FusedConv2D", DnnDirection::kForward).Types("T", kTypes);
  AddConv<FusedKernel<DepthwiseKernel>>(r, "_FusedDepthwiseConv2dNative", DnnDirection::kForward).Types("T", kTypes);
}

}  // namespace sluice::gpu
