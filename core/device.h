// Devices, their streams of work and the events that order them. A device of a plug-in implements these
// classes; the CPU's (core/cpu_device.h) is the simplest implementation: its stream is synchronous.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

#include "core/allocator.h"
#include "core/api.h"
#include "core/status.h"

namespace SLUICE_API sluice {

class KernelRegistry;
class PlanStore;

// A point in a stream's work. Thread-safe.
class Event {
 public:
  virtual ~Event() = default;
  // True once all the work before the point has ended, or nothing was recorded.
  virtual bool Done() const = 0;
  // Blocks the calling host thread until Done(). Returns the first error of the work before the point.
  virtual absl::Status Synchronize() = 0;
  // How long after `earlier` the point was reached, by the device's own clock. Both events are of one device's
  // NewTimedEvent and done. Unimplemented where the device does not measure.
  virtual absl::StatusOr<double> MicrosecondsSince([[maybe_unused]] const Event& earlier) const {
    return absl::UnimplementedError("this device does not measure time");
  }
};

// Work of a stream that was captured: kernels and copies, with their arguments. What they work on has to stay where it is
// for as long as it may be launched.
class ExecutableGraph {
 public:
  virtual ~ExecutableGraph() = default;
};

// A queue of work that a device does in order. Calls return at once where the device is asynchronous. Not
// thread-safe: one host thread issues into a stream at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  // `event` becomes done when the work issued so far has ended.
  virtual absl::Status Record(Event& event) = 0;
  // Work issued later starts after `event` is done; the event may belong to another stream of the same device
  // type.
  virtual absl::Status Wait(Event& event) = 0;
  // Copies between any two memories that this stream's device can reach. The memory must stay valid until
  // done.
  virtual absl::Status Copy(void* dst, MemoryKind dst_kind, const void* src, MemoryKind src_kind, size_t bytes) = 0;
  // Blocks the host until all the work has ended; returns its first error.
  virtual absl::Status Synchronize() = 0;

  // Of devices that captures_graphs(). Between the two calls kernels and copies are recorded and not done; events,
  // waiting and copies of the host's memory that is not pinned are errors there. EndCapture is called whatever happened in between; an error says that there is no graph, and
  // the stream is as before.
  virtual absl::Status BeginCapture() { return absl::UnimplementedError("this device captures no graphs"); }
  virtual absl::StatusOr<std::unique_ptr<ExecutableGraph>> EndCapture() {
    return absl::UnimplementedError("this device captures no graphs");
  }
  // Issues all of a graph's work, which this stream captured, at once.
  virtual absl::Status Launch([[maybe_unused]] ExecutableGraph& graph) {
    return absl::UnimplementedError("this device captures no graphs");
  }
};

// What a stream for copies is for; hardware may have an engine for each.
enum class Transfer : uint8_t { kToDevice, kToHost, kPeer };

// One logical device. Thread-safe.
class Device {
 public:
  virtual ~Device() = default;
  // TensorFlow's full form: "/job:localhost/replica:0/task:0/device:CPU:0".
  virtual const std::string& name() const = 0;
  virtual absl::string_view type() const = 0;  // "CPU", "GPU", "SIM"
  virtual int index() const = 0;
  // One line for people: model, memory, versions.
  virtual std::string description() const = 0;
  virtual Allocator& allocator() = 0;         // kernels' data
  virtual Allocator& pinned_allocator() = 0;  // host side of copies
  virtual absl::StatusOr<std::unique_ptr<Stream>> NewStream() = 0;
  // A stream for copies beside the computation, ordered with other streams by events alone. Null where the device has
  // none: copies then stand among the computation.
  virtual absl::StatusOr<std::unique_ptr<Stream>> NewTransferStream([[maybe_unused]] Transfer transfer) {
    return NewStream();
  }
  // Whether this device's streams copy from and to the memory of `peer` without a detour through the host.
  virtual bool CanReach(const Device& peer) const { return &peer == this; }
  virtual std::unique_ptr<Event> NewEvent() = 0;
  // An event that tells when it was reached.
  virtual std::unique_ptr<Event> NewTimedEvent() { return NewEvent(); }
  virtual const KernelRegistry& kernels() const = 0;
  // Host threads that a kernel may use (for a device that computes on the host; else 1).
  virtual int threads() const = 0;
  // True where work has ended when the call that issued it returns.
  virtual bool is_synchronous() const = 0;
  // Whether the host is to wait for each kernel before it issues the next: slow, but an error is then of that kernel.
  virtual bool is_blocking() const { return false; }
  // Whether its streams capture work to issue it again at once (Stream::BeginCapture).
  virtual bool captures_graphs() const { return false; }
  // False for one that is not there and that programs are only compiled for (DevicePlugin::MakeTarget).
  virtual bool can_run() const { return true; }
  // The plans of its libraries (core/plan_store.h); null where it has none that can be kept. Lives as long as the device.
  virtual PlanStore* plan_store() { return nullptr; }
};

}  // namespace sluice
