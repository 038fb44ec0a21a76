// What `sluice train` shows while it works: a bar on a terminal, a line every few seconds elsewhere.
#pragma once

#include <string>

#include "models/training_observer.h"
#include "tools/common_options.h"
#include "tools/signals.h"

namespace sluice::tools {

// Writes to the error stream, and passes signals on to the trainer.
class TrainingProgressView : public TrainingObserver {
 public:
  TrainingProgressView(const SignalRequests& signals, LogLevel log_level);
  ~TrainingProgressView() override;

  void OnStep(const TrainingProgress& progress) override;
  void OnEpoch(const TrainingProgress& progress, const Evaluation& test) override;
  void OnCheckpoint(const std::string& prefix) override;
  void OnMessage(const std::string& message) override;
  bool WantsStop() override { return signals_.stop(); }
  bool WantsCheckpoint() override { return signals_.TakeSnapshotRequest(); }

  double examples_per_second() const { return examples_per_second_; }

 private:
  void ClearLine();

  const SignalRequests& signals_;
  const LogLevel log_level_;
  const bool is_terminal_;
  double last_shown_ = 0;
  bool line_is_open_ = false;
  double examples_per_second_ = 0;
};

// "epoch 2/8 [=====>    ]  loss 0.412  accuracy 85.1 %  rate 0.0460  12,345 images/s  1:02 left"
std::string ProgressLine(const TrainingProgress& progress, bool with_bar);

}  // namespace sluice::tools
