// A simulated stream is a thread that works off a queue; a simulated event is a count of how often it was reached.
//
// Time. Events tell real time, or with the option virtual_clock that of a clock which goes on with the work alone: every
// kernel and every copy takes as long as the options' speeds say, whatever it takes here. A piece of work starts when
// the one before it on the stream has ended, the events that the stream waited for were reached, and the device's engine
// for such work (one for kernels, one for each kind of transfer) is free. The host's own work takes no time; a stream
// that the host has synchronised goes on at the latest time that the host has waited for.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "core/device.h"
#include "core/kernel.h"
#include "core/kernel_registry.h"
#include "plugins/simulated/fabric.h"
#include "plugins/simulated/memory.h"
#include "plugins/simulated/options.h"

namespace sluice::simulated {

// What an event and the work queued for it share.
struct EventState {
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t issued = 0;     // how often it was recorded
  uint64_t completed = 0;  // the last of these that has been reached
  absl::Status status;     // of the work before that
  double time_us = 0;      // when that was
};

class SimulatedEvent : public Event {
 public:
  explicit SimulatedEvent(std::shared_ptr<Fabric> fabric) : fabric_(std::move(fabric)) {}
  bool Done() const override;
  absl::Status Synchronize() override;
  absl::StatusOr<double> MicrosecondsSince(const Event& earlier) const override;
  const std::shared_ptr<EventState>& state() const { return state_; }

 private:
  double Time() const;

  const std::shared_ptr<Fabric> fabric_;
  const std::shared_ptr<EventState> state_ = std::make_shared<EventState>();
};

struct Task;

// Work that a kernel queues; called on the stream's thread.
class Work {
 public:
  virtual ~Work() = default;
  virtual absl::Status Do(const Task& task) const = 0;
  // Every time that it is queued, on the host's thread.
  virtual void Queued() const {}
};

// One entry of a stream's queue. Entries are used again and again, so that their vectors keep their memory.
struct Task {
  Task() { operands.reserve(16); }
  enum Kind { kCopy, kRecord, kWait, kRun };
  Kind kind = kCopy;
  double not_before_us = 0;  // virtual
  double duration_us = 0;    // virtual, of copies and kernels
  // kCopy: addresses of bytes, not handles.
  void* dst = nullptr;
  const void* src = nullptr;
  size_t bytes = 0;
  // kRecord, kWait
  std::shared_ptr<EventState> event;
  uint64_t ticket = 0;  // the value of `issued` that counts
  // kRun
  const Work* work = nullptr;
  std::vector<void*> operands;  // addresses of bytes
  void* scratch = nullptr;
  KernelState* state = nullptr;
  const std::atomic<bool>* cancelled = nullptr;
  OutputAllocator* output_allocator = nullptr;
  bool is_in_graph = false;
  absl::Status* result = nullptr;  // where set, takes the error instead of the stream
};

// What works on its own within a device.
enum class Engine : uint8_t { kKernels, kToDevice, kToHost, kPeer };

// What the streams of one device share.
struct DeviceState {
  std::shared_ptr<Fabric> fabric;
  std::shared_ptr<AddressSpace> space;
  std::shared_ptr<const KernelRegistry> gpu_kernels;  // empty without the option
  Options options;
  int index = 0;
  std::string name;
  std::atomic<int64_t> copies{0};
  std::atomic<int64_t> runs{0};
  std::atomic<int64_t> work{0};
  std::atomic<int64_t> streams{0};
  const std::shared_ptr<std::atomic<bool>> is_lost = std::make_shared<std::atomic<bool>>(false);
  std::mutex clock_mutex;
  std::array<double, 4> free_us{};  // by Engine: when it has ended what was started

  // Whether the device is there; counts a piece of work that is about to start.
  absl::Status StartWork();
  // An error once the device was lost.
  absl::Status Check() const;
  // Where the bytes behind a pointer are that a stream of this device may use; null for a device's memory that it
  // cannot reach.
  void* Reach(const void* p) const;
};

// Tasks as they were captured.
class SimulatedGraph : public ExecutableGraph {
 public:
  explicit SimulatedGraph(std::vector<Task> tasks) : tasks_(std::move(tasks)) {}
  const std::vector<Task>& tasks() const { return tasks_; }

 private:
  const std::vector<Task> tasks_;
};

// An error keeps nothing from running after it, as it would not on hardware; it is reported by the events recorded
// later and by Synchronize, which forgets it. That the device was lost is reported for good.
class SimulatedStream : public Stream {
 public:
  SimulatedStream(std::shared_ptr<DeviceState> device, Engine engine);
  ~SimulatedStream() override;  // ends all the work first

  absl::Status Record(Event& event) override;
  absl::Status Wait(Event& event) override;
  absl::Status Copy(void* dst, MemoryKind dst_kind, const void* src, MemoryKind src_kind, size_t bytes) override;
  absl::Status Synchronize() override;
  absl::Status BeginCapture() override;
  absl::StatusOr<std::unique_ptr<ExecutableGraph>> EndCapture() override;
  absl::Status Launch(ExecutableGraph& graph) override;
  bool is_capturing() const { return is_capturing_; }

  // Queues what `fill(Task&)` writes into an entry that may hold an old one; never blocks for long.
  template <class F>
  void Enqueue(F&& fill) {
    if (is_capturing_) {
      Task& task = captured_.emplace_back();
      fill(task);
      task.is_in_graph = true;
      return;
    }
    {
      std::lock_guard lock(mutex_);
      if (queued_ - started_ == ring_.size()) Grow();
      Task& task = ring_[queued_ % ring_.size()];
      task.not_before_us = is_fresh_ ? device_->fabric->host_us() : 0;
      task.duration_us = 0;
      task.is_in_graph = false;
      is_fresh_ = false;
      const double not_before_us = task.not_before_us;
      fill(task);
      task.not_before_us = not_before_us;
      if (task.kind == Task::kRun) task.work->Queued();
      ++queued_;
    }
    changed_.notify_all();
  }
  // Blocks until everything queued so far has ended.
  void Drain();

 private:
  void Grow();
  void WorkLoop();
  void Complete(const Task& task, const absl::Status& error);  // a task that records an event
  absl::Status Do(const Task& task);
  void Delay();
  void PassTime(const Task& task);

  const std::shared_ptr<DeviceState> device_;
  const Engine engine_;
  std::mt19937_64 random_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> ring_;
  // Counts since the beginning; the ring holds the entries [started_, queued_).
  uint64_t queued_ = 0;
  uint64_t started_ = 0;
  uint64_t ended_ = 0;
  absl::Status CheckNotCapturing(const char* call);

  bool is_capturing_ = false;
  absl::Status capture_error_;
  std::vector<Task> captured_;
  bool closing_ = false;
  bool is_fresh_ = true;  // nothing was queued since the host synchronised it
  absl::Status error_;
  double now_us_ = 0;  // the stream's thread alone, and others when all has ended
  std::thread thread_;
};

}  // namespace sluice::simulated
