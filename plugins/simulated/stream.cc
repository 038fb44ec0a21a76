#include "plugins/simulated/stream.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "core/parallel.h"

namespace sluice::simulated {
namespace {

// Nothing that the device works on may be in memory it does not reach, or in memory of another kind than was said.
absl::Status CheckMemory(const DeviceState& device, const void* p, MemoryKind kind, size_t bytes, const char* what) {
  if (bytes == 0) return absl::OkStatus();
  const bool is_device = device.space->IsHandle(p) || device.fabric->Find(p) != nullptr;
  const char* problem = nullptr;
  if (kind == MemoryKind::kDevice) {
    if (device.space->IsHandle(p) || (is_device && device.options.peers != 0)) return absl::OkStatus();
    problem = "not in memory that it reaches";
  } else {
    if (!is_device) return absl::OkStatus();
    problem = "in a device's memory";
  }
  return absl::InternalError(
      absl::StrCat("copy on ", device.name, ": the ", what, " is ", problem, ", against what the call says"));
}

double RealMicroseconds() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

absl::Status DeviceState::Check() const {
  if (!is_lost->load(std::memory_order_relaxed)) [[likely]]
    return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(name, ": the device was lost"));
}

absl::Status DeviceState::StartWork() {
  if (work.fetch_add(1) + 1 == options.lose_at) is_lost->store(true);
  return Check();
}

void* DeviceState::Reach(const void* p) const {
  if (space->IsHandle(p)) return space->Resolve(p);
  if (void* bytes = fabric->Find(p); bytes != nullptr) return options.peers != 0 ? bytes : nullptr;
  return const_cast<void*>(p);
}

bool SimulatedEvent::Done() const {
  std::lock_guard lock(state_->mutex);
  return state_->completed >= state_->issued;
}

absl::Status SimulatedEvent::Synchronize() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->completed >= state_->issued; });
  fabric_->AdvanceHost(state_->time_us);
  return state_->status;
}

double SimulatedEvent::Time() const {
  std::lock_guard lock(state_->mutex);
  return state_->time_us;
}

absl::StatusOr<double> SimulatedEvent::MicrosecondsSince(const Event& earlier) const {
  auto* other = dynamic_cast<const SimulatedEvent*>(&earlier);
  if (other == nullptr) return absl::InternalError("the time since an event of another device type was asked for");
  return Time() - other->Time();
}

SimulatedStream::SimulatedStream(std::shared_ptr<DeviceState> device, Engine engine)
    : device_(std::move(device)),
      engine_(engine),
      random_(static_cast<uint64_t>(device_->options.seed) * 1000003 + static_cast<uint64_t>(device_->index) * 1009 +
              static_cast<uint64_t>(device_->streams.fetch_add(1))),
      ring_(64),
      thread_([this] { WorkLoop(); }) {}

SimulatedStream::~SimulatedStream() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

absl::Status SimulatedStream::BeginCapture() {
  if (device_->options.graphs == 0 || is_capturing_) return absl::FailedPreconditionError("no capture can begin here");
  is_capturing_ = true;
  capture_error_ = absl::OkStatus();
  captured_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ExecutableGraph>> SimulatedStream::EndCapture() {
  is_capturing_ = false;
  SLUICE_RETURN_IF_ERROR(capture_error_);
  return std::make_unique<SimulatedGraph>(std::move(captured_));
}

absl::Status SimulatedStream::Launch(ExecutableGraph& graph) {
  SLUICE_RETURN_IF_ERROR(device_->Check());
  for (const Task& captured : static_cast<SimulatedGraph&>(graph).tasks()) {
    Enqueue([&](Task& task) { task = captured; });
  }
  return absl::OkStatus();
}

// As on hardware, one wrong call spoils the capture.
absl::Status SimulatedStream::CheckNotCapturing(const char* call) {
  if (!is_capturing_) [[likely]]
    return absl::OkStatus();
  capture_error_ = absl::FailedPreconditionError(absl::StrCat(call, " on a stream that is being captured"));
  return capture_error_;
}

absl::Status SimulatedStream::Record(Event& event) {
  SLUICE_RETURN_IF_ERROR(CheckNotCapturing("Record"));
  auto* simulated = dynamic_cast<SimulatedEvent*>(&event);
  if (simulated == nullptr) return absl::InternalError("an event of another device type was recorded");
  EventState& state = *simulated->state();
  uint64_t ticket = 0;
  {
    std::lock_guard lock(state.mutex);
    ticket = ++state.issued;
  }
  Enqueue([&](Task& task) {
    task.kind = Task::kRecord;
    task.event = simulated->state();
    task.ticket = ticket;
  });
  return absl::OkStatus();
}

absl::Status SimulatedStream::Wait(Event& event) {
  SLUICE_RETURN_IF_ERROR(CheckNotCapturing("Wait"));
  auto* simulated = dynamic_cast<SimulatedEvent*>(&event);
  if (simulated == nullptr) return event.Synchronize();
  if (device_->options.skip_wait != 0) return absl::OkStatus();
  uint64_t ticket = 0;
  {
    std::lock_guard lock(simulated->state()->mutex);
    ticket = simulated->state()->issued;
  }
  Enqueue([&](Task& task) {
    task.kind = Task::kWait;
    task.event = simulated->state();
    task.ticket = ticket;
  });
  return absl::OkStatus();
}

absl::Status SimulatedStream::Copy(void* dst, MemoryKind dst_kind, const void* src, MemoryKind src_kind, size_t bytes) {
  SLUICE_RETURN_IF_ERROR(device_->Check());
  if (dst_kind == MemoryKind::kHost || src_kind == MemoryKind::kHost) {
    SLUICE_RETURN_IF_ERROR(CheckNotCapturing("a copy of memory that may change"));
  }
  SLUICE_RETURN_IF_ERROR(CheckMemory(*device_, dst, dst_kind, bytes, "destination"));
  SLUICE_RETURN_IF_ERROR(CheckMemory(*device_, src, src_kind, bytes, "source"));
  const Options& options = device_->options;
  int64_t speed = options.link_us;
  if (dst_kind == MemoryKind::kDevice && src_kind == MemoryKind::kDevice) {
    const bool is_within = device_->space->IsHandle(dst) && device_->space->IsHandle(src);
    speed = is_within ? options.bytes_us : options.peer_us;
  }
  Enqueue([&](Task& task) {
    task.kind = Task::kCopy;
    task.dst = device_->Reach(dst);
    task.src = device_->Reach(src);
    task.bytes = bytes;
    task.duration_us = static_cast<double>(bytes) / static_cast<double>(speed);
  });
  return absl::OkStatus();
}

absl::Status SimulatedStream::Synchronize() {
  SLUICE_RETURN_IF_ERROR(CheckNotCapturing("Synchronize"));
  Drain();
  std::lock_guard lock(mutex_);
  device_->fabric->AdvanceHost(now_us_);
  is_fresh_ = true;
  absl::Status error = std::exchange(error_, absl::OkStatus());
  return error.ok() ? device_->Check() : error;
}

void SimulatedStream::Drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&, until = queued_] { return ended_ >= until; });
}

void SimulatedStream::Grow() {
  std::vector<Task> larger(ring_.size() * 2);
  for (uint64_t i = started_; i < queued_; ++i) larger[i % larger.size()] = std::move(ring_[i % ring_.size()]);
  ring_ = std::move(larger);
}

void SimulatedStream::WorkLoop() {
  SetThreadsOfCaller(static_cast<int>(device_->options.threads));
  Task task;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return closing_ || started_ != queued_; });
    if (started_ == queued_) return;
    std::swap(task, ring_[started_ % ring_.size()]);  // both keep their memory
    ++started_;
    absl::Status error = error_;
    lock.unlock();
    Delay();
    absl::Status status = Do(task);
    PassTime(task);
    if (task.kind == Task::kRecord) Complete(task, error.ok() ? device_->Check() : error);
    task.event.reset();
    lock.lock();
    if (error_.ok()) error_ = status;
    ++ended_;
    changed_.notify_all();
  }
}

void SimulatedStream::Complete(const Task& task, const absl::Status& error) {
  std::lock_guard lock(task.event->mutex);
  if (task.ticket <= task.event->completed) return;
  task.event->completed = task.ticket;
  task.event->status = error;
  task.event->time_us = device_->options.virtual_clock != 0 ? now_us_ : RealMicroseconds();
  task.event->changed.notify_all();
}

void SimulatedStream::PassTime(const Task& task) {
  now_us_ = std::max(now_us_, task.not_before_us);
  if (task.duration_us == 0) return;
  std::lock_guard lock(device_->clock_mutex);
  double& free_us = device_->free_us[static_cast<size_t>(engine_)];
  now_us_ = std::max(now_us_, free_us) + task.duration_us;
  free_us = now_us_;
}

absl::Status SimulatedStream::Do(const Task& task) {
  switch (task.kind) {
    case Task::kRecord:
      return absl::OkStatus();
    case Task::kCopy:
      SLUICE_RETURN_IF_ERROR(device_->StartWork());
      if (device_->copies.fetch_add(1) + 1 == device_->options.fail_copy) {
        return absl::InternalError(
            absl::StrCat(device_->name, ": copy number ", device_->options.fail_copy, " failed, as asked for"));
      }
      if (task.bytes > 0) std::memmove(task.dst, task.src, task.bytes);
      return absl::OkStatus();
    case Task::kWait: {
      std::unique_lock lock(task.event->mutex);
      task.event->changed.wait(lock, [&] { return task.event->completed >= task.ticket; });
      if (device_->options.virtual_clock != 0) now_us_ = std::max(now_us_, task.event->time_us);
      return absl::OkStatus();
    }
    case Task::kRun: {
      absl::Status status = task.work->Do(task);
      if (task.result == nullptr) return status;
      *task.result = status;
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

void SimulatedStream::Delay() {
  int64_t most = 2 * device_->options.delay_us;
  if (most == 0) return;
  std::this_thread::sleep_for(std::chrono::microseconds(random_() % static_cast<uint64_t>(most + 1)));
}

}  // namespace sluice::simulated
