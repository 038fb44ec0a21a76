#include "ops/depthwise_conv.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

// The filter, of rank 4 and with one set of filters for each of the input's channels.
absl::Status CheckFilter(const std::string& data_format, const PartialShape& input, const PartialShape& filter) {
  int64_t channels = input.dim(ImageFormatOf(data_format).channels);
  if (channels == kUnknownDim || filter.dim(2) == kUnknownDim || channels == filter.dim(2)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the input has ", channels, " channels, the filter ", filter.ToString(), " is for ", filter.dim(2)));
}

absl::Status DepthwiseShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<DepthwiseConv2dNativeAttrs>());
  SLUICE_ASSIGN_OR_RETURN(PartialShape input, c.WithRank(0, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape filter, c.WithRank(1, 4));
  SLUICE_RETURN_IF_ERROR(CheckFilter(attrs.data_format, input, filter));
  SLUICE_ASSIGN_OR_RETURN(PartialShape grouped, ToGroupedFilter(filter));
  SLUICE_ASSIGN_OR_RETURN(PartialShape output, Conv2DOutputShape(ToConv2DAttrs(attrs), input, grouped));
  c.set_output(0, std::move(output));
  return absl::OkStatus();
}

absl::Status FusedShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<FusedConv2DAttrs>());
  SLUICE_ASSIGN_OR_RETURN(PartialShape input, c.WithRank(0, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape filter, c.WithRank(1, 4));
  SLUICE_RETURN_IF_ERROR(CheckFilter(attrs.data_format, input, filter));
  SLUICE_ASSIGN_OR_RETURN(PartialShape grouped, ToGroupedFilter(filter));
  return FusedConvShape(c, grouped);
}

absl::Status CheckAll(const DepthwiseConv2dNativeAttrs& attrs, const PartialShape& input, const PartialShape& filter,
                      const PartialShape& dy) {
  SLUICE_RETURN_IF_ERROR(CheckFilter(attrs.data_format, input, filter));
  SLUICE_ASSIGN_OR_RETURN(PartialShape grouped, ToGroupedFilter(filter));
  return CheckConv2DOutput(ToConv2DAttrs(attrs), input, grouped, dy);
}

absl::Status DepthwiseBackpropInputShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<DepthwiseConv2dNativeAttrs>());
  SLUICE_ASSIGN_OR_RETURN(PartialShape input, ConvSizesInput(c, 0));
  SLUICE_ASSIGN_OR_RETURN(PartialShape filter, c.WithRank(1, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape dy, c.WithRank(2, 4));
  if (input.dim(0) == kUnknownDim) input.set_dim(0, dy.dim(0));
  SLUICE_RETURN_IF_ERROR(CheckAll(attrs, input, filter, dy));
  c.set_output(0, std::move(input));
  return absl::OkStatus();
}

absl::Status DepthwiseBackpropFilterShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<DepthwiseConv2dNativeAttrs>());
  SLUICE_ASSIGN_OR_RETURN(PartialShape input, c.WithRank(0, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape filter, ConvSizesInput(c, 1));
  SLUICE_ASSIGN_OR_RETURN(PartialShape dy, c.WithRank(2, 4));
  SLUICE_RETURN_IF_ERROR(CheckAll(attrs, input, filter, dy));
  c.set_output(0, std::move(filter));
  return absl::OkStatus();
}

}  // namespace

Conv2DAttrs ToConv2DAttrs(const DepthwiseConv2dNativeAttrs& attrs) {
  return {.T = attrs.T,
          .strides = attrs.strides,
          .use_cudnn_on_gpu = true,
          .padding = attrs.padding,
          .explicit_paddings = attrs.explicit_paddings,
          .data_format = attrs.data_format,
          .dilations = attrs.dilations};
}

absl::StatusOr<PartialShape> ToGroupedFilter(const PartialShape& filter) {
  int64_t out = kUnknownDim;
  if (filter.dim(2) != kUnknownDim && filter.dim(3) != kUnknownDim &&
      !MultiplySafely(filter.dim(2), filter.dim(3), &out)) {
    return absl::InvalidArgumentError(absl::StrCat("the filter ", filter.ToString(), " has too many elements"));
  }
  return PartialShape{filter.dim(0), filter.dim(1), 1, out};
}

absl::StatusOr<Shape> ToGroupedFilterOf(const Shape& input, const Shape& filter) {
  if (input.rank() != 4 || filter.rank() != 4 || input.dim(3) != filter.dim(2)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a filter of shape ", filter.ToString(), " does not fit an input of shape ", input.ToString()));
  }
  SLUICE_ASSIGN_OR_RETURN(PartialShape grouped, ToGroupedFilter(filter));
  return grouped.ToShape();
}

void RegisterDepthwiseConv(OpRegistry& r) {
  r.Add<DepthwiseConv2dNativeAttrs>("DepthwiseConv2dNative")
      .Input("input: T")
      .Input("filter: T")
      .Output("output: T")
      .Shape(DepthwiseShape)
      .Doc(
          "Each channel convolved with its own filters of [height, width, channels, multiplier]; output channel "
          "c * multiplier + m is filter m of channel c.");
  r.Add<DepthwiseConv2dNativeAttrs>("DepthwiseConv2dNativeBackpropInput")
      .Input("input_sizes: int32")
      .Input("filter: T")
      .Input("out_backprop: T")
      .Output("output: T")
      .Shape(DepthwiseBackpropInputShape)
      .Doc("The gradient of DepthwiseConv2dNative with respect to its input, whose shape is input_sizes.");
  r.Add<DepthwiseConv2dNativeAttrs>("DepthwiseConv2dNativeBackpropFilter")
      .Input("input: T")
      .Input("filter_sizes: int32")
      .Input("out_backprop: T")
      .Output("output: T")
      .Shape(DepthwiseBackpropFilterShape)
      .Doc("The gradient of DepthwiseConv2dNative with respect to its filter, whose shape is filter_sizes.");
  r.Add<FusedConv2DAttrs>("_FusedDepthwiseConv2dNative")
      .Input("input: T")
      .Input("filter: T")
      .Input("args: num_args * T")
      .Output("output: T")
      .Shape(FusedShape)
      .Doc(
          "DepthwiseConv2dNative, then what fused_ops names: a bias, a tensor of the same shape that is added, an "
          "activation.");
}

}  // namespace sluice
