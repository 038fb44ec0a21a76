#include "tools/training_folder.h"

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

#include "graph/export.h"
#include "graph/freeze.h"
#include "io/atomic_file.h"
#include "models/training.h"

namespace sluice::tools {
namespace {

constexpr size_t kMaxGraphBytes = size_t{2} << 30;

// Files that a training makes, by name.
bool IsOurs(absl::string_view name) {
  return name == "graph.pb" || name == "frozen.pb" || name == "labels.txt" || name == "checkpoint" ||
         (absl::StartsWith(name, "model-") && (absl::EndsWith(name, ".index") || absl::StrContains(name, ".data-")));
}

}  // namespace

std::string TrainingFolder::graph() const { return JoinPath(path_, "graph.pb"); }
std::string TrainingFolder::frozen() const { return JoinPath(path_, "frozen.pb"); }
std::string TrainingFolder::labels() const { return JoinPath(path_, "labels.txt"); }

absl::StatusOr<std::vector<std::string>> TrainingFolder::EarlierFiles() const {
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> names, PosixFileSystem().ListDirectory(path_));
  std::erase_if(names, [](const std::string& name) { return !IsOurs(name); });
  return names;
}

absl::Status TrainingFolder::Begin(const std::string& graph_def, const std::vector<std::string>& labels, bool resume,
                                   bool overwrite) {
  FileSystem& fs = PosixFileSystem();
  SLUICE_RETURN_IF_ERROR(fs.MakeDirectory(path_));
  if (resume && fs.KindOf(graph()) != FileSystem::Kind::kNone) {
    SLUICE_ASSIGN_OR_RETURN(std::string earlier, fs.ReadFile(graph(), kMaxGraphBytes));
    if (earlier == graph_def) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        graph(), ": differs from the graph that these options make; to resume, give those that it was begun with"));
  }
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> earlier, EarlierFiles());
  if (!resume && !overwrite && !earlier.empty()) {
    return absl::AlreadyExistsError(
        absl::StrCat(path_, ": there is a training already (", earlier.front(),
                     "); --resume goes on with it, --overwrite begins anew, --out DIR goes elsewhere"));
  }
  if (!resume) {
    for (const std::string& name : earlier) SLUICE_RETURN_IF_ERROR(fs.Remove(JoinPath(path_, name)));
    const std::string best = JoinPath(path_, "best");
    for (const std::string& name : fs.ListDirectory(best).value_or(std::vector<std::string>())) {
      if (IsOurs(name)) SLUICE_RETURN_IF_ERROR(fs.Remove(JoinPath(best, name)));
    }
  }
  if (!labels.empty()) {
    SLUICE_RETURN_IF_ERROR(WriteFile(this->labels(), absl::StrJoin(labels, "\n") + "\n", IfExists::kReplace));
  }
  return WriteFile(graph(), graph_def, IfExists::kReplace);
}

absl::Status TrainingFolder::Freeze(const Graph& graph, const Session& session) {
  auto value = [&](const std::string& variable) { return session.ReadVariable(variable); };
  SLUICE_ASSIGN_OR_RETURN(Graph frozen, FreezeGraph(graph, {training::kProbabilities}, value));
  SLUICE_ASSIGN_OR_RETURN(std::string bytes, ExportGraphDef(frozen));
  return WriteFile(this->frozen(), bytes, IfExists::kReplace);
}

}  // namespace sluice::tools
