// Curves in one coordinate system.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sluice::tools {

struct Curve {
  std::string label;
  std::vector<std::pair<double, double>> points;  // x ascends; what is not finite is left out
};

struct PlotOptions {
  std::string title, x_label, y_label;
  bool log_y = false;
  // Weight of what came before, below 1: a point is the mean of those up to it, older ones less and less. The curve
  // itself is then drawn faintly behind. 0: none.
  double smooth = 0;
};

// An SVG picture with axes and a legend.
std::string PlotPicture(const std::vector<Curve>& curves, const PlotOptions& options);

// The exponential moving average without its bias towards the beginning (Kingma and Ba 2014, section 3).
std::vector<std::pair<double, double>> Smoothed(const std::vector<std::pair<double, double>>& points, double weight);

}  // namespace sluice::tools
