// The options of `sluice train`.
#pragma once

#include <string>

#include "models/catalog.h"
#include "models/training.h"
#include "models/training_loop.h"
#include "tools/common_options.h"
#include "tools/data_spec.h"
#include "tools/network_options.h"

namespace sluice::tools {

class TrainArguments {
 public:
  TrainArguments();
  void Declare(CommandLine& line);
  absl::Status Finish();

  std::string what;  // a network or a graph file
  std::string data;
  std::string out = "sluice-run";
  std::string logdir;  // of TensorBoard's events; empty: none
  bool resume = false;
  NetworkArguments network;
  RunnerOptions runner;
  OutputOptions output;

  // With --published: what was not given is as in the network's paper. A usage error where the paper does not say.
  absl::Status TakeRecipe(const TrainingRecipe& recipe);

  const TrainingOptions& training() const { return training_; }
  const TrainingLoopOptions& loop() const { return loop_; }
  const DataBatchOptions& batches() const { return batches_; }

 private:
  // A usage error for the first option that is out of range.
  absl::Status CheckNumbers() const;

  TrainingOptions training_;
  TrainingLoopOptions loop_;
  DataBatchOptions batches_;
  bool published_ = false;
  // As given; NaN, 0 or "" where they were not.
  std::string optimizer_, schedule_;
  double rate_, momentum_, weight_decay_, rho_, beta2_, epsilon_, loss_scale_;
  std::string precision_ = "float";
  double clip_value_ = 0, clip_norm_ = 0, label_smoothing_ = 0, max_minutes_ = 0;
  int64_t epochs_ = 0, batch_ = 0, keep_ = 5, patience_ = 0;
};

}  // namespace sluice::tools
