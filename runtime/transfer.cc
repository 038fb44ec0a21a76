#include "runtime/transfer.h"

#include "absl/strings/match.h"

namespace sluice {

Route RouteBetween(const Device& from, const Device& to, bool has_static_shape) {
  if (from.is_synchronous()) return to.is_synchronous() ? Route::kHost : Route::kToDevice;
  if (to.is_synchronous()) return Route::kToHost;
  return has_static_shape && from.CanReach(to) ? Route::kPeer : Route::kStaged;
}

Allocator& BufferMemory(Route route, Device& from, Device& to, Allocator& host) {
  switch (route) {
    case Route::kHost:
    case Route::kPeer:
      return host;
    case Route::kToDevice:
      return to.pinned_allocator();
    case Route::kToHost:
    case Route::kStaged:
      return from.pinned_allocator();
  }
  return host;
}

absl::Status WaitFor(Event& event, const Device& recorder, Stream& stream, const Device& waiter) {
  if (!waiter.is_synchronous() && recorder.type() == waiter.type()) return stream.Wait(event);
  return event.Synchronize();
}

absl::Status CopyNow(Device& device, void* dst, MemoryKind dst_kind, const void* src, MemoryKind src_kind,
                     size_t bytes) {
  const Transfer transfer = dst_kind == MemoryKind::kDevice ? Transfer::kToDevice : Transfer::kToHost;
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<Stream> stream, device.NewTransferStream(transfer));
  if (stream == nullptr) {
    SLUICE_ASSIGN_OR_RETURN(stream, device.NewStream());
  }
  SLUICE_RETURN_IF_ERROR(stream->Copy(dst, dst_kind, src, src_kind, bytes));
  return stream->Synchronize();
}

absl::StatusOr<int> Copies::Add(Transfer transfer, std::string node, std::string op, std::string what) {
  const auto which = static_cast<size_t>(transfer);
  if (!has_stream_[which]) {
    SLUICE_ASSIGN_OR_RETURN(streams_[which], device_.NewTransferStream(transfer));
    has_stream_[which] = true;
  }
  sites_.push_back({transfer, std::move(node), std::move(op), std::move(what), device_.NewEvent(), device_.NewEvent()});
  issued_.reserve(sites_.size());
  return static_cast<int>(sites_.size()) - 1;
}

void Copies::StartRun(DeviceTrace* trace) {
  issued_.clear();
  trace_ = trace;
  if (trace == nullptr) return;
  for (auto& stream : streams_) {
    if (stream != nullptr) trace->Start(*stream);
  }
}

absl::Status Copies::Copy(int site, Stream& stream, const CopyJob& job) {
  static constexpr const char* kRows[] = {"/to_device", "/to_host", "/peer"};
  const Site& s = sites_[site];
  if (trace_ != nullptr) {
    NodeTrace row;
    row.node = s.node;
    row.op = s.op;
    row.device = absl::StrCat(device_.name(), kRows[static_cast<size_t>(s.transfer)]);
    row.output_bytes = static_cast<int64_t>(job.bytes);
    trace_->Begin(stream, std::move(row));
  }
  absl::Status status = stream.Copy(job.dst, job.dst_kind, job.src, job.src_kind, job.bytes);
  if (!status.ok()) return WithContext(status, s.what);
  if (trace_ != nullptr) trace_->End(stream);
  issued_.push_back(site);
  return stream.Record(*s.done);
}

absl::Status Copies::FromComputation(int site, const CopyJob& job) {
  Site& s = sites_[site];
  Stream& stream = StreamOf(s);
  SLUICE_RETURN_IF_ERROR(computation_.Record(*s.made));
  if (&stream != &computation_) SLUICE_RETURN_IF_ERROR(stream.Wait(*s.made));
  return Copy(site, stream, job);
}

absl::Status Copies::ToComputation(int site, const CopyJob& job, Event* ready, const Device* recorder) {
  Site& s = sites_[site];
  Stream& stream = StreamOf(s);
  if (ready != nullptr) SLUICE_RETURN_IF_ERROR(WaitFor(*ready, *recorder, stream, device_));
  SLUICE_RETURN_IF_ERROR(Copy(site, stream, job));
  return &stream == &computation_ ? absl::OkStatus() : computation_.Wait(*s.done);
}

absl::Status Copies::Synchronize() {
  absl::Status copied;
  for (auto& stream : streams_) {
    if (stream == nullptr) continue;
    absl::Status status = stream->Synchronize();
    if (copied.ok()) copied = status;
  }
  absl::Status computed = computation_.Synchronize();
  if (copied.ok() && computed.ok()) return computed;
  // A stream does not know what its work was for; the first copy that was not reached well does. (Where the errors of the
  // hardware stay, that is the first copy after which nobody looked.) It comes before what the computation says, which may
  // have failed for want of the value.
  if (!copied.ok() || !absl::StartsWith(computed.message(), "node '")) {
    for (int site : issued_) {
      absl::Status status = sites_[site].done->Synchronize();
      if (!status.ok()) return WithContext(copied.ok() ? computed : copied, sites_[site].what);
    }
  }
  return computed.ok() ? copied : computed;
}

}  // namespace sluice
