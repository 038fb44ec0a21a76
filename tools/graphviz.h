// Graphviz' program `dot`, which lays out and renders graphs.
#pragma once

#include <string>

#include "core/status.h"

namespace sluice::tools {

// The picture in one of dot's formats ("svg", "png", "pdf"). Unavailable, with the package to install, where there is no
// such program; Internal with its words where it fails.
absl::StatusOr<std::string> RenderDot(const std::string& dot, const std::string& format);

}  // namespace sluice::tools
