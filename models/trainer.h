// Runs a training graph (models/training.h) over a data set: epochs, rate, evaluation, checkpoints.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/checkpoint_manager.h"
#include "io/dataset.h"
#include "models/batches.h"
#include "runtime/session.h"

namespace SLUICE_API sluice {

struct TrainerOptions {
  enum Schedule { kConstant, kCosine, kStep };
  int64_t epochs = 8;
  int64_t batch = 64;  // the examples of an epoch that do not fill one are left out of it
  double rate = 0.05;
  // Cosine falls from `rate` to 0 over all steps (Loshchilov and Hutter 2016, without restarts); step divides by
  // 10 after a half and after three quarters of them.
  Schedule schedule = kCosine;
  uint64_t seed = 1;           // of the order of the examples
  std::string directory;       // of the checkpoints, model-STEP
  int keep = 5;                // 0: all
  int64_t snapshot_steps = 0;  // 0: a checkpoint after each epoch only
};

struct Evaluation {
  int64_t examples = 0;
  double loss = 0;      // mean
  double accuracy = 0;  // 0 … 1
};

// Where training is; sums are since the epoch, or this process, began.
struct TrainingProgress {
  int64_t step = 0, total_steps = 0;
  int64_t epoch = 0, epochs = 0;  // the one that goes on, from 1
  double loss = 0, accuracy = 0;
  double step_loss = 0, step_accuracy = 0;  // of the last step's batch
  double rate = 0;
  double examples_per_second = 0;
  double seconds_left = 0;
};

// What the trainer tells, and asks, between steps; called in its thread.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void OnStep(const TrainingProgress&) {}
  virtual void OnEpoch(const TrainingProgress&, const Evaluation&) {}
  virtual void OnCheckpoint(const std::string&) {}
  // Before a step: whether OnTrace is to be told where its time goes. Tracing changes nothing but its speed.
  virtual bool WantsTrace() { return false; }
  virtual void OnTrace(int64_t /*step*/, const RunMetadata&) {}
  virtual bool WantsStop() { return false; }
  virtual bool WantsCheckpoint() { return false; }
};

class Trainer {
 public:
  // `session` has the training graph; `images` is the dtype of its placeholder. Session and data must outlive
  // the trainer. The folder is made; InvalidArgument for options or data that make no batch.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(Session& session, DataType images,
                                                         const ImageDataset& training, const ImageDataset& test,
                                                         const TrainerOptions& options);

  // First values for every variable.
  absl::Status Initialize();
  // Takes variables, step and random counters from the newest checkpoint of the folder, so that what follows is
  // what would have followed without the interruption (bit for bit in a deterministic session). NotFound where
  // there is none, FailedPrecondition where it was made with another batch, seed or amount of data.
  absl::Status Resume();

  enum class Outcome { kFinished, kStopped };
  // Trains to the end, or until the observer wants it to stop; either way a checkpoint of the last step is
  // there. Aborted where the loss is no longer a number: the checkpoints are from before.
  absl::StatusOr<Outcome> Train(TrainingObserver& observer);

  absl::StatusOr<Evaluation> Evaluate();
  int64_t step() const { return step_; }
  int64_t total_steps() const { return options_.epochs * steps_per_epoch_; }
  // The newest checkpoint's prefix.
  std::string checkpoint() const { return checkpoints_->latest(); }

 private:
  Trainer(Session& session, BatchMaker training, BatchMaker test, const TrainerOptions& options)
      : session_(session), training_(std::move(training)), test_(std::move(test)), options_(options) {}
  absl::Status MakeCallables();
  absl::Status Step(absl::Span<const int64_t> indices, double rate, double* loss, double* correct,
                    RunMetadata* metadata);
  absl::Status Save(TrainingObserver& observer);
  double RateAt(int64_t step) const;

  Session& session_;
  BatchMaker training_, test_;
  const TrainerOptions options_;
  int64_t steps_per_epoch_ = 0;
  int64_t step_ = 0;
  int64_t saved_step_ = -1;
  std::unique_ptr<CheckpointManager> checkpoints_;
  Session::CallableHandle train_ = 0, evaluate_ = 0;
};

}  // namespace sluice
