#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "io/example.h"
#include "io/example_source.h"
#include "io/input_pipeline.h"
#include "io/jpeg.h"
#include "io/tfrecord_file.h"
#include "tools/dataset_actions.h"
#include "tools/exit_code.h"
#include "tools/json_report.h"
#include "tools/output_spec.h"
#include "tools/progress_bar.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

constexpr size_t kMaxPictureBytes = size_t{1} << 30;
constexpr int64_t kMaxShards = 1000;  // which are all open at once

std::vector<std::string> ShardPaths(const PackOptions& options) {
  if (options.shards == 1) return {options.out};
  std::vector<std::string> paths;
  for (int64_t i = 0; i < options.shards; ++i) {
    paths.push_back(absl::StrFormat("%s-%05d-of-%05d", options.out, i, options.shards));
  }
  return paths;
}

// The size of a picture, all of which can be decoded.
absl::StatusOr<JpegInfo> CheckPicture(const std::string& bytes, JpegDecoder& jpeg, ImageDecoder& any) {
  if (EncodedFormat(bytes) == "jpeg") {
    SLUICE_ASSIGN_OR_RETURN(JpegInfo info, jpeg.ReadInfo(bytes));
    // An eighth of the size shows the same damage, and costs less.
    SLUICE_RETURN_IF_ERROR(jpeg.Decode(bytes, {.scale_denominator = 8}).status());
    return info;
  }
  SLUICE_ASSIGN_OR_RETURN(Tensor picture, any.Decode(bytes));
  return JpegInfo{.height = picture.dim(0), .width = picture.dim(1)};
}

class Packer {
 public:
  explicit Packer(const PackOptions& options) : options_(options), bad_([this](const std::string& m) { Tell(m); }) {}

  absl::Status Run() {
    SLUICE_RETURN_IF_ERROR(Check());
    ImageFolderOptions listing{.labels = {}, .on_bad = on_bad_, .bad = &bad_};
    if (!options_.labels.empty()) {
      SLUICE_ASSIGN_OR_RETURN(listing.labels, ReadLabelNames(options_.labels));
    }
    SLUICE_ASSIGN_OR_RETURN(folder_, ListImageFolder(options_.folder, listing));
    SLUICE_RETURN_IF_ERROR(CheckLabels());
    const std::vector<std::string> paths = ShardPaths(options_);
    SLUICE_RETURN_IF_ERROR(CheckNew(paths, options_.output.overwrite));
    std::vector<std::unique_ptr<TFRecordWriter>> writers;
    for (const std::string& path : paths) {
      SLUICE_ASSIGN_OR_RETURN(auto writer, TFRecordWriter::Create(path, IfExistsOf()));
      writers.push_back(std::move(writer));
    }
    SLUICE_RETURN_IF_ERROR(Write(writers));
    for (auto& writer : writers) SLUICE_RETURN_IF_ERROR(writer->Commit());
    SLUICE_RETURN_IF_ERROR(WriteLabels());
    Report(paths);
    return absl::OkStatus();
  }

 private:
  IfExists IfExistsOf() const { return options_.output.overwrite ? IfExists::kReplace : IfExists::kFail; }

  void Tell(const std::string& message) {
    if (bar_ != nullptr) bar_->Clear();
    fprintf(stderr, "sluice: skipped %s\n", message.c_str());
  }

  absl::Status Check() {
    if (options_.out.empty()) return UsageError("-o FILE is missing");
    if (options_.shards < 1 || options_.shards > kMaxShards) {
      return UsageError(absl::StrCat("--shards: expected 1 to ", kMaxShards));
    }
    if (options_.on_bad != "fail" && options_.on_bad != "skip") return UsageError("--on-bad: expected fail or skip");
    on_bad_ = options_.on_bad == "skip" ? OnBad::kSkip : OnBad::kFail;
    labels_path_ = JoinPath(DirectoryOf(options_.out), "labels.txt");
    return absl::OkStatus();
  }

  std::string LabelText() const { return absl::StrJoin(folder_.labels, "\n") + "\n"; }

  // Two parts of one data set are packed into one folder, one after the other; their classes have to be the same.
  absl::Status CheckLabels() {
    if (options_.output.overwrite || PosixFileSystem().KindOf(labels_path_) != FileSystem::Kind::kRegular) {
      return absl::OkStatus();
    }
    SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> there, ReadLabelNames(labels_path_));
    if (there == folder_.labels) return absl::OkStatus();
    return absl::AlreadyExistsError(
        absl::StrCat(labels_path_, ": has other classes than ", options_.folder, " (--labels ", labels_path_,
                     " takes them in its order; --overwrite replaces it; or write somewhere else)"));
  }

  absl::Status WriteLabels() {
    auto there = PosixFileSystem().ReadFile(labels_path_, size_t{1} << 24);
    if (there.ok() && *there == LabelText()) return absl::OkStatus();
    return WriteFile(labels_path_, LabelText(), IfExists::kReplace);
  }

  absl::Status Write(std::vector<std::unique_ptr<TFRecordWriter>>& writers) {
    const auto n = static_cast<int64_t>(folder_.files.size());
    std::vector<int64_t> order;
    if (options_.in_order) {
      for (int64_t i = 0; i < n; ++i) order.push_back(i);
    } else {
      order = EpochOrder(n, static_cast<uint64_t>(options_.seed), 0, 0);
    }
    ProgressBar bar("pictures", n);
    bar_ = &bar;
    for (int64_t i = 0; i < n; ++i) {
      const ImageFile& file = folder_.files[static_cast<size_t>(order[static_cast<size_t>(i)])];
      auto record = Record(file);
      if (record.ok()) {
        SLUICE_RETURN_IF_ERROR(writers[static_cast<size_t>(packed_) % writers.size()]->Write(*record));
        ++packed_;
        bytes_ += static_cast<int64_t>(record->size());
      } else if (on_bad_ == OnBad::kFail) {
        bar_ = nullptr;
        return record.status();
      } else {
        bad_.Add(record.status());
      }
      bar.Set(i + 1);
    }
    bar_ = nullptr;
    if (packed_ > 0) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(options_.folder, ": none of its ", n, " pictures can be read"));
  }

  absl::StatusOr<std::string> Record(const ImageFile& file) {
    SLUICE_ASSIGN_OR_RETURN(std::string bytes, PosixFileSystem().ReadFile(file.path, kMaxPictureBytes));
    auto info = CheckPicture(bytes, jpeg_, any_);
    if (!info.ok()) return WithContext(info.status(), file.path);
    return ExampleBuilder()
        .AddBytes("image/encoded", bytes)
        .AddBytes("image/format", EncodedFormat(bytes))
        .AddInt("image/height", info->height)
        .AddInt("image/width", info->width)
        .AddInt("image/class/label", file.label)
        .AddBytes("image/class/text", folder_.labels[static_cast<size_t>(file.label)])
        .AddBytes("image/filename", BaseName(file.path))
        .Finish();
  }

  void Report(const std::vector<std::string>& paths) const {
    if (options_.output.json) {
      Json report = NewReport("dataset");
      report["files"] = paths;
      report["labels"] = labels_path_;
      report["classes"] = folder_.labels.size();
      report["records"] = packed_;
      report["skipped"] = bad_.count();
      PrintReport(report);
      return;
    }
    printf("%s%s: %s records of %d classes, %s", paths.front().c_str(),
           paths.size() > 1 ? absl::StrCat(" and ", paths.size() - 1, " more").c_str() : "",
           FormatCount(packed_).c_str(), static_cast<int>(folder_.labels.size()), FormatBytes(bytes_).c_str());
    printf(bad_.count() > 0 ? ", %s skipped\n" : "\n", FormatCount(bad_.count()).c_str());
    printf("%s: the classes\n", labels_path_.c_str());
  }

  const PackOptions& options_;
  OnBad on_bad_ = OnBad::kFail;
  BadExamples bad_;
  ProgressBar* bar_ = nullptr;
  std::string labels_path_;
  ImageFolder folder_;
  JpegDecoder jpeg_;
  ImageDecoder any_;
  int64_t packed_ = 0, bytes_ = 0;
};

}  // namespace

absl::Status PackDataset(const PackOptions& options) { return Packer(options).Run(); }

}  // namespace sluice::tools
