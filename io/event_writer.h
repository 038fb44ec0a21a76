// Event files, which TensorBoard shows (docs/formats.md). One folder is one run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "core/api.h"
#include "io/file.h"
#include "io/summary.h"

namespace SLUICE_API sluice {

struct EventWriterOptions {
  std::string directory;  // made where needed
  // Added to the file's name: a viewer reads every file of a folder whose name contains "tfevents".
  std::string suffix;
  // Events wait in memory for at most this long, and until there are this many bytes.
  double flush_seconds = 10;
  size_t flush_bytes = size_t{1} << 20;
};

// Appends to a file of its own, DIRECTORY/events.out.tfevents.SECONDS.HOST.PID.N; files that are there already stay as
// they are. Errors of the file are returned by the call that meets them, and by all later ones. Not thread-safe.
class EventWriter {
 public:
  static absl::StatusOr<std::unique_ptr<EventWriter>> Open(EventWriterOptions options,
                                                           FileSystem& fs = PosixFileSystem());
  // Flushes; errors are lost, so call Close before.
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  absl::Status AddScalar(int64_t step, const std::string& tag, float value);
  absl::Status AddValues(int64_t step, absl::Span<const SummaryValue> values);
  // A serialised Summary, as the summary ops give it. InvalidArgument where it is none.
  absl::Status AddSummary(int64_t step, absl::string_view summary);
  // A serialised GraphDef: what the graph tab shows.
  absl::Status AddGraph(absl::string_view graph_def);
  // A serialised RunMetadata; the graph tab offers it under `tag`.
  absl::Status AddRunMetadata(int64_t step, const std::string& tag, absl::string_view run_metadata);
  // The run goes on after `step`: what earlier files say of steps beyond it is void.
  absl::Status AddRestart(int64_t step);

  // What was added is in the file.
  absl::Status Flush();
  // The last call.
  absl::Status Close();

  const std::string& path() const { return path_; }

 private:
  EventWriter(EventWriterOptions options, FileSystem& fs) : options_(std::move(options)), fs_(fs) {}
  absl::Status CreateFile();
  absl::Status Append(absl::string_view event);

  const EventWriterOptions options_;
  FileSystem& fs_;
  std::string path_;
  std::unique_ptr<WritableFile> file_;
  std::string pending_;
  double last_flush_ = 0;  // seconds since 1970
  absl::Status status_;    // the first error
};

}  // namespace sluice
