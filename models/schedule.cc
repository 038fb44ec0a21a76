#include "models/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "core/status.h"

namespace sluice {
namespace {

struct Kind {
  const char* name;
  std::vector<absl::string_view> keys;  // besides warmup
  bool takes_points, takes_factor;
};

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind>& kinds = *new std::vector<Kind>{
      {"constant", {}, false, false},
      {"step", {"every"}, true, true},
      {"exponential", {"every"}, false, true},
      {"linear", {}, false, false},
      {"cosine", {"end"}, false, false},
      {"onecycle", {"peak", "start", "end", "momentum"}, false, false},
      {"plateau", {"patience", "threshold"}, false, true},
  };
  return kinds;
}

const Kind* FindKind(absl::string_view name) {
  for (const Kind& kind : Kinds()) {
    if (name == kind.name) return &kind;
  }
  return nullptr;
}

bool ParseNumber(absl::string_view text, double* value) {
  return absl::SimpleAtod(text, value) && std::isfinite(*value) && *value >= 0;
}

bool ParsePoint(absl::string_view text, TrainingPoint* point) {
  if (absl::ConsumeSuffix(&text, "%")) {
    point->unit = TrainingPoint::kPercent;
  } else if (absl::ConsumeSuffix(&text, "e")) {
    point->unit = TrainingPoint::kEpochs;
  } else {
    point->unit = TrainingPoint::kSteps;
  }
  return ParseNumber(text, &point->value);
}

// From `from` at 0 to `to` at 1, along half a cosine.
double Anneal(double from, double to, double at) {
  at = std::clamp(at, 0.0, 1.0);
  return to + (from - to) * 0.5 * (1 + std::cos(std::numbers::pi * at));
}

}  // namespace

double TrainingPoint::StepsOf(const TrainingLength& length) const {
  switch (unit) {
    case kEpochs:
      return value * static_cast<double>(length.steps_per_epoch);
    case kPercent:
      return value / 100 * static_cast<double>(length.total_steps);
    case kSteps:
      break;
  }
  return value;
}

absl::StatusOr<Schedule> Schedule::Parse(absl::string_view spec) {
  Schedule schedule;
  std::vector<absl::string_view> parts = absl::StrSplit(spec, ':');
  schedule.name_ = std::string(parts[0]);
  if (FindKind(parts[0]) == nullptr) {
    auto name = [](std::string* out, const Kind& kind) { out->append(kind.name); };
    return absl::InvalidArgumentError(
        absl::StrCat("there is no schedule '", parts[0], "': expected ", absl::StrJoin(Kinds(), ", ", name)));
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(WithContext(schedule.ParseArgument(parts[i]), absl::StrCat("schedule '", spec, "'")));
  }
  if (schedule.every_ && !schedule.points_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("schedule '", spec, "': points, or every, not both"));
  }
  return schedule;
}

absl::Status Schedule::ParseArgument(absl::string_view argument) {
  const Kind& kind = *FindKind(name_);
  auto wrong = [&] {
    std::vector<absl::string_view> keys = kind.keys;
    if (name_ != "constant") keys.push_back("warmup");
    return absl::InvalidArgumentError(
        absl::StrCat("'", argument, "' is nothing that ", name_, " takes; it takes ",
                     kind.takes_points ? "points (500, 30e, 50%), " : "", kind.takes_factor ? "a factor, " : "",
                     keys.empty() ? "nothing" : absl::StrJoin(keys, "=, "), keys.empty() ? "" : "="));
  };
  const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(argument, absl::MaxSplits('=', 1));
  if (absl::StrContains(argument, '=')) {
    const auto [key, text] = halves;
    double number = 0;
    TrainingPoint point;
    bool known = std::find(kind.keys.begin(), kind.keys.end(), key) != kind.keys.end();
    if (key == "warmup" && name_ != "constant" && ParsePoint(text, &point)) {
      warmup_ = point;
    } else if (known && key == "every" && ParsePoint(text, &point) && point.value > 0) {
      every_ = point;
    } else if (known && key == "peak" && ParsePoint(text, &point)) {
      peak_ = point;
    } else if (known && key == "momentum") {
      std::vector<absl::string_view> both = absl::StrSplit(text, ',');
      double low = 0, high = 0;
      if (both.size() != 2 || !ParseNumber(both[0], &low) || !ParseNumber(both[1], &high)) return wrong();
      momentum_ = {low, high};
    } else if (known && key == "patience" && absl::SimpleAtoi(text, &patience_) && patience_ >= 1) {
      return absl::OkStatus();
    } else if (known && key == "threshold" && ParseNumber(text, &threshold_)) {
      return absl::OkStatus();
    } else if (known && (key == "start" || key == "end") && ParseNumber(text, &number)) {
      (key == "start" ? start_ : end_) = number;
    } else {
      return wrong();
    }
    return absl::OkStatus();
  }
  // A lone number below 1 is a factor; others are points.
  double factor = 0;
  if (kind.takes_factor && ParseNumber(argument, &factor) && factor < 1 && factor > 0) {
    factor_ = factor;
    return absl::OkStatus();
  }
  if (!kind.takes_points) return wrong();
  for (absl::string_view text : absl::StrSplit(argument, ',')) {
    TrainingPoint point;
    if (!ParsePoint(text, &point)) return wrong();
    points_.push_back(point);
  }
  return absl::OkStatus();
}

ScheduledStep Schedule::At(int64_t step, double rate, const TrainingLength& length) const {
  const double warmup = warmup_ ? warmup_->StepsOf(length) : 0;
  const auto at = static_cast<double>(step);
  if (at < warmup) return {rate * (at + 1) / (warmup + 1)};
  // What comes after a warm-up has the rest of the steps to itself; points count from the training's beginning.
  const double rest = std::max(static_cast<double>(length.total_steps) - warmup, 1.0);
  const double done = (at - warmup) / rest;
  ScheduledStep result{rate};
  if (name_ == "step" && every_) {
    result.rate *= std::pow(factor_.value_or(0.1), std::floor(at / std::max(every_->StepsOf(length), 1.0)));
  } else if (name_ == "step") {
    std::vector<TrainingPoint> points = points_;
    if (points.empty()) points = {{50, TrainingPoint::kPercent}, {75, TrainingPoint::kPercent}};
    for (const TrainingPoint& point : points) {
      if (at >= point.StepsOf(length)) result.rate *= factor_.value_or(0.1);
    }
  } else if (name_ == "exponential") {
    const double every = every_.value_or(TrainingPoint{1, TrainingPoint::kEpochs}).StepsOf(length);
    result.rate *= std::pow(factor_.value_or(0.94), (at - warmup) / std::max(every, 1.0));
  } else if (name_ == "linear") {
    result.rate *= std::max(1 - done, 0.0);
  } else if (name_ == "cosine") {
    result.rate = Anneal(rate, rate * end_.value_or(0), done);
  } else if (name_ == "onecycle") {
    const double peak =
        std::max(peak_.value_or(TrainingPoint{30, TrainingPoint::kPercent}).StepsOf(length) - warmup, 1.0);
    const double low = rate * start_.value_or(0.04), end = rate * end_.value_or(1e-5);
    const double since = at - warmup, after = std::max(rest - peak, 1.0);
    result.rate = since < peak ? Anneal(low, rate, since / peak) : Anneal(rate, end, (since - peak) / after);
    if (momentum_) {
      const auto [lowest, highest] = *momentum_;
      result.momentum =
          since < peak ? Anneal(highest, lowest, since / peak) : Anneal(lowest, highest, (since - peak) / after);
    }
  } else if (name_ == "plateau") {
    result.rate *= scale_;
  }
  return result;
}

void Schedule::OnEvaluation(double metric) {
  if (name_ != "plateau") return;
  if (stale_ < 0 || metric > best_ + threshold_) {
    best_ = metric;
    stale_ = 0;
  } else if (++stale_ >= patience_) {
    scale_ *= factor_.value_or(0.1);
    stale_ = 0;
  }
}

std::vector<double> Schedule::State() const {
  if (name_ != "plateau") return {};
  return {scale_, best_, static_cast<double>(stale_)};
}

absl::Status Schedule::Restore(absl::Span<const double> state) {
  if (state.size() != State().size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("schedule ", name_, ": a state of ", state.size(), " numbers, expected ", State().size()));
  }
  if (state.empty()) return absl::OkStatus();
  scale_ = state[0];
  best_ = state[1];
  stale_ = static_cast<int64_t>(state[2]);
  return absl::OkStatus();
}

}  // namespace sluice
