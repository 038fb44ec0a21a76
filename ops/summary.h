// What TensorBoard shows, made in the graph: each op gives a serialised Summary.
#pragma once

#include "core/attrs.h"

namespace sluice {

inline constexpr DataType kSummaryTypes[] = {
    DataType::kFloat, DataType::kDouble,   DataType::kInt32,  DataType::kUint8, DataType::kInt16,  DataType::kInt8,
    DataType::kInt64, DataType::kBfloat16, DataType::kUint16, DataType::kHalf,  DataType::kUint32, DataType::kUint64};

struct ScalarSummaryAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const ScalarSummaryAttrs&) const = default;
  void Visit(auto& v) { v.Required("T", T, OneOf(kSummaryTypes)); }
};

struct HistogramSummaryAttrs {
  DataType T = DataType::kFloat;
  bool operator==(const HistogramSummaryAttrs&) const = default;
  void Visit(auto& v) { v.Optional("T", T, OneOf(kSummaryTypes)); }
};

struct ImageSummaryAttrs {
  int64_t max_images = 3;
  DataType T = DataType::kFloat;
  Tensor bad_color = Tensor::Vector<uint8_t>({255, 0, 0, 255});  // of pixels that are not finite
  bool operator==(const ImageSummaryAttrs&) const = default;
  void Visit(auto& v) {
    v.Optional("max_images", max_images, AtLeast(1));
    v.Optional("T", T, OneOf({DataType::kUint8, DataType::kFloat, DataType::kHalf, DataType::kDouble}));
    v.Optional("bad_color", bad_color);
  }
};

struct MergeSummaryAttrs {
  int64_t N = 1;
  bool operator==(const MergeSummaryAttrs&) const = default;
  void Visit(auto& v) { v.Required("N", N, AtLeast(1)); }
};

}  // namespace sluice
