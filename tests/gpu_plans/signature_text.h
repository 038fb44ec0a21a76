// ConvSignature::ToString and back, so that a test can vary what a network asked for.
#pragma once

#include <cinttypes>
#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/match.h"

#include "kernels/gpu/cudnn_graph.h"

namespace sluice::gpu {

// nullopt where the text is not what ToString makes of the result.
inline std::optional<ConvSignature> ParseSignature(const std::string& text) {
  ConvSignature s;
  const size_t comma = text.find(',');
  if (comma == std::string::npos) return std::nullopt;
  const std::string head = text.substr(0, comma), rest = text.substr(comma);
  if (absl::StartsWith(head, "data gradient")) s.direction = DnnDirection::kInput;
  if (absl::StartsWith(head, "filter gradient")) s.direction = DnnDirection::kFilter;
  for (DataType dtype : {DataType::kDouble, DataType::kHalf, DataType::kBfloat16}) {
    if (absl::StrContains(head, absl::StrCat(" ", DataTypeName(dtype)))) s.dtype = dtype;
  }
  s.tf32 = absl::StrContains(head, " tf32");
  s.deterministic = absl::StrContains(head, " deterministic");

  Conv2DGeometry& g = s.geometry;
  int read = 0;
  auto number = [&](const char* before) -> int64_t {
    int64_t value = -1;
    int length = 0;
    const std::string format = absl::StrCat(before, "%" SCNd64 "%n");
    if (sscanf(rest.c_str() + read, format.c_str(), &value, &length) == 1) read += length;
    return value;
  };
  g.batch = number(", batch ");
  g.in_channels = number(", channels ");
  g.out_channels = number("->");
  g.groups = number(" groups ");
  for (auto [name, axis] : {std::pair{", height ", &g.height}, {", width ", &g.width}}) {
    axis->input = number(name);
    axis->output = number("->");
    axis->window = number(" window ");
    axis->stride = number("/");
    axis->dilation = number("*");
    axis->pad_before = number(" pad ");
    axis->pad_after = number("+");
  }
  const std::string tail = rest.substr(read);
  s.residual = absl::StrContains(tail, " + residual");
  s.bias = absl::StrContains(tail, " + bias");
  if (absl::StrContains(tail, " + relu")) s.activation = EpilogueActivation::kRelu;
  if (absl::StrContains(tail, " + relu6")) s.activation = EpilogueActivation::kRelu6;
  if (absl::StrContains(tail, ", x pitch ")) {
    read = static_cast<int>(rest.find(", x pitch "));
    s.x_pitch = number(", x pitch ");
  }
  if (absl::StrContains(tail, ", y pitch ")) {
    read = static_cast<int>(rest.find(", y pitch "));
    s.y_pitch = number(", y pitch ");
  }
  if (s.ToString() != text) return std::nullopt;
  return s;
}

}  // namespace sluice::gpu
