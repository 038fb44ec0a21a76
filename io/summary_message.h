// Between Summary messages and our structs, for files that know proto/.
#pragma once

#include <vector>

#include "io/summary.h"
#include "proto/summary.pb.h"

namespace sluice {

void WriteSummary(absl::Span<const SummaryValue> values, proto::Summary& message);
std::vector<SummaryValue> ReadSummary(const proto::Summary& message);

}  // namespace sluice
