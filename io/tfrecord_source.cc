// Examples in TFRecord files.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "core/status.h"
#include "io/example.h"
#include "io/example_source.h"
#include "io/tfrecord_file.h"

namespace sluice {
namespace {

class TFRecordSource : public ExampleSource {
 public:
  explicit TFRecordSource(TFRecordSourceOptions options) : options_(std::move(options)) {}

  absl::Status Open(const std::vector<std::string>& paths, FileSystem& fs) {
    for (const std::string& path : paths) {
      SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<TFRecordFile> file, TFRecordFile::Open(path, {}, fs));
      if (!file->damages().empty()) {
        if (options_.on_bad == OnBad::kFail) return file->CheckUndamaged();
        for (const TFRecordFile::Damage& damage : file->damages()) {
          if (options_.bad == nullptr) break;
          options_.bad->Add(absl::DataLossError(
              absl::StrCat(path, ": at byte ", damage.offset, ": ", damage.reason, "; ", damage.bytes, " bytes lost")));
        }
      }
      first_.push_back(size_);
      size_ += file->size();
      files_.push_back(std::move(file));
    }
    if (size_ == 0) return absl::InvalidArgumentError(absl::StrCat(paths.front(), ": there are no records"));
    return absl::OkStatus();
  }

  int64_t size() const override { return size_; }
  int classes() const override { return options_.classes; }
  const std::vector<std::string>& labels() const override { return options_.labels; }
  std::string Describe(int64_t i) const override {
    auto [file, record] = Find(i);
    return file->Describe(record);
  }

  absl::StatusOr<LabelledPicture> Read(int64_t i, const ImageOptions& image, ExampleScratch& scratch) const override {
    auto [file, record] = Find(i);
    SLUICE_RETURN_IF_ERROR(file->Read(record, &scratch.bytes));
    auto example = ReadExample(image, scratch);
    if (!example.ok()) return WithContext(example.status(), file->Describe(record));
    return example;
  }

 private:
  std::pair<const TFRecordFile*, int64_t> Find(int64_t i) const {
    auto after = std::upper_bound(first_.begin(), first_.end(), i);
    auto file = static_cast<size_t>(after - first_.begin()) - 1;
    return {files_[file].get(), i - first_[file]};
  }

  static absl::StatusOr<const Feature*> Get(const Features& features, const std::string& name) {
    const Feature* feature = FindFeature(features, name);
    if (feature != nullptr) return feature;
    std::string there;
    for (const Feature& f : features) absl::StrAppend(&there, there.empty() ? "" : ", ", f.name.substr(0, 100));
    return absl::InvalidArgumentError(absl::StrCat("no feature '", name, "'; there are: ", there));
  }

  absl::StatusOr<LabelledPicture> ReadExample(const ImageOptions& image, ExampleScratch& scratch) const {
    SLUICE_ASSIGN_OR_RETURN(Features features, ParseExample(scratch.bytes));
    SLUICE_ASSIGN_OR_RETURN(const Feature* label_feature, Get(features, options_.label_key));
    SLUICE_ASSIGN_OR_RETURN(int64_t number, SingleIntOf(*label_feature));
    const int64_t last = options_.first_label + options_.classes - 1;
    if (number < options_.first_label || number > last) {
      return absl::InvalidArgumentError(
          absl::StrCat("label ", number, ", expected ", options_.first_label, " to ", last));
    }
    SLUICE_ASSIGN_OR_RETURN(const Feature* picture_feature, Get(features, options_.picture_key));
    SLUICE_ASSIGN_OR_RETURN(absl::string_view encoded, SingleBytesOf(*picture_feature));
    LabelledPicture result;
    result.label = static_cast<int32_t>(number - options_.first_label);
    SLUICE_ASSIGN_OR_RETURN(result.picture, scratch.decoder.Decode(encoded, image));
    return result;
  }

  TFRecordSourceOptions options_;
  std::vector<std::unique_ptr<TFRecordFile>> files_;
  std::vector<int64_t> first_;  // the number of each file's first record
  int64_t size_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ExampleSource>> OpenTFRecordSource(const std::vector<std::string>& paths,
                                                                  const TFRecordSourceOptions& options,
                                                                  FileSystem& fs) {
  TFRecordSourceOptions copy = options;
  if (copy.classes == 0) copy.classes = static_cast<int>(copy.labels.size());
  if (paths.empty() || copy.classes < 1 ||
      (!copy.labels.empty() && copy.labels.size() != static_cast<size_t>(copy.classes))) {
    return absl::InvalidArgumentError(absl::StrCat("TFRecords: ", paths.size(), " files, ", copy.classes, " classes, ",
                                                   copy.labels.size(), " names of classes"));
  }
  auto source = std::make_unique<TFRecordSource>(std::move(copy));
  SLUICE_RETURN_IF_ERROR(source->Open(paths, fs));
  return source;
}

}  // namespace sluice
