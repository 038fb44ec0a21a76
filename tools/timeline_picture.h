// Where the time of a run went, as a picture.
#pragma once

#include <string>

#include "core/status.h"

namespace sluice::tools {

// From a file in Chrome's trace format: a lane for each device, kernels as boxes coloured by their op, transfers as arrows
// from the end of the sending to the end of the receiving. InvalidArgument for a file that is none.
absl::StatusOr<std::string> TimelinePicture(const std::string& trace);

}  // namespace sluice::tools
