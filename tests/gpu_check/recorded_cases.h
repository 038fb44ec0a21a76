// The cases that TensorFlow's answers were recorded for (tests/conformance/README.md).
#pragma once

#include "core/status.h"
#include "ops/op_schema.h"
#include "tests/gpu_check/op_case.h"

namespace sluice::gpu_check {

// The cases of `op` in FOLDER/<op>.pb; none where there is no such file.
absl::StatusOr<std::vector<OpCase>> ReadRecordedCases(const std::string& folder, const std::string& op,
                                                      const OpRegistry& ops);

}  // namespace sluice::gpu_check
