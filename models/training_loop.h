// Runs a training graph (models/training.h) over batches: epochs, rate, evaluation, checkpoints, resume.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "io/checkpoint_manager.h"
#include "models/batches.h"
#include "models/schedule.h"
#include "models/training_observer.h"
#include "models/training_state.h"
#include "runtime/session.h"

namespace SLUICE_API sluice {

struct TrainingLoopOptions {
  int64_t epochs = 8;
  double rate = 0.05;
  Schedule schedule;
  std::string directory;       // of the checkpoints, model-STEP; the best one is in the folder best/ below it
  int keep = 5;                // 0: all
  int64_t snapshot_steps = 0;  // 0: a checkpoint after each epoch only
  int64_t evaluate_every = 1;  // epochs between evaluations; the last one is always evaluated
  bool keep_best = false;      // a further checkpoint, of the best evaluation so far
  int64_t patience = 0;        // stops after so many evaluations without a better one; 0: never
  // Stops, with a checkpoint, after so many minutes of training, earlier processes of a resumed one included; 0: never.
  double max_minutes = 0;
  // Where a number ceases to be finite, finds the node that made it first: repeats steps from the newest checkpoint.
  bool explain_nonfinite = true;
};

// What EvaluateBatches runs, and the scores of all that `source` gives in its first epoch.
CallableOptions EvaluationCallable();
absl::StatusOr<Evaluation> EvaluateBatches(Session& session, Session::CallableHandle callable, BatchSource& source);

class TrainingLoop {
 public:
  // `session` has `graph`, a training graph. All of them, and the sources, must outlive the loop. `test` may be null:
  // then nothing is evaluated. The folder is made in `fs`; InvalidArgument for options that make no training.
  static absl::StatusOr<std::unique_ptr<TrainingLoop>> Create(Session& session, const Graph& graph,
                                                              BatchSource& training, BatchSource* test,
                                                              const TrainingLoopOptions& options,
                                                              FileSystem& fs = PosixFileSystem());

  // First values for every variable.
  absl::Status Initialize();
  // Takes variables, step, random counters, the schedule's state and the best evaluation from the newest checkpoint of
  // the folder, so that what follows is what would have followed without the interruption (bit for bit in a
  // deterministic session). NotFound where there is none, FailedPrecondition where it was made with another batch, seed
  // or amount of data.
  absl::Status Resume();

  enum class Outcome { kFinished, kStopped, kOutOfTime, kNoLongerBetter };
  // Trains to the end, or until the observer wants it to stop, the time is up or patience is lost; in any case a
  // checkpoint of the last step is there. Aborted where a number is no longer finite, naming the node that made it
  // first: the checkpoints are from before. A checkpoint that cannot be written ends it too; the one before is whole.
  absl::StatusOr<Outcome> Train(TrainingObserver& observer);

  // FailedPrecondition where there is no test data.
  absl::StatusOr<Evaluation> Evaluate();

  int64_t step() const { return step_; }
  TrainingLength length() const { return {options_.epochs * training_.num_batches(), training_.num_batches()}; }
  int64_t total_steps() const { return length().total_steps; }
  // The newest checkpoint's prefix, and the best one's; "" where there is none.
  std::string checkpoint() const { return checkpoints_->latest(); }
  std::string best_checkpoint() const { return best_checkpoints_ ? best_checkpoints_->latest() : ""; }
  const TrainingLoopOptions& options() const { return options_; }

 private:
  struct StepResult {
    double loss = 0, correct = 0;
    int64_t examples = 0;
  };

  TrainingLoop(Session& session, const Graph& graph, BatchSource& training, BatchSource* test,
               const TrainingLoopOptions& options, FileSystem& fs)
      : session_(session),
        fs_(fs),
        graph_(graph),
        training_(training),
        test_(test),
        options_(options),
        schedule_(options.schedule) {}
  absl::Status MakeCallables();
  // The feeds of the next step, from the source.
  absl::StatusOr<std::vector<Tensor>> NextBatch();
  std::vector<Tensor> WithRate(std::vector<Tensor> batch, const ScheduledStep& scheduled) const;
  absl::StatusOr<StepResult> Step(const ScheduledStep& scheduled, TrainingObserver& observer);
  absl::StatusOr<Outcome> TrainSteps(TrainingObserver& observer);
  absl::Status EvaluateEpoch(const TrainingProgress& progress, TrainingObserver& observer);
  absl::Status Save(TrainingObserver& observer);
  absl::StatusOr<std::vector<NamedTensor>> Collect() const;
  // Takes everything back to where the checkpoint, or the beginning, was.
  absl::Status GoBack();
  // The error of a step whose loss is `loss`.
  absl::Status Nonfinite(double loss, double rate, TrainingObserver& observer);
  absl::StatusOr<std::string> FindNonfinite(int64_t last_step, TrainingObserver& observer);
  bool IsOutOfTime() const;

  Session& session_;
  FileSystem& fs_;
  const Graph& graph_;
  BatchSource& training_;
  BatchSource* const test_;
  const TrainingLoopOptions options_;
  Schedule schedule_;
  std::unique_ptr<CheckpointManager> checkpoints_, best_checkpoints_;
  Session::CallableHandle train_ = 0, traced_ = 0, evaluate_ = 0;
  std::vector<std::string> feeds_;
  int64_t step_ = 0;
  int64_t saved_step_ = -1;
  int64_t source_step_ = -1;  // which step's batch the source gives next; -1: nobody knows
  TrainingHistory history_;
  double started_ = 0, earlier_seconds_ = 0;
};

}  // namespace sluice
