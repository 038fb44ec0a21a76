// The kernel of convolutions in all directions, by oneDNN where that is worth it (conv_algorithm.h), else by our own GEMM.
#pragma once

#include <cstring>

#include "absl/strings/str_join.h"

#include "core/kernel.h"
#include "kernels/cpu/conv_gemm.h"
#include "kernels/cpu/onednn.h"

namespace sluice::cpu {

inline absl::StatusOr<Conv2DGeometry> ConvGeometry(const Conv2DAttrs& attrs, const Shape& input, const Shape& filter) {
  if (attrs.data_format != "NHWC") {
    return absl::UnimplementedError("convolution in NCHW on the CPU: run the layout pass");
  }
  return ResolveConv2D(attrs, input, filter);
}

// dy may come from anywhere, and the shape function may not have known it.
inline absl::Status CheckConvOutput(const Conv2DGeometry& g, const Shape& dy) {
  const int64_t expected[] = {g.batch, g.height.output, g.width.output, g.out_channels};
  if (absl::MakeConstSpan(dy.dims()) == absl::MakeConstSpan(expected)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("out_backprop has shape ", dy.ToString(), ", expected [", absl::StrJoin(expected, ","), "]"));
}

// Where the tensors of a direction are among the node's arguments: the one that is written is output 0.
struct ConvArguments {
  int x, filter, y;  // indices of inputs, -1 for the output
};
inline constexpr ConvArguments kConvArguments[] = {{0, 1, -1}, {-1, 1, 2}, {0, -1, 2}};

class ConvKernel : public Kernel {
 public:
  explicit ConvKernel(ConvDirection direction)
      : direction_(direction), arguments_(kConvArguments[static_cast<int>(direction)]) {}

  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<Conv2DAttrs>());
    return Decide(ctx, attrs);
  }
  absl::Status Run(RunContext& ctx) const override { return (this->*run_)(ctx); }
  std::unique_ptr<KernelState> NewState() const override { return onednn_ ? onednn_->NewState() : nullptr; }

 protected:
  absl::Status Decide(PrepareContext& ctx, const Conv2DAttrs& attrs) {
    auto shape = [&](int i) -> const Shape& { return i < 0 ? ctx.outputs[0].shape : ctx.inputs[i].shape; };
    SLUICE_ASSIGN_OR_RETURN(Shape filter, FilterShape(shape(arguments_.x), shape(arguments_.filter)));
    SLUICE_ASSIGN_OR_RETURN(Conv2DGeometry g, ConvGeometry(attrs, shape(arguments_.x), filter));
    SLUICE_RETURN_IF_ERROR(CheckConvOutput(g, shape(arguments_.y)));
    if (epilogue_.residual) {
      // It is added to where it is: the output lies over it, or gets a copy first.
      residual_ = 2 + epilogue_.num_args() - 1;
      if (!(ctx.inputs[residual_].shape == ctx.outputs[0].shape)) {
        return absl::InvalidArgumentError(absl::StrCat("what is added has shape ",
                                                       ctx.inputs[residual_].shape.ToString(), ", the convolution ",
                                                       ctx.outputs[0].shape.ToString()));
      }
      ctx.AllowInPlace(residual_, 0);
      residual_bytes_ = static_cast<size_t>(ctx.outputs[0].shape.num_elements()) * DataTypeSize(ctx.outputs[0].dtype);
    }
    output_bytes_ = g.batch == 0 || g.output_pixels() == 0
                        ? ctx.outputs[0].shape.num_elements() * DataTypeSize(ctx.outputs[0].dtype)
                        : 0;
    onednn_ = nullptr;
    if (g.batch == 0 || g.output_pixels() == 0) {
      run_ = &ConvKernel::RunEmpty;
      return absl::OkStatus();
    }
    switch (ctx.outputs[0].dtype) {
      case DataType::kFloat:
        return DecideFloat(ctx, g);
      case DataType::kDouble:
        return DecideGemm<double>(ctx, g);
      case DataType::kInt32:
        return DecideGemm<int32_t>(ctx, g);
      default:
        return absl::UnimplementedError(absl::StrCat("convolution of ", DataTypeName(ctx.outputs[0].dtype)));
    }
  }

  // The filter as Conv2D has it, where the op has it under another shape.
  virtual absl::StatusOr<Shape> FilterShape(const Shape& /*input*/, const Shape& filter) const { return filter; }

  Epilogue epilogue_;

 private:
  absl::Status DecideFloat(PrepareContext& ctx, const Conv2DGeometry& g) {
    auto onednn = OnednnConvolution::Create(direction_, g, epilogue_);
    if (!onednn.ok()) {  // whatever the reason, our own way does it
      return DecideGemm<float>(ctx, g);
    }
    onednn_ = *std::move(onednn);
    if (arguments_.filter >= 0) {
      if (const Tensor* constant = ctx.inputs[arguments_.filter].constant) {
        SLUICE_RETURN_IF_ERROR(onednn_->SetConstantFilter(constant->data<float>()));
      }
    }
    ctx.RequestScratch(onednn_->scratch_bytes());
    run_ = &ConvKernel::RunOnednn;
    return absl::OkStatus();
  }

  template <class T>
  absl::Status DecideGemm(PrepareContext& ctx, const Conv2DGeometry& g) {
    auto make_plan = direction_ == ConvDirection::kForward ? PlanConvForward
                     : direction_ == ConvDirection::kInput ? PlanConvInput
                                                           : PlanConvFilter;
    plan_ = make_plan(g, ctx.threads, sizeof(T));
    plan_.accumulates = epilogue_.residual;
    ctx.RequestScratch(plan_.scratch_bytes);
    run_ = &ConvKernel::RunGemm<T>;
    return absl::OkStatus();
  }

  // Inputs are not written to; the pointers of all three have one type because a direction writes one of
  // them.
  template <class T>
  static T* Argument(RunContext& ctx, int i) {
    return i < 0 ? ctx.output<T>(0) : const_cast<T*>(ctx.input<T>(i));
  }

  void CopyResidual(RunContext& ctx) const {
    if (residual_ < 0 || ctx.input(residual_) == ctx.output(0)) return;
    std::memcpy(ctx.output(0), ctx.input(residual_), residual_bytes_);
  }

  absl::Status RunEmpty(RunContext& ctx) const {
    // No output pixel: nothing to write, or a gradient of zeros.
    std::fill_n(ctx.output<char>(0), output_bytes_, 0);
    return absl::OkStatus();
  }

  absl::Status RunOnednn(RunContext& ctx) const {
    CopyResidual(ctx);
    return onednn_->Run(*ctx.state, Argument<float>(ctx, arguments_.x), Argument<float>(ctx, arguments_.filter),
                        epilogue_.bias ? ctx.input<float>(2) : nullptr, Argument<float>(ctx, arguments_.y),
                        ctx.scratch_memory);
  }

  template <class T>
  absl::Status RunGemm(RunContext& ctx) const {
    CopyResidual(ctx);
    T *x = Argument<T>(ctx, arguments_.x), *w = Argument<T>(ctx, arguments_.filter),
      *y = Argument<T>(ctx, arguments_.y), *scratch = ctx.scratch<T>();
    switch (direction_) {
      case ConvDirection::kForward:
        return ConvForward<T>(plan_, x, w, epilogue_.bias ? ctx.input<T>(2) : nullptr, epilogue_.activation, y,
                              scratch);
      case ConvDirection::kInput:
        return ConvInput<T>(plan_, x, w, y, scratch);
      case ConvDirection::kFilter:
        return ConvFilter<T>(plan_, x, w, y, scratch);
    }
    return absl::OkStatus();
  }

  const ConvDirection direction_;
  const ConvArguments arguments_;
  std::unique_ptr<OnednnConvolution> onednn_;
  ConvGemmPlan plan_;
  int64_t output_bytes_ = 0;
  int residual_ = -1;  // the input; -1: none
  size_t residual_bytes_ = 0;
  absl::Status (ConvKernel::*run_)(RunContext&) const = nullptr;
};

class FusedConvKernel : public ConvKernel {
 public:
  FusedConvKernel() : ConvKernel(ConvDirection::kForward) {}
  absl::Status Prepare(PrepareContext& ctx) override {
    SLUICE_ASSIGN_OR_RETURN(auto attrs, ctx.Parse<FusedConv2DAttrs>());
    SLUICE_ASSIGN_OR_RETURN(epilogue_, ParseFusedOps(attrs.fused_ops, attrs.num_args, true));
    return Decide(ctx, ToConv2DAttrs(attrs));
  }
};

}  // namespace sluice::cpu
