#include "models/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <numeric>

#include "models/training.h"
#include "models/training_state.h"

namespace sluice {
namespace {

constexpr int64_t kEvaluationBatch = 250;

double Seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Loss and right answers since an epoch began, and how fast steps are.
class Meter {
 public:
  void StartEpoch() { *this = {.started = started, .steps = steps, .loss = 0, .correct = 0, .examples = 0}; }
  void Add(double step_loss, double step_correct, int64_t n) {
    ++steps;
    examples += n;
    loss += step_loss * static_cast<double>(n);
    correct += step_correct;
  }
  void Report(TrainingProgress& progress, int64_t batch) const {
    double elapsed = std::max(Seconds() - started, 1e-9);
    progress.loss = loss / static_cast<double>(std::max<int64_t>(examples, 1));
    progress.accuracy = correct / static_cast<double>(std::max<int64_t>(examples, 1));
    progress.examples_per_second = static_cast<double>(steps * batch) / elapsed;
    progress.seconds_left = static_cast<double>(progress.total_steps - progress.step) * elapsed /
                            static_cast<double>(std::max<int64_t>(steps, 1));
  }

  double started = Seconds();
  int64_t steps = 0;
  double loss = 0, correct = 0;
  int64_t examples = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(Session& session, DataType images,
                                                         const ImageDataset& training, const ImageDataset& test,
                                                         const TrainerOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(BatchMaker training_batches, BatchMaker::Create(training, images));
  SLUICE_ASSIGN_OR_RETURN(BatchMaker test_batches, BatchMaker::Create(test, images));
  auto trainer = absl::WrapUnique(new Trainer(session, std::move(training_batches), std::move(test_batches), options));
  int64_t examples = trainer->training_.num_examples();
  if (options.batch < 1 || options.batch > examples || options.epochs < 1) {
    return absl::InvalidArgumentError(absl::StrCat(options.epochs, " epochs of batches of ", options.batch, " from ",
                                                   examples, " examples: that is no training"));
  }
  trainer->steps_per_epoch_ = examples / options.batch;
  SLUICE_ASSIGN_OR_RETURN(trainer->checkpoints_,
                          CheckpointManager::Open({.directory = options.directory, .keep = options.keep}));
  SLUICE_RETURN_IF_ERROR(trainer->MakeCallables());
  return trainer;
}

absl::Status Trainer::MakeCallables() {
  CallableOptions train{.feed = {training::kImages, training::kLabels, training::kLearningRate},
                        .fetch = {training::kLoss, training::kCorrect},
                        .target = {training::kTrain},
                        .run_options = {.trace_level = RunOptions::FULL_TRACE}};  // for runs that get metadata
  SLUICE_RETURN_IF_ERROR(session_.MakeCallable(train, &train_));
  CallableOptions evaluate{.feed = {training::kImages, training::kLabels},
                           .fetch = {training::kLoss, training::kCorrect}};
  return session_.MakeCallable(evaluate, &evaluate_);
}

absl::Status Trainer::Initialize() {
  std::vector<Tensor> none;
  step_ = 0;
  return session_.Run({}, {}, {training::kInit}, &none);
}

absl::Status Trainer::Resume() {
  if (checkpoints_->latest().empty()) {
    return absl::NotFoundError(absl::StrCat(options_.directory, ": no checkpoint there"));
  }
  TrainingState state{.seed = options_.seed, .batch = options_.batch, .examples = training_.num_examples()};
  SLUICE_ASSIGN_OR_RETURN(step_, RestoreTraining(checkpoints_->latest(), state, session_));
  saved_step_ = step_;
  return absl::OkStatus();
}

double Trainer::RateAt(int64_t step) const {
  double done = static_cast<double>(step) / static_cast<double>(total_steps());
  switch (options_.schedule) {
    case TrainerOptions::kCosine:
      return options_.rate * 0.5 * (1 + std::cos(std::numbers::pi * std::min(done, 1.0)));
    case TrainerOptions::kStep:
      return options_.rate * (done < 0.5 ? 1 : done < 0.75 ? 0.1 : 0.01);
    case TrainerOptions::kConstant:
      break;
  }
  return options_.rate;
}

absl::Status Trainer::Step(absl::Span<const int64_t> indices, double rate, double* loss, double* correct,
                           RunMetadata* metadata) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> feeds, training_.Make(indices));
  feeds.push_back(Tensor::Scalar<float>(static_cast<float>(rate)));
  std::vector<Tensor> fetched;
  SLUICE_RETURN_IF_ERROR(session_.RunCallable(train_, feeds, &fetched, metadata));
  *loss = *fetched[0].data<float>();
  *correct = *fetched[1].data<float>();
  if (std::isfinite(*loss)) return absl::OkStatus();
  std::string kept = checkpoints_->latest();
  return absl::AbortedError(
      absl::StrCat("step ", step_ + 1, ": the loss is ", *loss, "; a lower rate may help (it was ", rate, "). ",
                   kept.empty() ? "There is no checkpoint yet."
                                : absl::StrCat("The newest checkpoint, ", kept, ", is from before.")));
}

absl::Status Trainer::Save(TrainingObserver& observer) {
  if (saved_step_ == step_) return absl::OkStatus();
  TrainingState state{.seed = options_.seed, .batch = options_.batch, .examples = training_.num_examples()};
  SLUICE_ASSIGN_OR_RETURN(std::vector<NamedTensor> tensors, CollectTraining(state, session_));
  SLUICE_ASSIGN_OR_RETURN(std::string prefix, checkpoints_->Save(step_, tensors));
  saved_step_ = step_;
  observer.OnCheckpoint(prefix);
  return absl::OkStatus();
}

absl::StatusOr<Trainer::Outcome> Trainer::Train(TrainingObserver& observer) {
  Meter meter;
  std::vector<int64_t> order;
  int64_t ordered_epoch = -1;
  while (step_ < total_steps()) {
    if (observer.WantsStop()) {
      SLUICE_RETURN_IF_ERROR(Save(observer));
      return Outcome::kStopped;
    }
    int64_t epoch = step_ / steps_per_epoch_, position = step_ % steps_per_epoch_;
    if (epoch != ordered_epoch) {
      order = ShuffledOrder(training_.num_examples(), options_.seed, epoch);
      ordered_epoch = epoch;
      meter.StartEpoch();
    }
    auto indices = absl::MakeConstSpan(order).subspan(static_cast<size_t>(position * options_.batch),
                                                      static_cast<size_t>(options_.batch));
    TrainingProgress progress{.total_steps = total_steps(), .epoch = epoch + 1, .epochs = options_.epochs};
    progress.rate = RateAt(step_);
    double loss = 0, correct = 0;
    const bool is_traced = observer.WantsTrace();
    RunMetadata metadata;
    SLUICE_RETURN_IF_ERROR(Step(indices, progress.rate, &loss, &correct, is_traced ? &metadata : nullptr));
    progress.step = ++step_;
    progress.step_loss = loss;
    progress.step_accuracy = correct / static_cast<double>(options_.batch);
    if (is_traced) observer.OnTrace(step_, metadata);
    meter.Add(loss, correct, options_.batch);
    meter.Report(progress, options_.batch);
    observer.OnStep(progress);
    bool epoch_ends = step_ % steps_per_epoch_ == 0;
    bool snapshot = options_.snapshot_steps > 0 && step_ % options_.snapshot_steps == 0;
    if (epoch_ends || snapshot || observer.WantsCheckpoint()) SLUICE_RETURN_IF_ERROR(Save(observer));
    if (epoch_ends) {
      SLUICE_ASSIGN_OR_RETURN(Evaluation evaluation, Evaluate());
      observer.OnEpoch(progress, evaluation);
    }
  }
  SLUICE_RETURN_IF_ERROR(Save(observer));
  return Outcome::kFinished;
}

absl::StatusOr<Evaluation> Trainer::Evaluate() {
  Evaluation result;
  result.examples = test_.num_examples();
  std::vector<int64_t> indices(static_cast<size_t>(result.examples));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  for (int64_t begin = 0; begin < result.examples; begin += kEvaluationBatch) {
    int64_t n = std::min(kEvaluationBatch, result.examples - begin);
    auto batch = absl::MakeConstSpan(indices).subspan(static_cast<size_t>(begin), static_cast<size_t>(n));
    SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> feeds, test_.Make(batch));
    std::vector<Tensor> fetched;
    SLUICE_RETURN_IF_ERROR(session_.RunCallable(evaluate_, feeds, &fetched));
    result.loss += static_cast<double>(*fetched[0].data<float>()) * static_cast<double>(n);
    result.accuracy += static_cast<double>(*fetched[1].data<float>());
  }
  result.loss /= static_cast<double>(std::max<int64_t>(result.examples, 1));
  result.accuracy /= static_cast<double>(std::max<int64_t>(result.examples, 1));
  return result;
}

}  // namespace sluice
