// When an asynchronous device did what, by its own clock: a pair of events around each piece of work of a traced run.
// (What the host could measure is when the work was issued.)
#pragma once

#include <memory>
#include <vector>

#include "core/device.h"
#include "runtime/session_options.h"

namespace sluice {

// One for each part of a step. Not thread-safe.
class DeviceTrace {
 public:
  explicit DeviceTrace(Device& device) : device_(device) {}

  // Forgets the last run.
  void Clear();
  // The run's time on this stream starts here. The first stream's start is where all rows count from.
  void Start(Stream& stream);
  // Around one piece of work. The row's times are those of the host, for a device that does not measure.
  void Begin(Stream& stream, NodeTrace row);
  void End(Stream& stream);
  // Appends the run's rows, in the order of Begin. All the streams have been synchronised.
  void Finish(std::vector<NodeTrace>& rows);

 private:
  struct Span {
    NodeTrace row;
    std::unique_ptr<Event> begin, end;
  };
  Device& device_;
  std::vector<std::unique_ptr<Event>> starts_;
  std::vector<Span> spans_;  // kept from run to run with their events
  size_t started_ = 0;
  size_t used_ = 0;
};

}  // namespace sluice
