// Errors as checks expect them.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/match.h"

#include "core/status.h"

namespace sluice::gpu_check {

// OK where `status` has this code and its message every one of `texts`; else what is wrong with it.
inline absl::Status Says(const absl::Status& status, absl::StatusCode code, const std::vector<std::string>& texts) {
  const std::string all = status.ToString();
  if (status.code() != code) {
    return absl::InternalError(absl::StrCat("expected ", absl::StatusCodeToString(code), ", got ", all));
  }
  for (const std::string& text : texts) {
    if (!absl::StrContains(all, text)) return absl::InternalError(absl::StrCat("expected '", text, "' in: ", all));
  }
  return absl::OkStatus();
}

}  // namespace sluice::gpu_check
