#include "ops/conv.h"

#include "ops/fused_ops.h"
#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

absl::Status Check(const Conv2DAttrs& attrs) {
  ImageFormat format = ImageFormatOf(attrs.data_format);
  SLUICE_RETURN_IF_ERROR(CheckPerDimension(attrs.strides, format, "strides"));
  SLUICE_RETURN_IF_ERROR(CheckPerDimension(attrs.dilations, format, "dilations"));
  return CheckExplicitPaddings(attrs.padding, attrs.explicit_paddings, format);
}

absl::Status CheckChannels(int64_t in_channels, const PartialShape& filter) {
  for (int i = 0; i < 4; ++i) {
    if (filter.dim(i) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("the filter has shape ", filter.ToString(), ": no dimension may be 0"));
    }
  }
  int64_t group_in = filter.dim(2), out = filter.dim(3);
  if (in_channels == kUnknownDim || group_in == kUnknownDim) return absl::OkStatus();
  if (in_channels == 0 || in_channels % group_in != 0) {
    return absl::InvalidArgumentError(absl::StrCat("an input of ", in_channels,
                                                   " channels is not divided by the filter's ", group_in, " (filter ",
                                                   filter.ToString(), ")"));
  }
  int64_t groups = in_channels / group_in;
  if (out != kUnknownDim && out % groups != 0) {
    return absl::InvalidArgumentError(absl::StrCat(out, " output channels are not divided by ", groups, " groups (",
                                                   in_channels, " input channels, filter ", filter.ToString(), ")"));
  }
  return absl::OkStatus();
}

AxisPadding Padding(const Conv2DAttrs& attrs, int axis) {
  return PaddingOf(attrs.padding, attrs.explicit_paddings, axis);
}

absl::Status Conv2DShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<Conv2DAttrs>());
  SLUICE_ASSIGN_OR_RETURN(PartialShape input, c.WithRank(0, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape filter, c.WithRank(1, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape output, Conv2DOutputShape(attrs, input, filter));
  c.set_output(0, std::move(output));
  return absl::OkStatus();
}

absl::Status FusedConv2DShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape filter, c.WithRank(1, 4));
  return FusedConvShape(c, filter);
}

absl::Status BackpropInputShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<Conv2DAttrs>());
  SLUICE_ASSIGN_OR_RETURN(PartialShape filter, c.WithRank(1, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape dy, c.WithRank(2, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape sizes, c.input_as_shape(0));
  ImageFormat format = ImageFormatOf(attrs.data_format);
  PartialShape input = PartialShape::OfRank(4);
  if (sizes.has_rank() && sizes.rank() == 2) {  // height and width alone
    input.set_dim(0, dy.dim(0));
    input.set_dim(format.height, sizes.dim(0));
    input.set_dim(format.width, sizes.dim(1));
    input.set_dim(format.channels, filter.dim(2));
  } else {
    SLUICE_ASSIGN_OR_RETURN(input, ConvSizesInput(c, 0));
    if (input.dim(0) == kUnknownDim) input.set_dim(0, dy.dim(0));
  }
  SLUICE_RETURN_IF_ERROR(CheckConv2DOutput(attrs, input, filter, dy));
  c.set_output(0, std::move(input));
  return absl::OkStatus();
}

absl::Status BackpropFilterShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<Conv2DAttrs>());
  SLUICE_ASSIGN_OR_RETURN(PartialShape input, c.WithRank(0, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape filter, ConvSizesInput(c, 1));
  SLUICE_ASSIGN_OR_RETURN(PartialShape dy, c.WithRank(2, 4));
  if (filter.dim(3) == kUnknownDim) filter.set_dim(3, dy.dim(ImageFormatOf(attrs.data_format).channels));
  SLUICE_RETURN_IF_ERROR(CheckConv2DOutput(attrs, input, filter, dy));
  c.set_output(0, std::move(filter));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PartialShape> Conv2DOutputShape(const Conv2DAttrs& attrs, const PartialShape& input,
                                               const PartialShape& filter) {
  SLUICE_RETURN_IF_ERROR(Check(attrs));
  ImageFormat format = ImageFormatOf(attrs.data_format);
  SLUICE_RETURN_IF_ERROR(CheckChannels(input.dim(format.channels), filter));
  PartialShape output = input;
  for (int i = 0; i < 2; ++i) {
    int axis = i == 0 ? format.height : format.width;
    auto size =
        WindowedSize(input.dim(axis), filter.dim(i), attrs.strides[axis], attrs.dilations[axis], Padding(attrs, axis));
    if (!size.ok()) return WithContext(size.status(), i == 0 ? "height" : "width");
    output.set_dim(axis, *size);
  }
  output.set_dim(format.channels, filter.dim(3));
  return output;
}

absl::Status CheckConv2DOutput(const Conv2DAttrs& attrs, const PartialShape& input, const PartialShape& filter,
                               const PartialShape& dy) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape output, Conv2DOutputShape(attrs, input, filter));
  if (dy.IsCompatibleWith(output)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("out_backprop has shape ", dy.ToString(), ", convolving ",
                                                 input.ToString(), " with ", filter.ToString(), " gives ",
                                                 output.ToString()));
}

absl::StatusOr<PartialShape> ConvSizesInput(const ShapeContext& c, int i) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape sizes, c.input_as_shape(i));
  auto merged = sizes.MergedWith(PartialShape::OfRank(4));
  if (merged.ok()) return merged;
  return absl::InvalidArgumentError(absl::StrCat("input ", i, " must have 4 elements, is ", sizes.ToString()));
}

absl::Status FusedConvShape(ShapeContext& c, const PartialShape& filter) {
  SLUICE_ASSIGN_OR_RETURN(auto fused, c.attrs<FusedConv2DAttrs>());
  SLUICE_ASSIGN_OR_RETURN(Epilogue epilogue, ParseFusedOps(fused.fused_ops, fused.num_args, true));
  Conv2DAttrs attrs = ToConv2DAttrs(fused);
  SLUICE_ASSIGN_OR_RETURN(PartialShape input, c.WithRank(0, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape output, Conv2DOutputShape(attrs, input, filter));
  if (epilogue.bias) {
    SLUICE_ASSIGN_OR_RETURN(PartialShape bias, c.WithRank(2, 1));
    int channels = ImageFormatOf(attrs.data_format).channels;
    if (!bias.IsCompatibleWith(PartialShape{output.dim(channels)})) {
      return absl::InvalidArgumentError(
          absl::StrCat("bias has shape ", bias.ToString(), ", the convolution ", output.ToString()));
    }
    if (output.dim(channels) == kUnknownDim) output.set_dim(channels, bias.dim(0));
  }
  if (epilogue.residual) {
    const int at = 2 + epilogue.num_args() - 1;
    auto merged = output.MergedWith(c.input(at));
    if (!merged.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("what is added has shape ", c.input(at).ToString(), ", the convolution ", output.ToString()));
    }
    output = *std::move(merged);
  }
  c.set_output(0, std::move(output));
  return absl::OkStatus();
}

Conv2DAttrs ToConv2DAttrs(const FusedConv2DAttrs& attrs) {
  return {.T = attrs.T,
          .strides = attrs.strides,
          .use_cudnn_on_gpu = true,
          .padding = attrs.padding,
          .explicit_paddings = attrs.explicit_paddings,
          .data_format = attrs.data_format,
          .dilations = attrs.dilations};
}

absl::StatusOr<Conv2DGeometry> ResolveConv2D(const Conv2DAttrs& attrs, const Shape& input, const Shape& filter) {
  if (input.rank() != 4 || filter.rank() != 4) {
    return absl::InvalidArgumentError(absl::StrCat("expected rank 4, got an input of shape ", input.ToString(),
                                                   " and a filter of shape ", filter.ToString()));
  }
  SLUICE_RETURN_IF_ERROR(Check(attrs));
  ImageFormat format = ImageFormatOf(attrs.data_format);
  SLUICE_RETURN_IF_ERROR(CheckChannels(input.dim(format.channels), filter));
  Conv2DGeometry g;
  g.batch = input.dim(0);
  g.in_channels = input.dim(format.channels);
  g.out_channels = filter.dim(3);
  g.groups = g.in_channels / filter.dim(2);
  for (int i = 0; i < 2; ++i) {
    int axis = i == 0 ? format.height : format.width;
    SLUICE_ASSIGN_OR_RETURN((i == 0 ? g.height : g.width),
                            ResolveWindow(input.dim(axis), filter.dim(i), attrs.strides[axis], attrs.dilations[axis],
                                          Padding(attrs, axis)));
  }
  return g;
}

void RegisterConv(OpRegistry& r) {
  r.Add<Conv2DAttrs>("Conv2D")
      .Input("input: T")
      .Input("filter: T")
      .Output("output: T")
      .Shape(Conv2DShape)
      .Doc(
          "Two-dimensional convolution (cross-correlation) with a filter [height, width, in, out]; an input "
          "of more "
          "channels than the filter's is convolved in groups.");
  r.Add<Conv2DAttrs>("Conv2DBackpropInput")
      .Input("input_sizes: int32")
      .Input("filter: T")
      .Input("out_backprop: T")
      .Output("output: T")
      .Shape(BackpropInputShape)
      .Doc("The gradient of Conv2D with respect to its input, whose shape is input_sizes.");
  r.Add<Conv2DAttrs>("Conv2DBackpropFilter")
      .Input("input: T")
      .Input("filter_sizes: int32")
      .Input("out_backprop: T")
      .Output("output: T")
      .Shape(BackpropFilterShape)
      .Doc("The gradient of Conv2D with respect to its filter, whose shape is filter_sizes.");
  r.Add<FusedConv2DAttrs>("_FusedConv2D")
      .Input("input: T")
      .Input("filter: T")
      .Input("args: num_args * T")
      .Output("output: T")
      .Shape(FusedConv2DShape)
      .Doc("Conv2D, then what fused_ops names: a bias, a tensor of the same shape that is added, an activation.");
}

}  // namespace sluice
