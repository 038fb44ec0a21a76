#include "tools/progress_bar.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "tools/units.h"

namespace sluice::tools {

ProgressBar::ProgressBar(std::string what, int64_t total, bool is_quiet)
    : what_(std::move(what)), total_(total), is_quiet_(is_quiet) {}

void ProgressBar::Set(int64_t done) {
  if (is_quiet_ || !line_.IsDue()) return;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  const double rate = static_cast<double>(done) / std::max(seconds, 1e-9);
  std::string text = absl::StrCat(FormatCount(done), "/", FormatCount(total_), " ", what_, "  ",
                                  FormatCount(static_cast<int64_t>(rate)), "/s  ");
  if (rate > 0) absl::StrAppend(&text, FormatSeconds(static_cast<double>(total_ - done) / rate), " left");
  line_.Show(line_.is_terminal() ? absl::StrCat(DrawBar(done, total_, 30), " ", text) : text);
}

}  // namespace sluice::tools
