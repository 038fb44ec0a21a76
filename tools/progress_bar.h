// How far a command is with something countable: a bar on a terminal, a line every few seconds elsewhere.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::tools {

// Writes to the error stream. Not thread-safe.
class ProgressBar {
 public:
  // `what` are the things counted: "pictures".
  ProgressBar(std::string what, int64_t total, bool is_quiet = false);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void Set(int64_t done);
  // Takes the bar off the terminal, so that a line may be written; the next Set draws it again.
  void Clear();

 private:
  const std::string what_;
  const int64_t total_;
  const bool is_quiet_, is_terminal_;
  const double begun_;
  double last_shown_;
  bool line_is_open_ = false;
};

}  // namespace sluice::tools
