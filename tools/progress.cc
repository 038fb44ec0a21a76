#include "tools/progress.h"

#include <cstdio>

#include "absl/strings/str_format.h"

#include "tools/units.h"

namespace sluice::tools {
namespace {

// "epoch 2/8 [=====     ]  loss 0.412  accuracy 85.1 %  rate 0.0460  12,345 images/s  1:02 left"
std::string ProgressLine(const TrainingProgress& progress, bool with_bar) {
  std::string line = absl::StrCat("epoch ", progress.epoch, "/", progress.epochs);
  if (with_bar) absl::StrAppend(&line, " ", DrawBar(progress.step, progress.total_steps, 20));
  return absl::StrCat(line, " step ", progress.step, "/", progress.total_steps,
                      absl::StrFormat("  loss %.4f  accuracy %.1f %%  rate %.4f  ", progress.loss,
                                      100 * progress.accuracy, progress.rate),
                      FormatCount(static_cast<int64_t>(progress.examples_per_second)), " images/s  ",
                      FormatSeconds(progress.seconds_left), " left");
}

}  // namespace

void TrainingProgressView::OnStep(const TrainingProgress& progress) {
  examples_per_second_ = progress.examples_per_second;
  if (log_level_ == LogLevel::kError || !line_.IsDue()) return;
  line_.Show(ProgressLine(progress, line_.is_terminal()));
}

void TrainingProgressView::OnEpoch(const TrainingProgress& progress, const Evaluation& test) {
  if (log_level_ == LogLevel::kError) return;
  line_.Clear();
  fprintf(stderr, "epoch %d/%d  loss %.4f  accuracy %.2f %%  test loss %.4f  test accuracy %.2f %%\n",
          static_cast<int>(progress.epoch), static_cast<int>(progress.epochs), progress.loss, 100 * progress.accuracy,
          test.loss, 100 * test.accuracy);
}

void TrainingProgressView::OnCheckpoint(const std::string& prefix) {
  if (log_level_ < LogLevel::kInfo) return;
  line_.Clear();
  LogInfo(log_level_, absl::StrCat("wrote ", prefix));
}

void TrainingProgressView::OnMessage(const std::string& message) {
  line_.Clear();
  LogWarning(log_level_, message);
}

}  // namespace sluice::tools
