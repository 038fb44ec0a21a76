// What a group of checks found, told as it goes.
#pragma once

#include <chrono>
#include <string>

#include "core/status.h"

namespace sluice::gpu_check {

// Not thread-safe.
class Report {
 public:
  // `seconds` after its making the group is out of time.
  Report(std::string group, double seconds);

  void Pass() { ++passed_; }
  // Prints the first failures, and counts them all.
  void Fail(const std::string& what);
  // Pass or Fail, with the status's message.
  void Expect(const absl::Status& status, const std::string& what);
  void Expect(bool is_right, const std::string& what);
  // A line between, at most every few seconds unless `always`.
  void Progress(const std::string& text, bool always = false);
  // Once true, what is left is a failure that the caller reports.
  bool IsOutOfTime() const { return Seconds() > limit_; }
  double Seconds() const;

  // Prints the summary. Whether something was checked and nothing failed.
  bool Finish();

 private:
  const std::string group_;
  const double limit_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double last_line_ = 0;
  int64_t passed_ = 0, failed_ = 0;
};

}  // namespace sluice::gpu_check
