#include "tools/data_sources.h"

#include <algorithm>
#include <glob.h>

#include "core/status.h"
#include "tools/exit_code.h"

namespace sluice::tools {
namespace {

// The files that a shell's pattern stands for, sorted.
absl::StatusOr<std::vector<std::string>> Glob(const std::string& pattern) {
  glob_t found = {};
  const int result = glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + (result == 0 ? found.gl_pathc : 0));
  globfree(&found);
  if (paths.empty()) return absl::NotFoundError(absl::StrCat(pattern, ": no such file"));
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::StatusOr<DataSources> OpenMnist(const DataSpec& spec) {
  std::vector<std::string> labels;
  for (int i = 0; spec.is_fashion && i < 10; ++i) labels.emplace_back(FashionMnistLabel(i));
  DataSources sources;
  SLUICE_ASSIGN_OR_RETURN(ImageDataset training, LoadFashionMnist(Split::kTrain, spec.path));
  SLUICE_ASSIGN_OR_RETURN(sources.training, NewMemorySource(std::move(training), labels, spec.path + " (training)"));
  SLUICE_ASSIGN_OR_RETURN(ImageDataset test, LoadFashionMnist(Split::kTest, spec.path));
  SLUICE_ASSIGN_OR_RETURN(sources.test, NewMemorySource(std::move(test), labels, spec.path + " (test)"));
  return sources;
}

// Where there is no test part of its own.
absl::Status HoldOut(const DataSpec& spec, DataSources& sources) {
  std::shared_ptr<const ExampleSource> all = sources.training;
  SLUICE_ASSIGN_OR_RETURN(sources.training, NewSplitSource(all, Split::kTrain, spec.holdout));
  SLUICE_ASSIGN_OR_RETURN(sources.test, NewSplitSource(all, Split::kTest, spec.holdout));
  return absl::OkStatus();
}

absl::StatusOr<DataSources> OpenTFRecords(const DataSpec& spec, const std::string& training_glob,
                                          const std::string& test_glob, BadExamples* bad) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> training, Glob(training_glob));
  TFRecordSourceOptions options{.classes = static_cast<int>(spec.classes),
                                .labels = {},
                                .first_label = spec.first_label,
                                .on_bad = spec.on_bad,
                                .bad = bad};
  std::string labels = spec.labels_path;
  if (labels.empty()) {
    labels = JoinPath(DirectoryOf(training.front()), "labels.txt");
    if (PosixFileSystem().KindOf(labels) != FileSystem::Kind::kRegular) labels.clear();
  }
  if (!labels.empty()) {
    SLUICE_ASSIGN_OR_RETURN(options.labels, ReadLabelNames(labels));
    if (spec.classes > 0 && options.labels.size() != static_cast<size_t>(spec.classes)) {
      return UsageError(
          absl::StrCat("--data: classes=", spec.classes, ", but ", labels, " has ", options.labels.size(), " names"));
    }
  }
  if (options.classes == 0 && options.labels.empty()) {
    return UsageError(absl::StrCat("--data: how many classes? classes=N, or labels.txt beside ", training.front(),
                                   " with a name a line, says so"));
  }
  DataSources sources;
  SLUICE_ASSIGN_OR_RETURN(sources.training, OpenTFRecordSource(training, options));
  if (test_glob.empty()) {
    SLUICE_RETURN_IF_ERROR(HoldOut(spec, sources));
    return sources;
  }
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> test, Glob(test_glob));
  SLUICE_ASSIGN_OR_RETURN(sources.test, OpenTFRecordSource(test, options));
  return sources;
}

absl::StatusOr<DataSources> OpenFolder(const DataSpec& spec, BadExamples* bad) {
  auto is_folder = [&](const char* name) {
    return PosixFileSystem().KindOf(JoinPath(spec.path, name)) == FileSystem::Kind::kDirectory;
  };
  std::string test;
  for (const char* name : {"val", "test"}) {
    if (is_folder("train") && is_folder(name)) test = JoinPath(spec.path, name);
  }
  ImageFolderOptions options{.labels = {}, .on_bad = spec.on_bad, .bad = bad};
  if (!spec.labels_path.empty()) {
    SLUICE_ASSIGN_OR_RETURN(options.labels, ReadLabelNames(spec.labels_path));
  }
  DataSources sources;
  SLUICE_ASSIGN_OR_RETURN(ImageFolder folder,
                          ListImageFolder(test.empty() ? spec.path : JoinPath(spec.path, "train"), options));
  options.labels = folder.labels;
  if (spec.classes > 0 && spec.classes != static_cast<int64_t>(folder.labels.size())) {
    return UsageError(
        absl::StrCat("--data: classes=", spec.classes, ", but ", spec.path, " has ", folder.labels.size(), " folders"));
  }
  SLUICE_ASSIGN_OR_RETURN(sources.training, NewImageFolderSource(std::move(folder)));
  if (test.empty()) {
    SLUICE_RETURN_IF_ERROR(HoldOut(spec, sources));
    return sources;
  }
  SLUICE_ASSIGN_OR_RETURN(ImageFolder test_folder, ListImageFolder(test, options));
  SLUICE_ASSIGN_OR_RETURN(sources.test, NewImageFolderSource(std::move(test_folder)));
  return sources;
}

}  // namespace

absl::StatusOr<DataSources> OpenDataSources(const DataSpec& spec, BadExamples* bad) {
  switch (spec.source) {
    case DataSpec::Source::kCifar10:
      return OpenTFRecords(spec, JoinPath(spec.path, "train.tfrecord"), JoinPath(spec.path, "test.tfrecord"), bad);
    case DataSpec::Source::kTFRecord:
      return OpenTFRecords(spec, spec.path, spec.test_path, bad);
    case DataSpec::Source::kFolder:
      return OpenFolder(spec, bad);
    case DataSpec::Source::kMnist:
      break;
  }
  return OpenMnist(spec);
}

}  // namespace sluice::tools
