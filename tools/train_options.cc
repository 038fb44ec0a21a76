#include "tools/train_options.h"

#include <cmath>
#include <limits>

#include "tools/exit_code.h"

namespace sluice::tools {
namespace {

constexpr double kNotGiven = std::numeric_limits<double>::quiet_NaN();

double Or(double given, double otherwise) { return std::isnan(given) ? otherwise : given; }

absl::Status AtLeast(double value, double least, const char* option) {
  if (std::isfinite(value) && value >= least) return absl::OkStatus();
  return UsageError(absl::StrCat(option, ": expected a number of at least ", least));
}

}  // namespace

TrainArguments::TrainArguments() {
  rate_ = momentum_ = weight_decay_ = rho_ = beta2_ = epsilon_ = loss_scale_ = kNotGiven;
}

void TrainArguments::Declare(CommandLine& line) {
  line.Argument("NET", &what, "A built-in network (sluice models), or the graph.pb of an earlier training");
  line.Option("--data", &data, "SPEC", kDataSpecHelp);
  line.Option("--out", &out, "DIR", "Where graph, checkpoints and frozen graph go (default sluice-run)");
  line.Option("--logdir", &logdir, "DIR", "Writes what TensorBoard shows, and sluice plot, to DIR: one run");
  line.Option("--epochs", &epochs_, "N", "How often each example is seen (default 8)");
  line.Option("--batch", &batch_, "N", "Examples a step (default 64)");
  line.Flag("--published", &published_, "What is not given is as in the network's paper: optimizer, rate, schedule …");
  line.Flag("--resume", &resume, "Goes on from the newest checkpoint in DIR, or begins where there is none");
  line.Option("--max-minutes", &max_minutes_, "X", "Stops, with a checkpoint, after X minutes of training in all");
  line.Option("--snapshot-steps", &loop_.snapshot_steps, "N", "A checkpoint every N steps besides each epoch's");
  line.Option("--keep", &keep_, "N", "How many checkpoints are kept (default 5; 0: all)");
  line.Flag("--keep-best", &loop_.keep_best, "Keeps the checkpoint of the best test accuracy too, in DIR/best");
  line.Option("--patience", &patience_, "N", "Ends after N evaluations without a better test accuracy");
  line.Option("--evaluate-every", &loop_.evaluate_every, "N", "Epochs between evaluations (default 1)");
  output.DeclareJson(line);
  output.DeclareOverwrite(line);
  line.Group("Optimizer");
  line.Option("--optimizer", &optimizer_, "NAME", "momentum (the default), nesterov, sgd, rmsprop, adagrad or adam");
  line.Option("--rate", &rate_, "X", "The learning rate to begin with (default 0.05; adam, rmsprop 0.001)");
  line.Option(
      "--schedule", &schedule_, "SPEC",
      "What becomes of it: constant, step:32000,48000:0.1, step:every=30e, exponential:0.94, linear, cosine "
      "(the default), onecycle:momentum=0.85,0.95, plateau:0.1:patience=5; each with :warmup=5e. 500 are steps, "
      "30e epochs, 50% of the training");
  line.Option("--momentum", &momentum_, "X", "The momentum (default 0.9; rmsprop 0); adam's beta1");
  line.Option("--rho", &rho_, "X", "rmsprop: how much of the mean square stays (default 0.9)");
  line.Option("--beta2", &beta2_, "X", "adam: how much of the mean square stays (default 0.999)");
  line.Option("--epsilon", &epsilon_, "X", "Added to what is divided by (default: rmsprop 1e-10, adam 1e-8)");
  line.Option("--weight-decay", &weight_decay_, "X", "Times the weights is added to their gradients (default 0)");
  line.Option("--clip-value", &clip_value_, "X", "Gradients are cut to ±X (default 0: they are not)");
  line.Option("--clip-norm", &clip_norm_, "X", "All gradients are scaled to a norm of at most X (default 0: not)");
  line.Option("--label-smoothing", &label_smoothing_, "X", "What the wrong classes share, from 0 to 1 (default 0)");
  line.Option("--mixed-precision", &precision_, "TYPE",
              "bf16 or f16: convolutions and matrix products compute in half precision, variables stay float");
  line.Option("--loss-scale", &loss_scale_, "X",
              "What the loss is multiplied by to begin with, so that small gradients last (default: f16 65536, bf16 0: "
              "nothing); it halves where they overflow, and doubles after 2000 steps in which they do not");
  line.Flag("--recompute", &training_.recompute, "Computes activations again instead of keeping them: less memory");
  network.Declare(line);
  runner.Declare(line);
}

absl::Status TrainArguments::CheckNumbers() const {
  SLUICE_RETURN_IF_ERROR(AtLeast(static_cast<double>(epochs_), 0, "--epochs"));
  SLUICE_RETURN_IF_ERROR(AtLeast(static_cast<double>(batch_), 0, "--batch"));
  SLUICE_RETURN_IF_ERROR(AtLeast(static_cast<double>(loop_.snapshot_steps), 0, "--snapshot-steps"));
  SLUICE_RETURN_IF_ERROR(AtLeast(static_cast<double>(loop_.evaluate_every), 1, "--evaluate-every"));
  SLUICE_RETURN_IF_ERROR(AtLeast(static_cast<double>(keep_), 0, "--keep"));
  SLUICE_RETURN_IF_ERROR(AtLeast(static_cast<double>(patience_), 0, "--patience"));
  SLUICE_RETURN_IF_ERROR(AtLeast(max_minutes_, 0, "--max-minutes"));
  SLUICE_RETURN_IF_ERROR(AtLeast(Or(rate_, 0), 0, "--rate"));
  SLUICE_RETURN_IF_ERROR(AtLeast(Or(momentum_, 0), 0, "--momentum"));
  SLUICE_RETURN_IF_ERROR(AtLeast(Or(weight_decay_, 0), 0, "--weight-decay"));
  SLUICE_RETURN_IF_ERROR(AtLeast(Or(rho_, 0), 0, "--rho"));
  SLUICE_RETURN_IF_ERROR(AtLeast(Or(beta2_, 0), 0, "--beta2"));
  SLUICE_RETURN_IF_ERROR(AtLeast(Or(epsilon_, 0), 0, "--epsilon"));
  SLUICE_RETURN_IF_ERROR(AtLeast(Or(loss_scale_, 0), 0, "--loss-scale"));
  SLUICE_RETURN_IF_ERROR(AtLeast(clip_value_, 0, "--clip-value"));
  SLUICE_RETURN_IF_ERROR(AtLeast(clip_norm_, 0, "--clip-norm"));
  SLUICE_RETURN_IF_ERROR(AtLeast(label_smoothing_, 0, "--label-smoothing"));
  if (label_smoothing_ >= 1) return UsageError("--label-smoothing: expected a number below 1");
  return absl::OkStatus();
}

absl::Status TrainArguments::TakeRecipe(const TrainingRecipe& recipe) {
  if (!published_) return absl::OkStatus();
  if (optimizer_.empty()) optimizer_ = recipe.optimizer;
  if (schedule_.empty()) schedule_ = recipe.schedule;
  rate_ = Or(rate_, recipe.rate);
  momentum_ = Or(momentum_, recipe.momentum);
  weight_decay_ = Or(weight_decay_, recipe.weight_decay);
  if (batch_ == 0) batch_ = recipe.batch;
  if (epochs_ == 0) epochs_ = recipe.epochs;
  if (epochs_ == 0) return UsageError("--published: the paper does not say how long; give --epochs");
  published_ = false;
  return Finish();
}

absl::Status TrainArguments::Finish() {
  SLUICE_RETURN_IF_ERROR(runner.Finish());
  if (data.empty()) return UsageError("--data is missing");
  SLUICE_RETURN_IF_ERROR(CheckNumbers());
  absl::Status named = SetOptimizer(optimizer_.empty() ? "momentum" : optimizer_, training_);
  if (!named.ok()) return UsageError(absl::StrCat("--optimizer: ", named.message()));
  auto precision = ParsePrecision(precision_);
  if (!precision.ok()) return UsageError(absl::StrCat("--mixed-precision: ", precision.status().message()));
  training_.mixed_precision.type = *precision;
  if (!std::isnan(loss_scale_)) training_.mixed_precision.loss_scale = static_cast<float>(loss_scale_);
  auto schedule = Schedule::Parse(schedule_.empty() ? "cosine" : schedule_);
  if (!schedule.ok()) return UsageError(absl::StrCat("--schedule: ", schedule.status().message()));
  const bool adapts = training_.optimizer == TrainingOptions::kAdam || training_.optimizer == TrainingOptions::kRmsProp;
  loop_.rate = Or(rate_, adapts ? 0.001 : 0.05);
  training_.rate = static_cast<float>(loop_.rate);
  if (!std::isnan(momentum_)) training_.momentum = static_cast<float>(momentum_);
  training_.rho = static_cast<float>(Or(rho_, 0.9));
  training_.beta2 = static_cast<float>(Or(beta2_, 0.999));
  if (!std::isnan(epsilon_)) training_.epsilon = static_cast<float>(epsilon_);
  training_.weight_decay = static_cast<float>(Or(weight_decay_, 0));
  training_.clip_value = static_cast<float>(clip_value_);
  training_.clip_norm = static_cast<float>(clip_norm_);
  training_.label_smoothing = static_cast<float>(label_smoothing_);
  loop_.schedule = *schedule;
  loop_.epochs = epochs_ > 0 ? epochs_ : 8;
  loop_.directory = out;
  loop_.keep = static_cast<int>(keep_);
  loop_.patience = patience_;
  loop_.max_minutes = max_minutes_;
  batches_.batch = batch_ > 0 ? batch_ : 64;
  batches_.seed = runner.session().seed;
  return absl::OkStatus();
}

}  // namespace sluice::tools
