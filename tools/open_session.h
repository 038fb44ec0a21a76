// Sessions for the command line's options.
#pragma once

#include <memory>

#include "runtime/session.h"
#include "tools/common_options.h"
#include "tools/model_source.h"

namespace sluice::tools {

// The exit code of an error is that of a device that is not there, or of a malformed --devices.
absl::StatusOr<std::unique_ptr<Session>> OpenSession(const Runtime& runtime, const RunnerOptions& options);
// With `devices` instead of --devices, and where asked for such that its plans have what compiling decided.
absl::StatusOr<std::unique_ptr<Session>> OpenSessionOn(const std::string& devices, const Runtime& runtime,
                                                       const RunnerOptions& options, bool keeps_programs = false);

// The same with the model's graph, which it takes, and its checkpoint's variables.
absl::StatusOr<std::unique_ptr<Session>> OpenSession(const Runtime& runtime, const RunnerOptions& options, Model model);

// After the run: with --autotune the last file of --plans gets the plans that there are now.
absl::Status KeepPlans(const Session& session, const RunnerOptions& options);

// Remarks of placement, once each.
void LogWarnings(const Session& session, LogLevel level);

}  // namespace sluice::tools
