// How the learning rate changes: computed on the host, fed to the graph in each step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "core/api.h"

namespace SLUICE_API sluice {

// How many steps there are.
struct TrainingLength {
  int64_t total_steps = 0;
  int64_t steps_per_epoch = 0;
};

// A point or a distance in a training: "500" steps, "30e" epochs or "50%" of it.
struct TrainingPoint {
  enum Unit { kSteps, kEpochs, kPercent };
  double value = 0;
  Unit unit = kSteps;
  double StepsOf(const TrainingLength& length) const;
};

// What is fed in one step.
struct ScheduledStep {
  double rate = 0;
  std::optional<double> momentum;  // nothing: the graph's own
};

// A value; plateaus are the only state.
class Schedule {
 public:
  // NAME[:ARGUMENT]..., where points are as above:
  //   constant
  //   step[:POINT,POINT,…][:FACTOR]          times FACTOR (0.1) at each point; at 50% and 75% where none is given
  //   step:every=POINT[:FACTOR]              times FACTOR at each multiple
  //   exponential[:FACTOR][:every=POINT]     FACTOR (0.94) to the power of steps / every (1e), continuous
  //   linear                                 to 0 at the end
  //   cosine[:end=FRACTION]                  half a cosine to FRACTION (0) of the rate (Loshchilov and Hutter 2016)
  //   onecycle[:peak=POINT][:start=FRACTION][:end=FRACTION][:momentum=LOW,HIGH]
  //       up to the rate at POINT (30%) from FRACTION (0.04) of it, down to FRACTION (0.00001), along cosines, while
  //       the momentum goes the other way (Smith and Topin 2017)
  //   plateau[:FACTOR][:patience=N][:threshold=X]
  //       times FACTOR (0.1) after N (5) evaluations in which the metric was not better than the best by X (0.0001)
  // Each but constant takes warmup=POINT: the rate rises linearly from 0 before. InvalidArgument says what is wrong.
  static absl::StatusOr<Schedule> Parse(absl::string_view spec);
  Schedule() = default;  // constant

  // For step `step`, counted from 0.
  ScheduledStep At(int64_t step, double rate, const TrainingLength& length) const;

  // A plateau is told how good the network is; larger is better. Other schedules do not care.
  void OnEvaluation(double metric);
  // What OnEvaluation has left behind, for checkpoints; empty where there is nothing to keep. Restore takes what
  // State gave, and InvalidArgument for a vector of another length.
  std::vector<double> State() const;
  absl::Status Restore(absl::Span<const double> state);

  const std::string& name() const { return name_; }

 private:
  absl::Status ParseArgument(absl::string_view argument);

  std::string name_ = "constant";
  std::vector<TrainingPoint> points_;
  std::optional<TrainingPoint> every_, warmup_, peak_;
  std::optional<double> factor_, start_, end_;
  std::optional<std::pair<double, double>> momentum_;
  int64_t patience_ = 5;
  double threshold_ = 1e-4;
  // Of a plateau.
  double scale_ = 1, best_ = 0;
  int64_t stale_ = -1;  // evaluations since the best; -1: there was none
};

}  // namespace sluice
