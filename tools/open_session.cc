#include "tools/open_session.h"

#include <filesystem>
#include <set>

#include "io/atomic_file.h"
#include "io/plan_file.h"
#include "tools/exit_code.h"

namespace sluice::tools {

absl::StatusOr<std::unique_ptr<Session>> OpenSession(const Runtime& runtime, const RunnerOptions& options) {
  return OpenSessionOn(options.session().devices, runtime, options);
}

absl::StatusOr<std::unique_ptr<Session>> OpenSessionOn(const std::string& devices, const Runtime& runtime,
                                                       const RunnerOptions& options, bool keeps_programs) {
  SessionOptions of_session = options.session();
  of_session.keep_programs = keeps_programs || of_session.autotune;
  of_session.devices = devices;
  auto session = NewSession(runtime, of_session);
  if (!session.ok()) {
    bool malformed = absl::IsInvalidArgument(session.status());
    return WithExitCode(WithContext(session.status(), "--devices"), malformed ? ExitCode::kUsage : ExitCode::kDevice);
  }
  for (const std::string& path : options.plan_files()) {
    std::error_code ignored;
    if (of_session.autotune && !std::filesystem::exists(path, ignored)) continue;  // KeepPlans makes it
    SLUICE_ASSIGN_OR_RETURN(StoredPlans plans, ReadPlanFile(path));
    absl::Status loaded = (*session)->LoadPlans(plans);
    if (!loaded.ok()) return WithExitCode(WithContext(loaded, path), ExitCode::kDevice);
  }
  return session;
}

absl::StatusOr<std::unique_ptr<Session>> OpenSession(const Runtime& runtime, const RunnerOptions& options,
                                                     Model model) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, OpenSession(runtime, options));
  SLUICE_RETURN_IF_ERROR(RestoreVariables(model, *session, options.log_level()));
  SLUICE_RETURN_IF_ERROR(session->Create(std::move(model.graph)));
  return session;
}

absl::Status KeepPlans(const Session& session, const RunnerOptions& options) {
  if (!options.session().autotune || options.plan_files().empty()) return absl::OkStatus();
  auto plans = session.SavePlans();
  if (absl::IsUnimplemented(plans.status())) return absl::OkStatus();  // the CPU has none
  if (!plans.ok()) return plans.status();
  return WriteFile(options.plan_files().back(), EncodePlanFile(*plans), IfExists::kReplace);
}

void LogWarnings(const Session& session, LogLevel level) {
  std::set<std::string> said;
  for (const std::string& warning : session.warnings()) {
    if (said.insert(warning).second) LogWarning(level, warning);
  }
}

}  // namespace sluice::tools
