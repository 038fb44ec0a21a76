// How far a command is with something countable: a bar on a terminal, a line every few seconds elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tools/status_line.h"

namespace sluice::tools {

// Writes to the error stream. Not thread-safe.
class ProgressBar {
 public:
  // `what` are the things counted: "pictures".
  ProgressBar(std::string what, int64_t total, bool is_quiet = false);

  void Set(int64_t done);
  // Takes the bar off the terminal, so that a line may be written; the next Set draws it again.
  void Clear() { line_.Clear(); }

 private:
  const std::string what_;
  const int64_t total_;
  const bool is_quiet_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  StatusLine line_;
};

}  // namespace sluice::tools
