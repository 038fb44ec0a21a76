// Values under tags, as TensorFlow's Summary messages hold them and TensorBoard shows them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "core/api.h"
#include "core/tensor.h"
#include "io/histogram.h"

namespace SLUICE_API sluice {

struct SummaryPicture {
  int32_t height = 0, width = 0;
  int32_t channels = 0;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
  std::string encoded;   // a PNG file
  bool operator==(const SummaryPicture&) const = default;
};

struct SummaryValue {
  std::string tag;
  // monostate: of a kind that is not read (audio, tensors other than scalars).
  std::variant<std::monostate, float, HistogramData, SummaryPicture> value;
  bool operator==(const SummaryValue&) const = default;
};

// `pixels`: uint8 [height, width, 1 to 4 channels]; InvalidArgument otherwise.
absl::StatusOr<SummaryValue> PictureSummary(std::string tag, const Tensor& pixels);

std::string SerializeSummary(absl::Span<const SummaryValue> values);
// InvalidArgument for what is no Summary.
absl::StatusOr<std::vector<SummaryValue>> ParseSummary(absl::string_view bytes);
// All values of several serialised summaries, of whatever kind. InvalidArgument where one is none, or two have a tag in
// common.
absl::StatusOr<std::string> MergeSummaries(absl::Span<const std::string> summaries);

}  // namespace sluice
