// Pictures as SVG text, element by element.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace sluice::tools {

class Svg {
 public:
  // Pixels, origin at the top left; white behind everything.
  Svg(double width, double height);

  // `tooltip`, where it is not empty, is shown under the pointer.
  void Rect(double x, double y, double width, double height, absl::string_view fill, absl::string_view tooltip = "");
  void Line(double x1, double y1, double x2, double y2, absl::string_view stroke, double width = 1,
            absl::string_view attributes = "");
  void Polyline(const std::vector<std::pair<double, double>>& points, absl::string_view stroke, double width,
                double opacity = 1);
  enum Anchor { kStart, kMiddle, kEnd };
  void Text(double x, double y, absl::string_view text, double size = 11, Anchor anchor = kStart,
            absl::string_view fill = "#222222", absl::string_view attributes = "");
  // A line with a head at its end.
  void Arrow(double x1, double y1, double x2, double y2, absl::string_view stroke, absl::string_view tooltip = "");

  std::string ToString() const;

 private:
  const double width_, height_;
  std::string body_;
};

// Text with <, > and the like written so that XML keeps them; bytes that XML cannot hold become spaces.
std::string XmlText(absl::string_view text);

// A colour that differs from those of the neighbouring indices.
const char* PlotColor(size_t index);

}  // namespace sluice::tools
