// What crosses from one part of a step to another: one value, handed over once in every run.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/device.h"
#include "core/shape.h"
#include "runtime/transfer.h"

namespace sluice {

using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();

// One sender and one receiver, in different threads. The sender never blocks.
class ChannelState {
 public:
  // --- Sender ---
  // Says that the value of run number `run` has been copied, or will be once `event` is done (null: it has).
  void Signal(uint64_t run, Event* event) {
    {
      std::lock_guard lock(mutex_);
      run_ = run;
      event_ = event;
    }
    ready_.notify_one();
  }

  // --- Receiver ---
  // Blocks until run number `run` was signalled, or `give_up(run)` was called, or the deadline passes.
  // Returns whether it was signalled; `*event` is what Signal was given.
  bool Await(uint64_t run, Deadline deadline, Event** event) {
    std::unique_lock lock(mutex_);
    auto ready = [&] { return run_ >= run || abandoned_ >= run; };
    if (deadline == kNoDeadline) {
      ready_.wait(lock, ready);
    } else if (!ready_.wait_until(lock, deadline, ready)) {
      return false;
    }
    *event = event_;
    return run_ >= run;
  }

  // After Await has said yes: what Signal was given.
  Event* signalled(uint64_t run) {
    std::lock_guard lock(mutex_);
    return run_ == run ? event_ : nullptr;
  }

  // The sender failed in this run: wakes the receiver.
  void Abandon(uint64_t run) {
    {
      std::lock_guard lock(mutex_);
      abandoned_ = run;
    }
    ready_.notify_one();
  }

  // --- Set when the step is made ---
  Route route = Route::kHost;
  void* target = nullptr;       // kPeer: the receiver's memory
  int send_site = -1;           // of the sender's copies, where its stream does one
  int receive_site = -1;        // of the receiver's
  Event* made = nullptr;        // with a send_site: its error is that of the computation that made the value
  std::unique_ptr<Event> sent;  // of a control edge from an asynchronous device

  // The buffer; owned by the step. With a shape that is only known in a run, the sender sets these before Signal.
  void* buffer = nullptr;
  size_t capacity = 0;
  Shape shape;

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  uint64_t run_ = 0;
  uint64_t abandoned_ = 0;
  Event* event_ = nullptr;
};

}  // namespace sluice
