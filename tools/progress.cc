#include "tools/progress.h"

#include <chrono>
#include <cstdio>
#include <unistd.h>

#include "absl/strings/str_format.h"

#include "tools/units.h"

namespace sluice::tools {
namespace {

constexpr double kSecondsBetweenFrames = 0.1;
constexpr double kSecondsBetweenLines = 5;
constexpr int kBarWidth = 20;

double Seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

std::string ProgressLine(const TrainingProgress& progress, bool with_bar) {
  std::string line = absl::StrCat("epoch ", progress.epoch, "/", progress.epochs);
  if (with_bar) {
    auto filled = static_cast<int>(progress.step * kBarWidth / std::max<int64_t>(progress.total_steps, 1));
    std::string bar(static_cast<size_t>(filled), '=');
    bar.resize(kBarWidth, ' ');
    absl::StrAppend(&line, " [", bar, "]");
  }
  return absl::StrCat(line, " step ", progress.step, "/", progress.total_steps,
                      absl::StrFormat("  loss %.4f  accuracy %.1f %%  rate %.4f  ", progress.loss,
                                      100 * progress.accuracy, progress.rate),
                      FormatCount(static_cast<int64_t>(progress.examples_per_second)), " images/s  ",
                      FormatSeconds(progress.seconds_left), " left");
}

TrainingProgressView::TrainingProgressView(const SignalRequests& signals, LogLevel log_level)
    : signals_(signals), log_level_(log_level), is_terminal_(isatty(STDERR_FILENO) == 1), last_shown_(Seconds()) {}

TrainingProgressView::~TrainingProgressView() { ClearLine(); }

void TrainingProgressView::ClearLine() {
  if (line_is_open_) fprintf(stderr, "\r\033[K");
  line_is_open_ = false;
}

void TrainingProgressView::OnStep(const TrainingProgress& progress) {
  examples_per_second_ = progress.examples_per_second;
  double now = Seconds();
  if (now - last_shown_ < (is_terminal_ ? kSecondsBetweenFrames : kSecondsBetweenLines)) return;
  last_shown_ = now;
  if (log_level_ == LogLevel::kError) return;
  if (is_terminal_) {
    fprintf(stderr, "\r\033[K%s", ProgressLine(progress, true).c_str());
    fflush(stderr);
    line_is_open_ = true;
  } else {
    fprintf(stderr, "%s\n", ProgressLine(progress, false).c_str());
  }
}

void TrainingProgressView::OnEpoch(const TrainingProgress& progress, const Evaluation& test) {
  if (log_level_ == LogLevel::kError) return;
  ClearLine();
  fprintf(stderr, "epoch %d/%d  loss %.4f  accuracy %.2f %%  test loss %.4f  test accuracy %.2f %%\n",
          static_cast<int>(progress.epoch), static_cast<int>(progress.epochs), progress.loss, 100 * progress.accuracy,
          test.loss, 100 * test.accuracy);
}

void TrainingProgressView::OnCheckpoint(const std::string& prefix) {
  if (log_level_ < LogLevel::kInfo) return;
  ClearLine();
  LogInfo(log_level_, absl::StrCat("wrote ", prefix));
}

void TrainingProgressView::OnMessage(const std::string& message) {
  ClearLine();
  LogWarning(log_level_, message);
}

}  // namespace sluice::tools
