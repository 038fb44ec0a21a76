// How many parts of a step compute at the same time.
#pragma once

#include <condition_variable>
#include <mutex>

namespace sluice {

// A part holds a turn while it computes, and gives it back while it waits for another part: since Send never
// blocks, whoever holds a turn ends or waits, and no cap can make a deadlock. Thread-safe.
class Turns {
 public:
  // At most `cap` turns are out at a time; 0: any number, at no cost.
  explicit Turns(int cap) : capped_(cap > 0), free_(cap) {}

  // Blocks until there is a turn.
  void Take() {
    if (!capped_) return;
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return free_ > 0; });
    --free_;
  }

  void GiveBack() {
    if (!capped_) return;
    {
      std::lock_guard lock(mutex_);
      ++free_;
    }
    returned_.notify_one();
  }

 private:
  const bool capped_;
  std::mutex mutex_;
  std::condition_variable returned_;
  int free_;
};

}  // namespace sluice
