#include "tools/progress_bar.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "tools/units.h"

namespace sluice::tools {
namespace {

constexpr double kSecondsBetweenFrames = 0.1;
constexpr double kSecondsBetweenLines = 5;
constexpr int64_t kBarWidth = 30;

double Seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

ProgressBar::ProgressBar(std::string what, int64_t total, bool is_quiet)
    : what_(std::move(what)),
      total_(std::max<int64_t>(total, 1)),
      is_quiet_(is_quiet),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      begun_(Seconds()),
      last_shown_(begun_) {}

ProgressBar::~ProgressBar() { Clear(); }

void ProgressBar::Clear() {
  if (line_is_open_) fprintf(stderr, "\r\033[K");
  line_is_open_ = false;
}

void ProgressBar::Set(int64_t done) {
  const double now = Seconds();
  if (is_quiet_ || now - last_shown_ < (is_terminal_ ? kSecondsBetweenFrames : kSecondsBetweenLines)) return;
  last_shown_ = now;
  const double rate = static_cast<double>(done) / std::max(now - begun_, 1e-9);
  std::string text = absl::StrCat(FormatCount(done), "/", FormatCount(total_), " ", what_, "  ",
                                  FormatCount(static_cast<int64_t>(rate)), "/s  ");
  if (rate > 0) absl::StrAppend(&text, FormatSeconds(static_cast<double>(total_ - done) / rate), " left");
  if (!is_terminal_) {
    fprintf(stderr, "%s\n", text.c_str());
    return;
  }
  std::string bar(static_cast<size_t>(std::clamp<int64_t>(done * kBarWidth / total_, 0, kBarWidth)), '=');
  bar.resize(static_cast<size_t>(kBarWidth), ' ');
  fprintf(stderr, "\r\033[K[%s] %s", bar.c_str(), text.c_str());
  fflush(stderr);
  line_is_open_ = true;
}

}  // namespace sluice::tools
