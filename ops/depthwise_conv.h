// Depthwise convolution and its gradients: each channel is convolved with filters of its own.
#pragma once

#include "ops/conv.h"

namespace sluice {

struct DepthwiseConv2dNativeAttrs {
  DataType T = DataType::kFloat;
  std::vector<int64_t> strides;
  std::string padding = "VALID";
  std::vector<int64_t> explicit_paddings;
  std::string data_format = "NHWC";
  std::vector<int64_t> dilations = {1, 1, 1, 1};
  bool operator==(const DepthwiseConv2dNativeAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf({DataType::kHalf, DataType::kBfloat16, DataType::kFloat, DataType::kDouble}));
    v.Required("strides", strides);
    v.Required("padding", padding, OneOf({"SAME", "VALID", "EXPLICIT"}));
    v.Optional("explicit_paddings", explicit_paddings);
    v.Optional("data_format", data_format, OneOf({"NHWC", "NCHW"}));
    v.Optional("dilations", dilations);
  }
};

// The grouped Conv2D that it is: a filter [height, width, channels, multiplier] is, element by element, one of
// [height, width, 1, channels * multiplier].
Conv2DAttrs ToConv2DAttrs(const DepthwiseConv2dNativeAttrs& attrs);
// REQUIRES: rank 4. InvalidArgument where the product overflows.
absl::StatusOr<PartialShape> ToGroupedFilter(const PartialShape& filter);
// The same for an NHWC input; InvalidArgument where the filter does not fit it.
absl::StatusOr<Shape> ToGroupedFilterOf(const Shape& input, const Shape& filter);

}  // namespace sluice
