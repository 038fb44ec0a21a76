#include "tools/common_options.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_split.h"

#include "graph/import.h"
#include "graph/passes.h"
#include "tools/exit_code.h"
#include "tools/nearest.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

// At most this many threads make sense on any machine; more is a slip of the finger.
constexpr int64_t kMaxThreads = 1024;

// Prune always runs: nodes that nobody needs may not be runnable.
std::vector<std::string> OptionalPasses() {
  std::vector<std::string> names = PassNames();
  for (const std::string& name : PlacedPassNames()) names.push_back(name);
  std::erase(names, "prune");
  return names;
}

absl::Status InOption(const absl::Status& status, absl::string_view option) { return WithContext(status, option); }

}  // namespace

void RunnerOptions::Declare(CommandLine& line) {
  line.Group("Running");
  line.Option("--devices", &session_.devices, "SPEC", "Devices, such as cpu:2 (default cpu:1)");
  line.Option("--threads,--num_threads", &threads_, "N",
              "Threads of the process in all (default: the machine's cores)");
  line.Option("--inter-threads", &inter_threads_, "N",
              "Logical CPU devices that compute at the same time (default 0: all)");
  line.Option("--memory-limit", &memory_limit_, "SIZE", "The most memory for graph and tensors, such as 2GiB");
  line.Option("--timeout", &timeout_, "TIME", "The longest a run may take, such as 30s");
  line.Flag("--deterministic", &session_.deterministic, "Bit-identical results from run to run");
  line.Flag("--exact", &session_.exact, "No algorithm that trades accuracy for speed");
  line.Option("--seed", &seed_, "N", "Of random numbers (default 1)");
  line.Option("--disable", &disabled_, "PASS", "Leaves a graph pass out: " + absl::StrJoin(OptionalPasses(), ", "));
  line.Option("--plugin", &session_.plugins, "FILE", "Loads a device plug-in");
  line.Option("--plans", &plan_files_, "FILE", "Uses the plans of sluice compile");
  line.Flag("--autotune", &session_.autotune,
            "Times on a GPU once what its libraries leave to choose; --plans FILE keeps the answers");
  line.Option("--allow-io", &session_.io_root, "DIR", "The folder that nodes of the graph may read and write");
  line.Option("--trace", &trace_path_, "FILE", "Writes a Chrome trace of a run");
  line.Option("--run-metadata", &run_metadata_path_, "FILE", "Writes TensorFlow's RunMetadata of a run");
  line.Option("--log-level", &log_level_text_, "LEVEL", "error, warning (the default) or info");
}

absl::Status RunnerOptions::Finish() {
  if (threads_ == -1) threads_ = 0;  // benchmark_model's word for it
  if (threads_ < 0 || threads_ > kMaxThreads) {
    return UsageError(absl::StrCat("--threads: expected 0 to ", kMaxThreads, ", got ", threads_));
  }
  session_.threads = static_cast<int>(threads_);
  if (inter_threads_ < 0 || inter_threads_ > kMaxThreads) {
    return UsageError(absl::StrCat("--inter-threads: expected 0 to ", kMaxThreads, ", got ", inter_threads_));
  }
  session_.inter_threads = static_cast<int>(inter_threads_);
  if (seed_ < 0) return UsageError("--seed: expected a number of at least 0");
  session_.seed = static_cast<uint64_t>(seed_);
  if (!memory_limit_.empty()) {
    auto bytes = ParseBytes(memory_limit_);
    if (!bytes.ok()) return InOption(bytes.status(), "--memory-limit");
    session_.memory_limit = *bytes;
  }
  if (!timeout_.empty()) {
    auto milliseconds = ParseMilliseconds(timeout_);
    if (!milliseconds.ok()) return InOption(milliseconds.status(), "--timeout");
    timeout_ms_ = *milliseconds;
  }
  std::vector<std::string> passes = OptionalPasses();
  for (const std::string& text : disabled_) {
    for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
      std::string name(part);
      if (std::find(passes.begin(), passes.end(), name) == passes.end()) {
        return UsageError(absl::StrCat("--disable: there is no pass '", name, "'", DidYouMean(name, passes),
                                       "; there are ", absl::StrJoin(passes, ", ")));
      }
      session_.disabled_passes.push_back(name);
    }
  }
  static constexpr const char* kLevels[] = {"error", "warning", "info"};
  auto level = std::find(std::begin(kLevels), std::end(kLevels), log_level_text_);
  if (level == std::end(kLevels)) {
    return UsageError(absl::StrCat("--log-level: expected error, warning or info, got '", log_level_text_, "'"));
  }
  log_level_ = static_cast<LogLevel>(level - kLevels);
  return absl::OkStatus();
}

RunOptions RunnerOptions::run() const {
  RunOptions options;
  options.timeout_in_ms = timeout_ms_;
  if (!trace_path_.empty() || !run_metadata_path_.empty()) options.trace_level = RunOptions::FULL_TRACE;
  return options;
}

int64_t RunnerOptions::import_limit() const {
  return session_.memory_limit > 0 ? session_.memory_limit : ImportOptions().memory_limit;
}

absl::StatusOr<int64_t> ImportLimit(const std::string& memory_limit) {
  if (memory_limit.empty()) return ImportOptions().memory_limit;
  auto bytes = ParseBytes(memory_limit);
  return bytes.ok() ? bytes : InOption(bytes.status(), "--memory-limit");
}

void OutputOptions::DeclareJson(CommandLine& line) {
  line.Flag("--json", &json, "Prints one JSON object instead of text");
}

void OutputOptions::DeclareOverwrite(CommandLine& line) {
  line.Flag("--overwrite", &overwrite, "Replaces files that are there already");
}

void LogWarning(LogLevel level, absl::string_view message) {
  if (level >= LogLevel::kWarning) fprintf(stderr, "sluice: %s\n", std::string(message).c_str());
}

void LogInfo(LogLevel level, absl::string_view message) {
  if (level >= LogLevel::kInfo) fprintf(stderr, "sluice: %s\n", std::string(message).c_str());
}

}  // namespace sluice::tools
