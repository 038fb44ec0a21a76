#include "io/event_writer.h"

#include <chrono>
#include <unistd.h>

#include "absl/strings/str_format.h"

#include "core/status.h"
#include "io/summary_message.h"
#include "io/tfrecord.h"
#include "proto/event.pb.h"

namespace sluice {
namespace {

constexpr const char* kFileVersion = "brain.Event:2";

double Now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::string HostName() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

proto::Event NewEvent(int64_t step) {
  proto::Event event;
  event.set_wall_time(Now());
  event.set_step(step);
  return event;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventWriter>> EventWriter::Open(EventWriterOptions options, FileSystem& fs) {
  SLUICE_RETURN_IF_ERROR(fs.MakeDirectory(options.directory));
  std::unique_ptr<EventWriter> writer(new EventWriter(std::move(options), fs));
  SLUICE_RETURN_IF_ERROR(writer->CreateFile());
  proto::Event version = NewEvent(0);
  version.set_file_version(kFileVersion);
  SLUICE_RETURN_IF_ERROR(writer->Append(version.SerializeAsString()));
  SLUICE_RETURN_IF_ERROR(writer->Flush());
  return writer;
}

absl::Status EventWriter::CreateFile() {
  // TensorBoard reads a folder's files in the order of their names: seconds have ten digits until 2286.
  std::string stem = JoinPath(options_.directory, absl::StrFormat("events.out.tfevents.%010d.%s.%d",
                                                                  static_cast<int64_t>(Now()), HostName(), getpid()));
  for (int n = 0;; ++n) {
    path_ = absl::StrCat(stem, ".", n, options_.suffix);
    auto file = fs_.Create(path_);
    if (absl::IsAlreadyExists(file.status())) continue;
    SLUICE_RETURN_IF_ERROR(file.status());
    file_ = *std::move(file);
    return absl::OkStatus();
  }
}

EventWriter::~EventWriter() {
  if (file_ != nullptr) Close().IgnoreError();
}

absl::Status EventWriter::Append(absl::string_view event) {
  SLUICE_RETURN_IF_ERROR(status_);
  AppendTFRecord(event, pending_);
  if (pending_.size() < options_.flush_bytes && Now() - last_flush_ < options_.flush_seconds) return absl::OkStatus();
  return Flush();
}

absl::Status EventWriter::Flush() {
  SLUICE_RETURN_IF_ERROR(status_);
  status_ = file_->Append(pending_);
  pending_.clear();
  last_flush_ = Now();
  return status_;
}

absl::Status EventWriter::Close() {
  absl::Status flushed = Flush();
  absl::Status closed = file_->Close();
  file_.reset();
  status_ = absl::FailedPreconditionError(absl::StrCat(path_, ": is closed"));
  return flushed.ok() ? closed : flushed;
}

absl::Status EventWriter::AddScalar(int64_t step, const std::string& tag, float value) {
  SummaryValue scalar{tag, value};
  return AddValues(step, absl::MakeConstSpan(&scalar, 1));
}

absl::Status EventWriter::AddValues(int64_t step, absl::Span<const SummaryValue> values) {
  proto::Event event = NewEvent(step);
  WriteSummary(values, *event.mutable_summary());
  return Append(event.SerializeAsString());
}

absl::Status EventWriter::AddSummary(int64_t step, absl::string_view summary) {
  proto::Event event = NewEvent(step);
  if (!event.mutable_summary()->ParseFromArray(summary.data(), static_cast<int>(summary.size()))) {
    return absl::InvalidArgumentError("the bytes are no Summary message");
  }
  return Append(event.SerializeAsString());
}

absl::Status EventWriter::AddGraph(absl::string_view graph_def) {
  proto::Event event = NewEvent(0);
  event.set_graph_def(graph_def.data(), graph_def.size());
  return Append(event.SerializeAsString());
}

absl::Status EventWriter::AddRunMetadata(int64_t step, const std::string& tag, absl::string_view run_metadata) {
  proto::Event event = NewEvent(step);
  event.mutable_tagged_run_metadata()->set_tag(tag);
  event.mutable_tagged_run_metadata()->set_run_metadata(run_metadata.data(), run_metadata.size());
  return Append(event.SerializeAsString());
}

absl::Status EventWriter::AddRestart(int64_t step) {
  // TensorBoard drops what has this step or a later one.
  proto::Event event = NewEvent(step + 1);
  event.mutable_session_log()->set_status(proto::SessionLog::START);
  SLUICE_RETURN_IF_ERROR(Append(event.SerializeAsString()));
  return Flush();
}

}  // namespace sluice
