// Two-dimensional convolution and its gradients.
#pragma once

#include "core/attrs.h"
#include "ops/shape_context.h"
#include "ops/window.h"

namespace sluice {

struct Conv2DAttrs {
  DataType T = DataType::kFloat;
  std::vector<int64_t> strides;
  bool use_cudnn_on_gpu = true;
  std::string padding = "VALID";
  std::vector<int64_t> explicit_paddings;
  std::string data_format = "NHWC";
  std::vector<int64_t> dilations = {1, 1, 1, 1};
  bool operator==(const Conv2DAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T,
               OneOf({DataType::kHalf, DataType::kBfloat16, DataType::kFloat, DataType::kDouble, DataType::kInt32}));
    v.Required("strides", strides);
    v.Optional("use_cudnn_on_gpu", use_cudnn_on_gpu);
    v.Required("padding", padding, OneOf({"SAME", "VALID", "EXPLICIT"}));
    v.Optional("explicit_paddings", explicit_paddings);
    v.Optional("data_format", data_format, OneOf({"NHWC", "NCHW"}));
    v.Optional("dilations", dilations);
  }
};

// _FusedConv2D, _FusedDepthwiseConv2dNative.
struct FusedConv2DAttrs {
  DataType T = DataType::kFloat;
  int64_t num_args = 0;
  std::vector<int64_t> strides;
  std::string padding = "VALID";
  std::vector<int64_t> explicit_paddings;
  std::string data_format = "NHWC";
  std::vector<int64_t> dilations = {1, 1, 1, 1};
  std::vector<std::string> fused_ops;  // see ops/fused_ops.h
  bool operator==(const FusedConv2DAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf({DataType::kHalf, DataType::kBfloat16, DataType::kFloat, DataType::kDouble}));
    v.Required("num_args", num_args, AtLeast(0));
    v.Required("strides", strides);
    v.Required("padding", padding, OneOf({"SAME", "VALID", "EXPLICIT"}));
    v.Optional("explicit_paddings", explicit_paddings);
    v.Optional("data_format", data_format, OneOf({"NHWC", "NCHW"}));
    v.Optional("dilations", dilations);
    v.Optional("fused_ops", fused_ops);
  }
};

// The convolution within a fused one.
Conv2DAttrs ToConv2DAttrs(const FusedConv2DAttrs& attrs);

// Everything that the attributes and two shapes decide. Filters are [height, width, channels of a group,
// output channels] (HWIO); output channels belong to groups in order.
struct Conv2DGeometry {
  int64_t batch = 0;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t groups = 1;
  WindowAxis height, width;

  int64_t group_in() const { return in_channels / groups; }
  int64_t group_out() const { return out_channels / groups; }
  // Pixels of an output image; elements of a window in one group.
  int64_t output_pixels() const { return height.output * width.output; }
  int64_t window_elements() const { return height.window * width.window * group_in(); }
  bool operator==(const Conv2DGeometry&) const = default;
};

// InvalidArgument for shapes that are not of rank 4, a filter with a dimension of 0, channels that the
// filter's do not divide, and as in ops/window.h.
absl::StatusOr<Conv2DGeometry> ResolveConv2D(const Conv2DAttrs& attrs, const Shape& input, const Shape& filter);

// For shape functions: the output's shape as far as it is known, for an input and a filter of rank 4; errors as above.
absl::StatusOr<PartialShape> Conv2DOutputShape(const Conv2DAttrs& attrs, const PartialShape& input,
                                               const PartialShape& filter);
// `dy` must have the shape that convolving `input` with `filter` gives.
absl::Status CheckConv2DOutput(const Conv2DAttrs& attrs, const PartialShape& input, const PartialShape& filter,
                               const PartialShape& dy);
// The shape function of fused forms, for a filter as Conv2D has it.
absl::Status FusedConvShape(ShapeContext& c, const PartialShape& filter);
// The value of input `i` as a shape of rank 4.
absl::StatusOr<PartialShape> ConvSizesInput(const ShapeContext& c, int i);

}  // namespace sluice
