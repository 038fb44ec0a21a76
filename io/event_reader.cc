#include "io/event_reader.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "core/status.h"
#include "io/summary_message.h"
#include "proto/event.pb.h"

namespace sluice {

absl::StatusOr<std::unique_ptr<EventReader>> EventReader::Open(const std::string& path, FileSystem& fs) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, fs.OpenForReading(path));
  return std::unique_ptr<EventReader>(new EventReader(std::move(file), path));
}

absl::StatusOr<std::optional<LoggedEvent>> EventReader::Next() {
  std::string record;
  const uint64_t offset = records_.offset();
  absl::Status status = records_.Next(record);
  if (absl::IsOutOfRange(status)) return std::nullopt;
  if (records_.ends_inside_record()) return std::nullopt;
  SLUICE_RETURN_IF_ERROR(status);
  proto::Event message;
  if (!message.ParseFromString(record)) {
    return absl::DataLossError(absl::StrCat(path_, ": the record at byte ", offset, " is no Event"));
  }
  LoggedEvent event{.wall_time = message.wall_time(), .step = message.step()};
  event.file_version = message.file_version();
  event.graph_def = message.graph_def();
  event.values = ReadSummary(message.summary());
  event.is_restart = message.session_log().status() == proto::SessionLog::START;
  event.run_metadata_tag = message.tagged_run_metadata().tag();
  event.run_metadata = message.tagged_run_metadata().run_metadata();
  return event;
}

absl::StatusOr<std::vector<std::string>> EventFiles(const std::string& directory, FileSystem& fs) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> names, fs.ListDirectory(directory));
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    if (absl::StrContains(name, "tfevents")) paths.push_back(JoinPath(directory, name));
  }
  if (paths.empty()) return absl::NotFoundError(absl::StrCat(directory, ": there is no event file in it"));
  return paths;
}

absl::StatusOr<std::map<std::string, std::vector<ScalarPoint>>> ReadScalars(const std::string& directory,
                                                                            FileSystem& fs) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> paths, EventFiles(directory, fs));
  std::map<std::string, std::vector<ScalarPoint>> scalars;
  // Steps ascend within a run, so a step that comes again says that the run was taken up from before it.
  auto drop_from = [](std::vector<ScalarPoint>& points, int64_t step) {
    while (!points.empty() && points.back().step >= step) points.pop_back();
  };
  double elapsed = 0;  // seconds, in the files so far
  for (const std::string& path : paths) {
    std::optional<double> began;
    double before = elapsed;
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<EventReader> reader, EventReader::Open(path, fs));
    for (;;) {
      SLUICE_ASSIGN_OR_RETURN(std::optional<LoggedEvent> event, reader->Next());
      if (!event.has_value()) break;
      if (!began.has_value()) began = event->wall_time;
      elapsed = before + event->wall_time - *began;
      if (event->is_restart) {
        for (auto& [tag, points] : scalars) drop_from(points, event->step);
      }
      for (const SummaryValue& value : event->values) {
        const float* scalar = std::get_if<float>(&value.value);
        if (scalar == nullptr) continue;
        std::vector<ScalarPoint>& points = scalars[value.tag];
        drop_from(points, event->step);
        points.push_back({event->step, elapsed, *scalar});
      }
    }
  }
  return scalars;
}

}  // namespace sluice
