// How a value travels from one memory to another. The decision is made here and nowhere else: channels between the parts
// of a step, feeds, fetches, constants and variables all come here.
//
//   from            to a CPU     to another device
//   a CPU           kHost        kToDevice
//   another device  kToHost      kPeer where the sender reaches the receiver's memory, else kStaged
//
// A value whose shape is only known in the run has no memory at its receiver when it is sent: never kPeer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/device.h"
#include "runtime/device_trace.h"

namespace sluice {

enum class Route : uint8_t {
  kHost,      // the host copies into a buffer, which the receiver reads
  kToDevice,  // the host copies into a pinned buffer, and from there the receiver's stream
  kToHost,    // the sender's stream copies into a pinned buffer, which the receiver reads
  kPeer,      // the sender's stream copies into the receiver's memory
  kStaged,    // the sender's stream copies into a pinned buffer, and from there the receiver's stream
};

Route RouteBetween(const Device& from, const Device& to, bool has_static_shape);

// Where the buffer of a route lies; `host` for what no device's stream copies. kPeer needs none.
Allocator& BufferMemory(Route route, Device& from, Device& to, Allocator& host);

// Work that `waiter` issues into `stream` later starts after `event`, which `recorder` has recorded: the stream waits for
// events of its own device type, and for others the host.
absl::Status WaitFor(Event& event, const Device& recorder, Stream& stream, const Device& waiter);

// Copies between the host and a device (or within one) and waits for the end. What is not known to the streams of a step:
// variables between runs, constants.
absl::Status CopyNow(Device& device, void* dst, MemoryKind dst_kind, const void* src, MemoryKind src_kind,
                     size_t bytes);

// One copy as a stream is told.
struct CopyJob {
  void* dst = nullptr;
  MemoryKind dst_kind = MemoryKind::kHost;
  const void* src = nullptr;
  MemoryKind src_kind = MemoryKind::kHost;
  size_t bytes = 0;
};

// The copies that one part of a step makes in each of its runs, beside the part's computation: each is a site, known
// beforehand. Not thread-safe, but for the events.
class Copies {
 public:
  // Both must outlive this. The device is asynchronous.
  Copies(Device& device, Stream& computation) : device_(device), computation_(computation) {}

  // A copy on the engine `transfer`. `node` is the graph's name for the value's node and `what` says for errors which copy
  // this is. Returns the number of the site.
  absl::StatusOr<int> Add(Transfer transfer, std::string node, std::string op, std::string what);

  // Forgets the last run. With a trace, the copies of this run are entered there.
  void StartRun(DeviceTrace* trace);
  // Copies what the computation issued so far makes. Its memory must stay as it is until done(site).
  absl::Status FromComputation(int site, const CopyJob& job);
  // Copies into memory that computation issued later reads, and nothing issued so far uses. Starts after `ready` of
  // `recorder`, if that is not null.
  absl::Status ToComputation(int site, const CopyJob& job, Event* ready = nullptr, const Device* recorder = nullptr);

  // Recorded where the site's copy ends, and where the computation had made the value: what went wrong before is told by
  // the second.
  Event& done(int site) { return *sites_[site].done; }
  Event& made(int site) { return *sites_[site].made; }

  // Waits for the computation and all copies. The first error, which says at which node.
  absl::Status Synchronize();

 private:
  struct Site {
    Transfer transfer;
    std::string node, op, what;
    std::unique_ptr<Event> made, done;
  };
  Stream& StreamOf(const Site& site) {
    Stream* stream = streams_[static_cast<size_t>(site.transfer)].get();
    return stream != nullptr ? *stream : computation_;
  }
  absl::Status Copy(int site, Stream& stream, const CopyJob& job);

  Device& device_;
  Stream& computation_;
  std::unique_ptr<Stream> streams_[3];  // by Transfer; null where there are no such copies, or no stream for them
  bool has_stream_[3] = {};             // asked for
  std::vector<Site> sites_;
  std::vector<int> issued_;  // sites, in the order of this run
  DeviceTrace* trace_ = nullptr;
};

}  // namespace sluice
