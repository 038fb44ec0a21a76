// Where curves come from: runs that wrote event files, and tables.
#pragma once

#include <string>

#include "core/status.h"
#include "tools/plot_picture.h"

namespace sluice::tools {

enum class PlotX { kStep, kEpoch, kMinutes };

// `run`: a folder with event files, or a .csv file with a header; a table's columns are named as the tags are, and x is in
// its column "step", "epoch" or "minutes". A run's epochs are told by its tag "epoch". NotFound, listing what there is,
// for a tag or column that is missing; the label is the name of the folder or file.
absl::StatusOr<Curve> ReadCurve(const std::string& run, const std::string& tag, PlotX x);

// A .csv file's text: the column `x_name`, then one for each curve, named by its label. A row for each x that some curve
// has a point at; a curve without one there has an empty cell.
std::string CurvesToTable(const std::vector<Curve>& curves, const std::string& x_name);

}  // namespace sluice::tools
