// Options that the subcommands share.
#pragma once

#include <string>
#include <vector>

#include "runtime/session_options.h"
#include "tools/command_line.h"

namespace sluice::tools {

enum class LogLevel { kError, kWarning, kInfo };

// How a graph is run: devices, threads, limits.
class RunnerOptions {
 public:
  void Declare(CommandLine& line);
  // After CommandLine::Parse: reads sizes, times and names. A usage error says which option is wrong.
  absl::Status Finish();

  const SessionOptions& session() const { return session_; }
  // With FULL_TRACE where --trace or --run-metadata asks for it.
  RunOptions run() const;
  // For graph/import.h: --memory-limit, or the import's own default.
  int64_t import_limit() const;
  const std::vector<std::string>& plan_files() const { return plan_files_; }
  const std::string& trace_path() const { return trace_path_; }
  const std::string& run_metadata_path() const { return run_metadata_path_; }
  LogLevel log_level() const { return log_level_; }

 private:
  SessionOptions session_;
  int64_t threads_ = 0;
  int64_t inter_threads_ = 0;
  int64_t seed_ = 1;
  int64_t timeout_ms_ = 0;
  std::string memory_limit_;
  std::string timeout_;
  std::vector<std::string> plan_files_;
  std::string trace_path_;
  std::string run_metadata_path_;
  std::string log_level_text_ = "warning";
  std::vector<std::string> disabled_;
  LogLevel log_level_ = LogLevel::kWarning;
};

// What a command writes, and how.
struct OutputOptions {
  bool json = false;
  bool overwrite = false;
  void DeclareJson(CommandLine& line);
  void DeclareOverwrite(CommandLine& line);
};

// What graph/import.h may take: the text of --memory-limit, or the import's own default where it is empty. A usage
// error for what is no size.
absl::StatusOr<int64_t> ImportLimit(const std::string& memory_limit);

// "sluice: …" on the error stream.
void LogWarning(LogLevel level, absl::string_view message);
void LogInfo(LogLevel level, absl::string_view message);

}  // namespace sluice::tools
