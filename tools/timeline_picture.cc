#include "tools/timeline_picture.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

#include "nlohmann/json.hpp"
#include "tools/drawing_ops.h"
#include "tools/svg.h"

namespace sluice::tools {
namespace {

constexpr double kLeft = 130, kRight = 20, kTop = 30, kPlotWidth = 1250;
constexpr double kLaneHeight = 44, kLaneGap = 46, kLegendHeight = 44;  // of two lines
constexpr double kLetterWidth = 5.5;                                   // of text of size 9

struct Event {
  std::string op, node;
  int lane = 0;
  double start = 0, duration = 0;  // microseconds
};

struct Trace {
  std::map<int, std::string> lanes;
  std::vector<Event> events;
  double begin = 0, end = 0;
};

absl::Status NoTrace(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not a trace in Chrome's format: ", what));
}

absl::StatusOr<Trace> ParseTrace(const std::string& text) {
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return NoTrace("it is no JSON");
  if (json.is_object() && json.contains("traceEvents")) json = nlohmann::json(json["traceEvents"]);
  if (!json.is_array()) return NoTrace("it has no traceEvents");
  Trace trace;
  auto number = [](const nlohmann::json& object, const char* key) {
    auto it = object.find(key);
    return it != object.end() && it->is_number() ? it->get<double>() : 0.0;
  };
  auto string = [](const nlohmann::json& object, const char* key) {
    auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  for (const auto& entry : json) {
    if (!entry.is_object()) return NoTrace("an event is no object");
    const int lane = static_cast<int>(std::clamp(number(entry, "tid"), -1e9, 1e9));
    const auto args = entry.contains("args") && entry["args"].is_object() ? entry["args"] : nlohmann::json::object();
    if (string(entry, "ph") == "M" && string(entry, "name") == "thread_name") {
      trace.lanes[lane] = string(args, "name");
    } else if (string(entry, "ph") == "X") {
      trace.events.push_back({string(entry, "name"), string(args, "node"), lane, number(entry, "ts"),
                              std::max(0.0, number(entry, "dur"))});
      trace.lanes.emplace(lane, absl::StrCat("thread ", lane));
    }
  }
  if (trace.events.empty()) return NoTrace("it has no complete events");
  trace.begin = trace.events[0].start;
  for (const Event& event : trace.events) {
    if (!std::isfinite(event.start) || !std::isfinite(event.duration)) return NoTrace("a time is not finite");
    trace.begin = std::min(trace.begin, event.start);
    trace.end = std::max(trace.end, event.start + event.duration);
  }
  return trace;
}

struct Style {
  const char* name;
  const char* color;
  const char* text = "#222222";  // on that colour
};

// By what the op does, gradients with what they are the gradients of.
Style StyleOf(const std::string& op) {
  auto has = [&](absl::string_view part) { return absl::StrContains(op, part); };
  if (op == "_Recv") return {"waiting for a transfer", "#e8e8e8"};
  if (op == "_Send" || op == "_Copy") return {"transfer", "#555555"};
  if (has("Backprop") && has("Conv")) return {"convolution, backwards", "#2f6db3", "#ffffff"};
  if (has("Conv")) return {"convolution", "#8ab8e6"};
  if (has("MatMul")) return {"matrix product", "#7fbf7b"};
  if (has("Pool")) return {"pooling", "#f0a860"};
  if (has("LRN") || has("BatchNorm")) return {"normalisation", "#70c5c0"};
  if (has("Relu") || has("Tanh") || has("Sigmoid")) return {"activation", "#f2d95c"};
  if (has("Softmax")) return {"softmax and loss", "#e57373"};
  if (has("Apply") || has("Assign")) return {"update of variables", "#b48ad0"};
  return {"other", "#bdbdbd"};
}

// "/job:localhost/…/device:CPU:0" is "CPU:0".
std::string ShortDevice(const std::string& name) {
  size_t at = name.rfind("device:");
  return at == std::string::npos ? name : name.substr(at + 7);
}

// The layer that a node belongs to: "conv2" for tower1/conv2/Relu and for gradients/tower1/conv2/Conv2D_grad/ReluGrad.
std::string LayerOf(absl::string_view node) {
  std::vector<absl::string_view> scopes = absl::StrSplit(node, '/');
  if (scopes.size() > 1) scopes.pop_back();
  if (scopes.size() > 1 && absl::EndsWith(scopes.back(), "_grad")) scopes.pop_back();
  return std::string(scopes.back());
}

// The step between ticks that makes about ten of them: 1, 2 or 5 times a power of ten.
double TickStep(double span) {
  double rough = span / 10, power = std::pow(10, std::floor(std::log10(std::max(rough, 1e-3))));
  for (double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

class Painter {
 public:
  explicit Painter(const Trace& trace)
      : trace_(trace),
        scale_(kPlotWidth / std::max(trace.end - trace.begin, 1.0)),
        bottom_(kTop + static_cast<double>(trace.lanes.size()) * (kLaneHeight + kLaneGap)),
        svg_(kLeft + kPlotWidth + kRight, bottom_ + 30 + kLegendHeight) {
    double y = kTop;
    for (const auto& [lane, name] : trace.lanes) {
      lane_y_[lane] = y;
      y += kLaneHeight + kLaneGap;
    }
  }

  std::string Paint() {
    Axis();
    std::map<std::string, const char*> legend;
    std::map<int, double> busy;
    for (const Event& event : trace_.events) {
      Style style = StyleOf(event.op);
      legend[style.name] = style.color;
      if (event.op != "_Recv") busy[event.lane] += event.duration;
      Kernel(event, style);
    }
    for (const auto& [lane, name] : trace_.lanes) {
      svg_.Text(8, lane_y_[lane] + 16, ShortDevice(name), 12);
      svg_.Text(8, lane_y_[lane] + 32, absl::StrFormat("busy %.0f %%", 100 * busy[lane] / (trace_.end - trace_.begin)),
                10, Svg::kStart, "#666666");
    }
    Transfers();
    Legend(legend);
    return svg_.ToString();
  }

 private:
  double X(double time) const { return kLeft + (time - trace_.begin) * scale_; }

  void Axis() {
    const double span = trace_.end - trace_.begin, step = TickStep(span);
    for (double t = 0; t <= span; t += step) {
      svg_.Line(X(trace_.begin + t), kTop - 8, X(trace_.begin + t), bottom_ - kLaneGap + 8, "#dddddd");
      svg_.Text(X(trace_.begin + t), kTop - 12, absl::StrFormat("%g ms", t / 1000), 10, Svg::kMiddle, "#666666");
    }
  }

  void Kernel(const Event& event, const Style& style) {
    const double width = std::max(event.duration * scale_, 0.3), y = lane_y_[event.lane];
    svg_.Rect(X(event.start), y, width, kLaneHeight, style.color,
              absl::StrFormat("%s (%s), %.3f ms", event.node, event.op, event.duration / 1000));
    if (width > 3) svg_.Line(X(event.start), y, X(event.start), y + kLaneHeight, "#ffffff", 0.5);
    const std::string label = LayerOf(event.node);
    if (!absl::StartsWith(event.op, "_Recv") && !absl::StartsWith(event.op, "_Send") &&
        kLetterWidth * static_cast<double>(label.size()) + 4 < width) {
      svg_.Text(X(event.start) + width / 2, y + kLaneHeight / 2 + 3, label, 9, Svg::kMiddle, style.text);
    }
  }

  // A receive follows the last send of the same tensor on another lane.
  void Transfers() {
    for (const Event& receive : trace_.events) {
      if (receive.op != "_Recv") continue;
      const Event* sent = nullptr;
      const double received = receive.start + receive.duration;
      for (const Event& send : trace_.events) {
        if (send.op != "_Send" || send.node != receive.node || send.lane == receive.lane) continue;
        if (send.start + send.duration > received + 1) continue;
        if (sent == nullptr || send.start > sent->start) sent = &send;
      }
      if (sent == nullptr) continue;
      const bool is_down = lane_y_[sent->lane] < lane_y_[receive.lane];
      svg_.Arrow(X(sent->start + sent->duration), lane_y_[sent->lane] + (is_down ? kLaneHeight : 0), X(received),
                 lane_y_[receive.lane] + (is_down ? 0 : kLaneHeight), "#444444", receive.node);
    }
  }

  void Legend(const std::map<std::string, const char*>& legend) {
    double x = kLeft, y = bottom_ + 8;
    for (const auto& [name, color] : legend) {
      const double width = 40 + 6.2 * static_cast<double>(name.size());
      if (x > kLeft && x + width > kLeft + kPlotWidth) {
        x = kLeft;
        y += 20;
      }
      svg_.Rect(x, y, 12, 12, color);
      svg_.Text(x + 17, y + 10, name, 11);
      x += width;
    }
  }

  const Trace& trace_;
  const double scale_, bottom_;
  std::map<int, double> lane_y_;
  Svg svg_;
};

}  // namespace

absl::StatusOr<std::string> TimelinePicture(const std::string& text) {
  SLUICE_ASSIGN_OR_RETURN(Trace trace, ParseTrace(text));
  return Painter(trace).Paint();
}

}  // namespace sluice::tools
