#include "tools/svg.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sluice::tools {
namespace {

// A tenth of a pixel is fine enough.
std::string N(double value) {
  std::string text = absl::StrFormat("%.1f", value);
  if (text.size() > 2 && text.substr(text.size() - 2) == ".0") text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string Title(absl::string_view tooltip) {
  return tooltip.empty() ? "/>\n" : absl::StrCat("><title>", XmlText(tooltip), "</title>");
}

}  // namespace

std::string XmlText(absl::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

Svg::Svg(double width, double height) : width_(width), height_(height) { Rect(0, 0, width, height, "#ffffff"); }

void Svg::Rect(double x, double y, double width, double height, absl::string_view fill, absl::string_view tooltip) {
  absl::StrAppend(&body_, "<rect x=\"", N(x), "\" y=\"", N(y), "\" width=\"", N(width), "\" height=\"", N(height),
                  "\" fill=\"", fill, "\"", Title(tooltip));
  if (!tooltip.empty()) body_ += "</rect>\n";
}

void Svg::Line(double x1, double y1, double x2, double y2, absl::string_view stroke, double width,
               absl::string_view attributes) {
  absl::StrAppend(&body_, "<line x1=\"", N(x1), "\" y1=\"", N(y1), "\" x2=\"", N(x2), "\" y2=\"", N(y2), "\" stroke=\"",
                  stroke, "\" stroke-width=\"", N(width), "\" ", attributes, "/>\n");
}

void Svg::Polyline(const std::vector<std::pair<double, double>>& points, absl::string_view stroke, double width,
                   double opacity) {
  body_ += "<polyline fill=\"none\" stroke-linejoin=\"round\" points=\"";
  for (const auto& [x, y] : points) absl::StrAppend(&body_, N(x), ",", N(y), " ");
  absl::StrAppend(&body_, "\" stroke=\"", stroke, "\" stroke-width=\"", N(width), "\" opacity=\"",
                  absl::StrFormat("%.2f", opacity), "\"/>\n");
}

void Svg::Text(double x, double y, absl::string_view text, double size, Anchor anchor, absl::string_view fill,
               absl::string_view attributes) {
  const char* where = anchor == kStart ? "start" : anchor == kMiddle ? "middle" : "end";
  absl::StrAppend(&body_, "<text x=\"", N(x), "\" y=\"", N(y), "\" font-size=\"", N(size), "\" text-anchor=\"", where,
                  "\" fill=\"", fill, "\" ", attributes, ">", XmlText(text), "</text>\n");
}

void Svg::Arrow(double x1, double y1, double x2, double y2, absl::string_view stroke, absl::string_view tooltip) {
  absl::StrAppend(&body_, "<line x1=\"", N(x1), "\" y1=\"", N(y1), "\" x2=\"", N(x2), "\" y2=\"", N(y2), "\" stroke=\"",
                  stroke, "\" stroke-width=\"1\" marker-end=\"url(#head)\"", Title(tooltip));
  if (!tooltip.empty()) body_ += "</line>\n";
}

std::string Svg::ToString() const {
  return absl::StrCat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", N(width_), "\" height=\"", N(height_),
                      "\" viewBox=\"0 0 ", N(width_), " ", N(height_),
                      "\" font-family=\"Helvetica, Arial, sans-serif\">\n"
                      "<defs><marker id=\"head\" viewBox=\"0 0 6 6\" refX=\"5\" refY=\"3\" markerWidth=\"6\" "
                      "markerHeight=\"6\" orient=\"auto\"><path d=\"M0,0 L6,3 L0,6 z\" fill=\"#444444\"/></marker>"
                      "</defs>\n",
                      body_, "</svg>\n");
}

const char* PlotColor(size_t index) {
  static constexpr const char* kColors[] = {"#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd",
                                            "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"};
  return kColors[index % std::size(kColors)];
}

}  // namespace sluice::tools
