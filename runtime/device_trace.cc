#include "runtime/device_trace.h"

#include <cmath>

namespace sluice {

void DeviceTrace::Clear() { started_ = used_ = 0; }

void DeviceTrace::Start(Stream& stream) {
  if (started_ == starts_.size()) starts_.push_back(device_.NewTimedEvent());
  stream.Record(*starts_[started_++]).IgnoreError();
}

void DeviceTrace::Begin(Stream& stream, NodeTrace row) {
  if (used_ == spans_.size()) spans_.push_back({{}, device_.NewTimedEvent(), device_.NewTimedEvent()});
  Span& span = spans_[used_++];
  span.row = std::move(row);
  stream.Record(*span.begin).IgnoreError();  // an error of the stream is the run's, and told there
}

void DeviceTrace::End(Stream& stream) { stream.Record(*spans_[used_ - 1].end).IgnoreError(); }

void DeviceTrace::Finish(std::vector<NodeTrace>& rows) {
  for (size_t i = 0; i < used_; ++i) {
    Span& span = spans_[i];
    auto begin = span.begin->MicrosecondsSince(*starts_[0]);
    auto end = span.end->MicrosecondsSince(*starts_[0]);
    if (begin.ok() && end.ok()) {
      span.row.start_us = std::llround(*begin);
      span.row.end_us = std::llround(*end);
    }
    rows.push_back(std::move(span.row));
  }
}

}  // namespace sluice
