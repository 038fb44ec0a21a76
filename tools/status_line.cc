#include "tools/status_line.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <unistd.h>

namespace sluice::tools {
namespace {

constexpr double kSecondsBetweenFrames = 0.1;
constexpr double kSecondsBetweenLines = 5;

double Seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

std::string DrawBar(int64_t done, int64_t total, int width) {
  const int64_t filled = std::clamp<int64_t>(done * width / std::max<int64_t>(total, 1), 0, width);
  std::string bar(static_cast<size_t>(filled), '=');
  bar.resize(static_cast<size_t>(width), ' ');
  return "[" + bar + "]";
}

StatusLine::StatusLine() : is_terminal_(isatty(STDERR_FILENO) == 1), last_shown_(Seconds()) {}

bool StatusLine::IsDue() {
  const double now = Seconds();
  if (now - last_shown_ < (is_terminal_ ? kSecondsBetweenFrames : kSecondsBetweenLines)) return false;
  last_shown_ = now;
  return true;
}

void StatusLine::Show(const std::string& text) {
  if (!is_terminal_) {
    fprintf(stderr, "%s\n", text.c_str());
    return;
  }
  fprintf(stderr, "\r\033[K%s", text.c_str());
  fflush(stderr);
  is_open_ = true;
}

void StatusLine::Clear() {
  if (is_open_) fprintf(stderr, "\r\033[K");
  is_open_ = false;
}

}  // namespace sluice::tools
