// What is in event files: for tests, and for pictures of learning curves.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "core/api.h"
#include "io/file.h"
#include "io/summary.h"
#include "io/tfrecord.h"

namespace SLUICE_API sluice {

// One record; the field of its kind is set.
struct LoggedEvent {
  double wall_time = 0;  // seconds since 1970
  int64_t step = 0;
  std::string file_version;
  std::string graph_def;
  std::vector<SummaryValue> values;
  bool is_restart = false;  // what was said before of this step and later ones is void
  std::string run_metadata_tag, run_metadata;
};

class EventReader {
 public:
  static absl::StatusOr<std::unique_ptr<EventReader>> Open(const std::string& path, FileSystem& fs = PosixFileSystem());
  // The next event; nothing at the end. DataLoss for a damaged record; one that the file ends in is the end, since a
  // writer may be at it.
  absl::StatusOr<std::optional<LoggedEvent>> Next();

 private:
  EventReader(std::unique_ptr<ReadableFile> file, const std::string& path)
      : file_(std::move(file)), records_(*file_, path), path_(path) {}

  std::unique_ptr<ReadableFile> file_;
  TFRecordReader records_;
  const std::string path_;
};

struct ScalarPoint {
  int64_t step = 0;
  double seconds = 0;  // since the run began, without the pauses between its files
  float value = 0;
};

// The event files of a run's folder, in the order in which they were begun. NotFound where there is none.
absl::StatusOr<std::vector<std::string>> EventFiles(const std::string& directory, FileSystem& fs = PosixFileSystem());
// All scalars of a run by tag, restarts taken into account; steps ascend.
absl::StatusOr<std::map<std::string, std::vector<ScalarPoint>>> ReadScalars(const std::string& directory,
                                                                            FileSystem& fs = PosixFileSystem());

}  // namespace sluice
