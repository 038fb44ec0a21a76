#include "models/training_loop.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "models/training.h"
#include "models/training_inspect.h"

namespace sluice {
namespace {

double Seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Loss and right answers since an epoch began, and how fast steps are.
class Meter {
 public:
  void StartEpoch() { loss_ = correct_ = examples_ = 0; }
  void Add(double loss, double correct, int64_t examples) {
    auto n = static_cast<double>(examples);
    ++steps_;
    all_examples_ += n;
    examples_ += n;
    loss_ += loss * n;
    correct_ += correct;
  }
  // Evaluations and checkpoints do not count.
  void Pause() { paused_ = Seconds(); }
  void Continue() { started_ += Seconds() - paused_; }
  void Report(TrainingProgress& progress) const {
    double elapsed = std::max(Seconds() - started_, 1e-9);
    progress.loss = loss_ / std::max(examples_, 1.0);
    progress.accuracy = correct_ / std::max(examples_, 1.0);
    progress.examples_per_second = all_examples_ / elapsed;
    progress.seconds_left = static_cast<double>(progress.total_steps - progress.step) * elapsed / std::max(steps_, 1.0);
  }

 private:
  double started_ = Seconds(), paused_ = 0;
  double steps_ = 0, all_examples_ = 0;
  double loss_ = 0, correct_ = 0, examples_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TrainingLoop>> TrainingLoop::Create(Session& session, const Graph& graph,
                                                                   BatchSource& training, BatchSource* test,
                                                                   const TrainingLoopOptions& options, FileSystem& fs) {
  if (options.epochs < 1 || training.num_batches() < 1 || options.evaluate_every < 1) {
    return absl::InvalidArgumentError(absl::StrCat(options.epochs, " epochs of ", training.num_batches(),
                                                   " batches from ", training.num_examples(),
                                                   " examples: that is no training"));
  }
  if (test == nullptr && (options.patience > 0 || options.keep_best)) {
    return absl::InvalidArgumentError("patience and the best checkpoint need data to evaluate on");
  }
  auto loop = absl::WrapUnique(new TrainingLoop(session, graph, training, test, options, fs));
  SLUICE_ASSIGN_OR_RETURN(loop->checkpoints_,
                          CheckpointManager::Open({.directory = options.directory, .keep = options.keep}, fs));
  if (options.keep_best) {
    SLUICE_ASSIGN_OR_RETURN(loop->best_checkpoints_,
                            CheckpointManager::Open({.directory = JoinPath(options.directory, "best"), .keep = 1}, fs));
  }
  SLUICE_RETURN_IF_ERROR(loop->MakeCallables());
  return loop;
}

absl::Status TrainingLoop::MakeCallables() {
  feeds_ = {training::kImages, training::kLabels, training::kLearningRate};
  if (schedule_.At(0, options_.rate, length()).momentum) {
    if (graph_.Find(training::kMomentum) == nullptr) {
      return absl::InvalidArgumentError("the schedule changes the momentum, and the optimizer has none");
    }
    feeds_.push_back(training::kMomentum);
  }
  CallableOptions train{
      .feed = feeds_, .fetch = {training::kTrainingLoss, training::kTrainingCorrect}, .target = {training::kTrain}};
  SLUICE_RETURN_IF_ERROR(session_.MakeCallable(train, &train_));
  return session_.MakeCallable(EvaluationCallable(), &evaluate_);
}

absl::Status TrainingLoop::Initialize() {
  std::vector<Tensor> none;
  step_ = 0;
  return session_.Run({}, {}, {training::kInit}, &none);
}

absl::Status TrainingLoop::Resume() {
  if (checkpoints_->latest().empty()) {
    return absl::NotFoundError(absl::StrCat(options_.directory, ": no checkpoint there"));
  }
  return GoBack();
}

absl::Status TrainingLoop::GoBack() {
  source_step_ = -1;
  if (checkpoints_->latest().empty()) {
    for (const auto& [node, blocks] : session_.RandomCounters()) session_.SetRandomCounter(node, 0);
    return Initialize();
  }
  TrainingState expected{.seed = training_.seed(),
                         .batch = training_.batch_size(),
                         .examples = training_.num_examples(),
                         .history = {.schedule = schedule_.State()}};
  SLUICE_ASSIGN_OR_RETURN(RestoredTraining restored, RestoreTraining(checkpoints_->latest(), expected, session_, fs_));
  SLUICE_RETURN_IF_ERROR(schedule_.Restore(restored.history.schedule));
  history_ = std::move(restored.history);
  earlier_seconds_ = history_.seconds;
  step_ = saved_step_ = restored.step;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Tensor>> TrainingLoop::NextBatch() {
  const int64_t batches = training_.num_batches();
  if (source_step_ != step_ || step_ % batches == 0) {
    SLUICE_RETURN_IF_ERROR(training_.StartEpoch(step_ / batches, step_ % batches));
  }
  std::vector<Tensor> batch;
  SLUICE_ASSIGN_OR_RETURN(bool more, training_.Next(&batch));
  if (!more || batch.size() != 2) {
    return absl::InternalError(absl::StrCat("the data ends at batch ", step_ % batches, " of ", batches));
  }
  source_step_ = step_ + 1;
  return batch;
}

std::vector<Tensor> TrainingLoop::WithRate(std::vector<Tensor> batch, const ScheduledStep& scheduled) const {
  batch.push_back(Tensor::Scalar<float>(static_cast<float>(scheduled.rate)));
  if (scheduled.momentum) batch.push_back(Tensor::Scalar<float>(static_cast<float>(*scheduled.momentum)));
  return batch;
}

absl::StatusOr<TrainingLoop::StepResult> TrainingLoop::Step(const ScheduledStep& scheduled,
                                                            TrainingObserver& observer) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> batch, NextBatch());
  observer.OnBatch(step_, batch);
  StepResult result{.examples = batch[1].num_elements()};
  std::vector<Tensor> feeds = WithRate(std::move(batch), scheduled), fetched;
  if (observer.WantsTrace(step_)) {
    if (traced_ == 0) {
      CallableOptions traced{.feed = feeds_,
                             .fetch = {training::kTrainingLoss, training::kTrainingCorrect},
                             .target = {training::kTrain},
                             .run_options = {.trace_level = RunOptions::FULL_TRACE}};
      SLUICE_RETURN_IF_ERROR(session_.MakeCallable(traced, &traced_));
    }
    RunMetadata metadata;
    SLUICE_RETURN_IF_ERROR(session_.RunCallable(traced_, feeds, &fetched, &metadata));
    observer.OnTrace(step_, metadata);
  } else {
    SLUICE_RETURN_IF_ERROR(session_.RunCallable(train_, feeds, &fetched));
  }
  result.loss = *fetched[0].data<float>();
  result.correct = *fetched[1].data<float>();
  return result;
}

absl::Status TrainingLoop::Nonfinite(double loss, double rate, TrainingObserver& observer) {
  const int64_t failed = step_ + 1;
  std::string where;
  if (options_.explain_nonfinite) {
    auto found = FindNonfinite(step_, observer);
    where = found.ok() ? *found : absl::StrCat(" (where it began could not be found: ", found.status().message(), ")");
  }
  std::string kept = checkpoints_->latest();
  return absl::AbortedError(
      absl::StrCat("step ", failed, ": the loss is ", loss, where, "; a lower rate may help (it was ", rate, "). ",
                   kept.empty() ? "There is no checkpoint yet."
                                : absl::StrCat("The newest checkpoint, ", kept, ", is from before.")));
}

absl::StatusOr<std::string> TrainingLoop::FindNonfinite(int64_t last_step, TrainingObserver& observer) {
  SLUICE_RETURN_IF_ERROR(GoBack());
  if (last_step > step_) {
    observer.OnMessage(absl::StrCat("a number is not finite any more; steps ", step_ + 1, " to ", last_step + 1,
                                    " are repeated to find where it began"));
  }
  NonfiniteFinder finder(session_, graph_, feeds_);
  TrainingObserver silent;
  while (step_ <= last_step) {
    const ScheduledStep scheduled = schedule_.At(step_, options_.rate, length());
    // What is wrong in the last step may have come into the variables by the update before it.
    if (step_ + 2 > last_step) {
      SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> batch, NextBatch());
      SLUICE_ASSIGN_OR_RETURN(std::string node, finder.Find(WithRate(std::move(batch), scheduled)));
      source_step_ = -1;
      if (!node.empty())
        return absl::StrCat("; the first value that is not finite was made in step ", step_ + 1, " by ", node);
    }
    SLUICE_RETURN_IF_ERROR(Step(scheduled, silent).status());
    SLUICE_ASSIGN_OR_RETURN(std::string variable, finder.FindVariable());
    if (!variable.empty()) {
      return absl::StrCat("; the first value that is not finite was made by the update of variable '", variable,
                          "' in step ", step_ + 1);
    }
    ++step_;
  }
  return std::string("; repeated, the same steps stayed finite");
}

absl::StatusOr<std::vector<NamedTensor>> TrainingLoop::Collect() const {
  TrainingState state{.seed = training_.seed(),
                      .batch = training_.batch_size(),
                      .examples = training_.num_examples(),
                      .history = history_};
  state.history.schedule = schedule_.State();
  // Otherwise it stays out: two runs of the same training write the same checkpoints.
  state.history.seconds = options_.max_minutes > 0 ? earlier_seconds_ + Seconds() - started_ : 0;
  return CollectTraining(state, session_);
}

absl::Status TrainingLoop::Save(TrainingObserver& observer) {
  if (saved_step_ == step_) return absl::OkStatus();
  SLUICE_ASSIGN_OR_RETURN(std::vector<NamedTensor> tensors, Collect());
  auto prefix = checkpoints_->Save(step_, tensors);
  if (!prefix.ok()) {
    std::string kept = checkpoints_->latest();
    return WithContext(prefix.status(), absl::StrCat("step ", step_, ": no checkpoint could be written",
                                                     kept.empty() ? "" : absl::StrCat(" (", kept, " is whole)")));
  }
  saved_step_ = step_;
  observer.OnCheckpoint(*prefix);
  return absl::OkStatus();
}

absl::Status TrainingLoop::EvaluateEpoch(const TrainingProgress& progress, TrainingObserver& observer) {
  SLUICE_ASSIGN_OR_RETURN(Evaluation evaluation, Evaluate());
  schedule_.OnEvaluation(evaluation.accuracy);
  const bool is_better = history_.evaluations == 0 || evaluation.accuracy > history_.best_accuracy;
  ++history_.evaluations;
  ++history_.since_best;
  if (is_better) {
    history_.best_accuracy = evaluation.accuracy;
    history_.best_step = step_;
    history_.since_best = 0;
    if (best_checkpoints_) {
      SLUICE_ASSIGN_OR_RETURN(std::vector<NamedTensor> tensors, Collect());
      SLUICE_RETURN_IF_ERROR(best_checkpoints_->Save(step_, tensors).status());
    }
  }
  observer.OnEpoch(progress, evaluation);
  return absl::OkStatus();
}

bool TrainingLoop::IsOutOfTime() const {
  return options_.max_minutes > 0 && earlier_seconds_ + Seconds() - started_ >= 60 * options_.max_minutes;
}

absl::StatusOr<TrainingLoop::Outcome> TrainingLoop::Train(TrainingObserver& observer) {
  started_ = Seconds();
  observer.OnBegin(session_, step_);
  auto outcome = TrainSteps(observer);
  observer.OnEnd(session_, step_);
  return outcome;
}

absl::StatusOr<TrainingLoop::Outcome> TrainingLoop::TrainSteps(TrainingObserver& observer) {
  Meter meter;
  const TrainingLength length = this->length();
  auto end = [&](Outcome outcome) -> absl::StatusOr<Outcome> {
    SLUICE_RETURN_IF_ERROR(Save(observer));
    return outcome;
  };
  while (step_ < length.total_steps) {
    if (observer.WantsStop()) return end(Outcome::kStopped);
    if (IsOutOfTime()) return end(Outcome::kOutOfTime);
    if (options_.patience > 0 && history_.since_best >= options_.patience) return end(Outcome::kNoLongerBetter);
    const int64_t epoch = step_ / length.steps_per_epoch;
    if (step_ % length.steps_per_epoch == 0) meter.StartEpoch();
    TrainingProgress progress{.total_steps = length.total_steps, .epoch = epoch + 1, .epochs = options_.epochs};
    const ScheduledStep scheduled = schedule_.At(step_, options_.rate, length);
    progress.rate = scheduled.rate;
    SLUICE_ASSIGN_OR_RETURN(StepResult result, Step(scheduled, observer));
    if (!std::isfinite(result.loss)) return Nonfinite(result.loss, scheduled.rate, observer);
    progress.step = ++step_;
    progress.step_loss = result.loss;
    progress.step_accuracy = result.correct / static_cast<double>(std::max<int64_t>(result.examples, 1));
    meter.Add(result.loss, result.correct, result.examples);
    meter.Report(progress);
    observer.OnStep(progress);
    const bool epoch_ends = step_ % length.steps_per_epoch == 0;
    const bool is_evaluated =
        epoch_ends && test_ != nullptr && ((epoch + 1) % options_.evaluate_every == 0 || step_ == length.total_steps);
    const bool snapshot = options_.snapshot_steps > 0 && step_ % options_.snapshot_steps == 0;
    meter.Pause();
    // The evaluation comes first: what follows from it for the rate is in the checkpoint.
    if (is_evaluated) SLUICE_RETURN_IF_ERROR(EvaluateEpoch(progress, observer));
    if (observer.WantsCheckpoint() || epoch_ends || snapshot) SLUICE_RETURN_IF_ERROR(Save(observer));
    meter.Continue();
  }
  return end(Outcome::kFinished);
}

absl::StatusOr<Evaluation> TrainingLoop::Evaluate() {
  if (test_ == nullptr) return absl::FailedPreconditionError("there is no data to evaluate on");
  return EvaluateBatches(session_, evaluate_, *test_);
}

CallableOptions EvaluationCallable() {
  return {.feed = {training::kImages, training::kLabels},
          .fetch = {training::kLoss, training::kCorrect, training::kCorrectTop5}};
}

absl::StatusOr<Evaluation> EvaluateBatches(Session& session, Session::CallableHandle callable, BatchSource& source) {
  const double begin = Seconds();
  Evaluation result;
  SLUICE_RETURN_IF_ERROR(source.StartEpoch(0, 0));
  while (true) {
    std::vector<Tensor> batch, fetched;
    SLUICE_ASSIGN_OR_RETURN(bool more, source.Next(&batch));
    if (!more) break;
    SLUICE_RETURN_IF_ERROR(session.RunCallable(callable, batch, &fetched));
    const int64_t n = batch[1].num_elements();
    result.examples += n;
    result.loss += static_cast<double>(*fetched[0].data<float>()) * static_cast<double>(n);
    result.accuracy += static_cast<double>(*fetched[1].data<float>());
    result.top5 += static_cast<double>(*fetched[2].data<float>());
  }
  const auto n = static_cast<double>(std::max<int64_t>(result.examples, 1));
  for (double* sum : {&result.loss, &result.accuracy, &result.top5}) *sum /= n;
  result.seconds = Seconds() - begin;
  return result;
}

}  // namespace sluice
