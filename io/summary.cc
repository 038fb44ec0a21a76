#include "io/summary.h"

#include <cstring>

#include "absl/container/flat_hash_set.h"

#include "core/status.h"
#include "io/png.h"
#include "io/summary_message.h"

namespace sluice {
namespace {

absl::Status NoSummary() { return absl::InvalidArgumentError("the bytes are no Summary message"); }

void WriteHistogram(const HistogramData& data, proto::HistogramProto& message) {
  message.set_min(data.min);
  message.set_max(data.max);
  message.set_num(data.num);
  message.set_sum(data.sum);
  message.set_sum_squares(data.sum_squares);
  message.mutable_bucket_limit()->Assign(data.bucket_limit.begin(), data.bucket_limit.end());
  message.mutable_bucket()->Assign(data.bucket.begin(), data.bucket.end());
}

HistogramData ReadHistogram(const proto::HistogramProto& message) {
  HistogramData data{.min = message.min(),
                     .max = message.max(),
                     .num = message.num(),
                     .sum = message.sum(),
                     .sum_squares = message.sum_squares()};
  data.bucket_limit.assign(message.bucket_limit().begin(), message.bucket_limit().end());
  data.bucket.assign(message.bucket().begin(), message.bucket().end());
  return data;
}

void WriteValue(const SummaryValue& value, proto::Summary::Value& message) {
  message.set_tag(value.tag);
  if (const float* scalar = std::get_if<float>(&value.value)) {
    message.set_simple_value(*scalar);
  } else if (const auto* histogram = std::get_if<HistogramData>(&value.value)) {
    WriteHistogram(*histogram, *message.mutable_histo());
  } else if (const auto* picture = std::get_if<SummaryPicture>(&value.value)) {
    message.mutable_image()->set_height(picture->height);
    message.mutable_image()->set_width(picture->width);
    message.mutable_image()->set_colorspace(picture->channels);
    message.mutable_image()->set_encoded_image_string(picture->encoded);
  }
}

// TensorFlow 2 writes a scalar as a tensor without dimensions.
bool IsFloatScalar(const proto::TensorProto& tensor) {
  return tensor.dtype() == proto::DT_FLOAT && tensor.tensor_shape().dim_size() == 0 &&
         (tensor.float_val_size() == 1 || tensor.tensor_content().size() == sizeof(float));
}

float FloatScalar(const proto::TensorProto& tensor) {
  if (tensor.float_val_size() == 1) return tensor.float_val(0);
  float value;
  std::memcpy(&value, tensor.tensor_content().data(), sizeof value);
  return value;
}

}  // namespace

absl::StatusOr<SummaryValue> PictureSummary(std::string tag, const Tensor& pixels) {
  SLUICE_ASSIGN_OR_RETURN(std::string png, EncodePng(pixels));
  return SummaryValue{std::move(tag), SummaryPicture{.height = static_cast<int32_t>(pixels.dim(0)),
                                                     .width = static_cast<int32_t>(pixels.dim(1)),
                                                     .channels = static_cast<int32_t>(pixels.dim(2)),
                                                     .encoded = std::move(png)}};
}

void WriteSummary(absl::Span<const SummaryValue> values, proto::Summary& message) {
  for (const SummaryValue& value : values) WriteValue(value, *message.add_value());
}

std::vector<SummaryValue> ReadSummary(const proto::Summary& message) {
  std::vector<SummaryValue> values;
  for (const proto::Summary::Value& from : message.value()) {
    SummaryValue value{.tag = from.tag(), .value = {}};
    if (from.has_histo()) {
      value.value = ReadHistogram(from.histo());
    } else if (from.has_image()) {
      const auto& image = from.image();
      value.value = SummaryPicture{.height = image.height(),
                                   .width = image.width(),
                                   .channels = image.colorspace(),
                                   .encoded = image.encoded_image_string()};
    } else if (from.value_case() == proto::Summary::Value::kSimpleValue) {
      value.value = from.simple_value();
    } else if (from.has_tensor() && IsFloatScalar(from.tensor())) {
      value.value = FloatScalar(from.tensor());
    }
    values.push_back(std::move(value));
  }
  return values;
}

std::string SerializeSummary(absl::Span<const SummaryValue> values) {
  proto::Summary message;
  WriteSummary(values, message);
  return message.SerializeAsString();
}

absl::StatusOr<std::vector<SummaryValue>> ParseSummary(absl::string_view bytes) {
  proto::Summary message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return NoSummary();
  return ReadSummary(message);
}

absl::StatusOr<std::string> MergeSummaries(absl::Span<const std::string> summaries) {
  proto::Summary merged;
  absl::flat_hash_set<std::string> tags;
  for (size_t i = 0; i < summaries.size(); ++i) {
    proto::Summary message;
    if (!message.ParseFromString(summaries[i])) return WithContext(NoSummary(), absl::StrCat("input ", i));
    for (proto::Summary::Value& value : *message.mutable_value()) {
      if (!tags.insert(value.tag()).second) {
        return absl::InvalidArgumentError(absl::StrCat("two summaries have the tag '", value.tag(), "'"));
      }
      *merged.add_value() = std::move(value);
    }
  }
  return merged.SerializeAsString();
}

}  // namespace sluice
