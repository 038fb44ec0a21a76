// Batch normalisation over everything but the channels (Ioffe and Szegedy 2015), and its gradient.
#pragma once

#include <string>
#include <vector>

#include "core/attrs.h"

namespace sluice {

// FusedBatchNorm, which has one type.
struct FusedBatchNormAttrs {
  DataType T = DataType::kFloat;
  float epsilon = 0.0001F;
  float exponential_avg_factor = 1;
  std::string data_format = "NHWC";
  bool is_training = true;
  bool operator==(const FusedBatchNormAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf({DataType::kFloat}));
    v.Optional("epsilon", epsilon);
    v.Optional("exponential_avg_factor", exponential_avg_factor);
    v.Optional("data_format", data_format, OneOf({"NHWC", "NCHW"}));
    v.Optional("is_training", is_training);
  }
};

// FusedBatchNormV2 and V3: U is the type of statistics, scale and offset.
struct FusedBatchNormV3Attrs {
  DataType T = DataType::kFloat;
  DataType U = DataType::kFloat;
  float epsilon = 0.0001F;
  float exponential_avg_factor = 1;
  std::string data_format = "NHWC";
  bool is_training = true;
  bool operator==(const FusedBatchNormV3Attrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf({DataType::kHalf, DataType::kBfloat16, DataType::kFloat}));
    v.Required("U", U, OneOf({DataType::kBfloat16, DataType::kFloat}));
    v.Optional("epsilon", epsilon);
    v.Optional("exponential_avg_factor", exponential_avg_factor);
    v.Optional("data_format", data_format, OneOf({"NHWC", "NCHW", "NDHWC", "NCDHW"}));
    v.Optional("is_training", is_training);
  }
};

struct FusedBatchNormGradAttrs {
  DataType T = DataType::kFloat;
  float epsilon = 0.0001F;
  std::string data_format = "NHWC";
  bool is_training = true;
  bool operator==(const FusedBatchNormGradAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf({DataType::kFloat}));
    v.Optional("epsilon", epsilon);
    v.Optional("data_format", data_format, OneOf({"NHWC", "NCHW"}));
    v.Optional("is_training", is_training);
  }
};

// FusedBatchNormGradV2 and V3.
struct FusedBatchNormGradV3Attrs {
  DataType T = DataType::kFloat;
  DataType U = DataType::kFloat;
  float epsilon = 0.0001F;
  std::string data_format = "NHWC";
  bool is_training = true;
  bool operator==(const FusedBatchNormGradV3Attrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf({DataType::kHalf, DataType::kBfloat16, DataType::kFloat}));
    v.Required("U", U, OneOf({DataType::kFloat}));
    v.Optional("epsilon", epsilon);
    v.Optional("data_format", data_format, OneOf({"NHWC", "NCHW", "NDHWC", "NCDHW"}));
    v.Optional("is_training", is_training);
  }
};

// The axis of the channels in a tensor of the format's rank.
inline int ChannelAxisOf(const std::string& data_format) {
  return data_format[1] == 'C' ? 1 : static_cast<int>(data_format.size()) - 1;
}

}  // namespace sluice
