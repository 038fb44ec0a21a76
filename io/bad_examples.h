// Examples that cannot be read.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "absl/status/status.h"

#include "core/api.h"

namespace SLUICE_API sluice {

// What to do about one: end with its error, or go on without it.
enum class OnBad { kFail, kSkip };

// Counts what was left out, and tells of it. Thread-safe.
class BadExamples {
 public:
  // `tell` gets the message of each, one call at a time, in any thread.
  explicit BadExamples(std::function<void(const std::string&)> tell = nullptr) : tell_(std::move(tell)) {}

  void Add(const absl::Status& status) {
    std::lock_guard lock(mutex_);
    ++count_;
    if (tell_) tell_(std::string(status.message()));
  }
  int64_t count() const {
    std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  const std::function<void(const std::string&)> tell_;
  mutable std::mutex mutex_;
  int64_t count_ = 0;
};

}  // namespace sluice
