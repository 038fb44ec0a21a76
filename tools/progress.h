// What `sluice train` shows while it works: a bar on a terminal, a line every few seconds elsewhere.
#pragma once

#include <string>

#include "models/training_observer.h"
#include "tools/common_options.h"
#include "tools/signals.h"
#include "tools/status_line.h"

namespace sluice::tools {

// Writes to the error stream, and passes signals on to the trainer.
class TrainingProgressView : public TrainingObserver {
 public:
  TrainingProgressView(const SignalRequests& signals, LogLevel log_level) : signals_(signals), log_level_(log_level) {}

  void OnStep(const TrainingProgress& progress) override;
  void OnEpoch(const TrainingProgress& progress, const Evaluation& test) override;
  void OnCheckpoint(const std::string& prefix) override;
  void OnMessage(const std::string& message) override;
  bool WantsStop() override { return signals_.stop(); }
  bool WantsCheckpoint() override { return signals_.TakeSnapshotRequest(); }

  double examples_per_second() const { return examples_per_second_; }

 private:
  const SignalRequests& signals_;
  const LogLevel log_level_;
  StatusLine line_;
  double examples_per_second_ = 0;
};

}  // namespace sluice::tools
