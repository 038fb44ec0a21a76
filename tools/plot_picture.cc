#include "tools/plot_picture.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_format.h"

#include "tools/svg.h"

namespace sluice::tools {
namespace {

constexpr double kWidth = 760, kHeight = 440;
constexpr double kLeft = 70, kRight = 20, kTop = 40, kBottom = 55;

// Positions of ticks in [low, high]: multiples of 1, 2 or 5 times a power of ten, about `count` of them.
std::vector<double> LinearTicks(double low, double high, int count) {
  const double rough = (high - low) / count, power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough) step = factor * power;
  }
  std::vector<double> ticks;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i) ticks.push_back(i * step);
  return ticks;
}

// 1, 2 and 5 times powers of ten, or the powers alone where there are many.
std::vector<double> LogTicks(double low, double high) {
  std::vector<double> ticks;
  const bool many = high / low > 1e4;
  for (double power = std::floor(std::log10(low)); power <= std::ceil(std::log10(high)); ++power) {
    for (double factor : {1.0, 2.0, 5.0}) {
      double tick = factor * std::pow(10, power);
      if (tick >= low * 0.999 && tick <= high * 1.001 && (factor == 1 || !many)) ticks.push_back(tick);
    }
  }
  return ticks;
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void Add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // Something to draw, whatever was added.
  void Widen(bool is_log) {
    if (!(low <= high)) low = is_log ? 1 : 0, high = is_log ? 10 : 1;
    if (low == high) {
      const double margin = is_log ? 0 : std::max(std::abs(low) / 10, 1e-6);
      low = is_log ? low / 2 : low - margin;
      high = is_log ? high * 2 : high + margin;
    }
  }
};

class Plot {
 public:
  Plot(const std::vector<Curve>& curves, const PlotOptions& options) : options_(options), svg_(kWidth, kHeight) {
    for (const Curve& curve : curves) {
      Curve kept{.label = curve.label};
      for (const auto& [x, y] : curve.points) {
        if (!std::isfinite(x) || !std::isfinite(y) || (options.log_y && y <= 0)) continue;
        kept.points.emplace_back(x, y);
      }
      for (const auto& [x, y] : options.smooth > 0 ? Smoothed(kept.points, options.smooth) : kept.points) {
        x_.Add(x);
        y_.Add(y);
      }
      curves_.push_back(std::move(kept));
    }
    x_.Widen(false);
    y_.Widen(options.log_y);
    if (!options.log_y) {
      const double margin = 0.04 * (y_.high - y_.low);
      // Quantities that cannot be negative are not shown below 0.
      y_.low = y_.low >= 0 ? std::max(0.0, y_.low - margin) : y_.low - margin;
      y_.high += margin;
    }
  }

  std::string Draw() {
    Axes();
    for (size_t i = 0; i < curves_.size(); ++i) {
      const bool is_smooth = options_.smooth > 0;
      Line(curves_[i].points, PlotColor(i), is_smooth ? 1 : 1.8, is_smooth ? 0.25 : 1);
      if (is_smooth) Line(Smoothed(curves_[i].points, options_.smooth), PlotColor(i), 1.8, 1);
    }
    Legend();
    return svg_.ToString();
  }

 private:
  double X(double x) const { return kLeft + (x - x_.low) / (x_.high - x_.low) * (kWidth - kLeft - kRight); }
  double Y(double y) const {
    const double part =
        options_.log_y ? std::log(y / y_.low) / std::log(y_.high / y_.low) : (y - y_.low) / (y_.high - y_.low);
    // Faint curves may leave the range of the smoothed ones.
    return kHeight - kBottom - std::clamp(part, 0.0, 1.0) * (kHeight - kTop - kBottom);
  }

  void Axes() {
    const double right = kWidth - kRight, bottom = kHeight - kBottom;
    for (double y : options_.log_y ? LogTicks(y_.low, y_.high) : LinearTicks(y_.low, y_.high, 7)) {
      svg_.Line(kLeft, Y(y), right, Y(y), "#e4e4e4");
      svg_.Text(kLeft - 6, Y(y) + 4, absl::StrFormat("%.4g", y), 11, Svg::kEnd, "#555555");
    }
    for (double x : LinearTicks(x_.low, x_.high, 8)) {
      svg_.Line(X(x), kTop, X(x), bottom, "#f0f0f0");
      svg_.Text(X(x), bottom + 16, absl::StrFormat("%.6g", x), 11, Svg::kMiddle, "#555555");
    }
    svg_.Line(kLeft, bottom, right, bottom, "#888888");
    svg_.Line(kLeft, kTop, kLeft, bottom, "#888888");
    svg_.Text((kLeft + right) / 2, kHeight - 14, options_.x_label, 12, Svg::kMiddle);
    svg_.Text(18, (kTop + bottom) / 2, options_.y_label, 12, Svg::kMiddle, "#222222",
              absl::StrFormat("transform=\"rotate(-90 18 %.0f)\"", (kTop + bottom) / 2));
    svg_.Text((kLeft + right) / 2, 22, options_.title, 14, Svg::kMiddle);
  }

  void Line(const std::vector<std::pair<double, double>>& points, const char* color, double width, double opacity) {
    std::vector<std::pair<double, double>> pixels;
    // More than a few points for each pixel are not seen.
    const size_t stride = points.size() / 4000 + 1;
    for (size_t i = 0; i < points.size(); ++i) {
      if (i % stride == 0 || i + 1 == points.size()) pixels.emplace_back(X(points[i].first), Y(points[i].second));
    }
    svg_.Polyline(pixels, color, width, opacity);
  }

  void Legend() {
    if (curves_.size() == 1 && curves_[0].label.empty()) return;
    // On the side where the curves end lower, out of their way.
    double last = 0;
    for (const Curve& curve : curves_) {
      if (!curve.points.empty()) last += Y(curve.points.back().second) / static_cast<double>(curves_.size());
    }
    size_t longest = 0;
    for (const Curve& curve : curves_) longest = std::max(longest, curve.label.size());
    const double width = 40 + 6.4 * static_cast<double>(longest), height = 18 * static_cast<double>(curves_.size()) + 8;
    const double x = kWidth - kRight - width - 8;
    double y = last > kHeight / 2 ? kTop + 8 : kHeight - kBottom - height - 8;
    svg_.Rect(x, y, width, height, "#ffffff");
    for (size_t i = 0; i < curves_.size(); ++i, y += 18) {
      svg_.Line(x + 6, y + 13, x + 26, y + 13, PlotColor(i), 2.5);
      svg_.Text(x + 32, y + 17, curves_[i].label, 11);
    }
  }

  const PlotOptions& options_;
  Svg svg_;
  std::vector<Curve> curves_;
  Range x_, y_;
};

}  // namespace

std::vector<std::pair<double, double>> Smoothed(const std::vector<std::pair<double, double>>& points, double weight) {
  std::vector<std::pair<double, double>> smoothed;
  double sum = 0, bias = 1;
  for (const auto& [x, y] : points) {
    sum = weight * sum + (1 - weight) * y;
    bias *= weight;
    smoothed.emplace_back(x, sum / (1 - bias));
  }
  return smoothed;
}

std::string PlotPicture(const std::vector<Curve>& curves, const PlotOptions& options) {
  return Plot(curves, options).Draw();
}

}  // namespace sluice::tools
