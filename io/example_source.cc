#include "io/example_source.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "core/status.h"

namespace sluice {
namespace {

constexpr size_t kMaxLabelBytes = size_t{16} << 20;

class MemorySource : public ExampleSource {
 public:
  MemorySource(ImageDataset data, std::vector<std::string> labels, std::string name)
      : data_(std::move(data)), labels_(std::move(labels)), name_(std::move(name)) {
    const Shape& shape = data_.images.shape();
    picture_ = Shape{shape.dim(1), shape.dim(2), shape.dim(3)};
  }

  int64_t size() const override { return data_.images.dim(0); }
  int classes() const override { return data_.classes; }
  const std::vector<std::string>& labels() const override { return labels_; }
  std::string Describe(int64_t i) const override { return absl::StrCat(name_, ": picture ", i); }

  absl::StatusOr<LabelledPicture> Read(int64_t i, const ImageOptions& options, ExampleScratch&) const override {
    if (options.channels != 0 && options.channels != picture_.dim(2)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Describe(i), " has ", picture_.dim(2), " channels, expected ", options.channels));
    }
    // The picture shares the data set's memory.
    const auto* begin = static_cast<const char*>(data_.images.buffer()->data());
    auto offset =
        static_cast<size_t>(static_cast<const char*>(data_.images.raw()) - begin + i * picture_.num_elements());
    return LabelledPicture{Tensor(DataType::kUint8, picture_, data_.images.buffer(), offset),
                           data_.labels.data<int32_t>()[i]};
  }

 private:
  const ImageDataset data_;
  const std::vector<std::string> labels_;
  const std::string name_;
  Shape picture_;
};

class SplitSource : public ExampleSource {
 public:
  SplitSource(std::shared_ptr<const ExampleSource> all, Split split, int64_t period)
      : all_(std::move(all)), split_(split), period_(period) {}

  int64_t size() const override {
    const int64_t held_out = all_->size() / period_;
    return split_ == Split::kTest ? held_out : all_->size() - held_out;
  }
  int classes() const override { return all_->classes(); }
  const std::vector<std::string>& labels() const override { return all_->labels(); }
  std::string Describe(int64_t i) const override { return all_->Describe(IndexOf(i)); }
  absl::StatusOr<LabelledPicture> Read(int64_t i, const ImageOptions& options, ExampleScratch& scratch) const override {
    return all_->Read(IndexOf(i), options, scratch);
  }

 private:
  int64_t IndexOf(int64_t i) const {
    return split_ == Split::kTest ? (i + 1) * period_ - 1 : i / (period_ - 1) * period_ + i % (period_ - 1);
  }
  const std::shared_ptr<const ExampleSource> all_;
  const Split split_;
  const int64_t period_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ExampleSource>> NewMemorySource(ImageDataset data, std::vector<std::string> labels,
                                                               std::string name) {
  if (data.images.dtype() != DataType::kUint8 || data.images.shape().rank() != 4 || data.images.num_elements() == 0 ||
      data.labels.dtype() != DataType::kInt32 || data.labels.num_elements() != data.images.dim(0)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": no pictures uint8[n,height,width,channels] with labels"));
  }
  for (int64_t i = 0; i < data.labels.num_elements(); ++i) {
    const int32_t label = data.labels.data<int32_t>()[i];
    if (label < 0 || label >= data.classes) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": picture ", i, ": label ", label, ", expected 0 to ", data.classes - 1));
    }
  }
  return std::make_unique<MemorySource>(std::move(data), std::move(labels), std::move(name));
}

absl::StatusOr<std::unique_ptr<ExampleSource>> NewSplitSource(std::shared_ptr<const ExampleSource> all, Split split,
                                                              int64_t period) {
  if (period < 2 || all->size() < period) {
    return absl::InvalidArgumentError(
        absl::StrCat("every ", period, "th of ", all->size(), " examples: that is no test part"));
  }
  return std::make_unique<SplitSource>(std::move(all), split, period);
}

absl::StatusOr<std::vector<std::string>> ReadLabelNames(const std::string& path, FileSystem& fs) {
  SLUICE_ASSIGN_OR_RETURN(std::string text, fs.ReadFile(path, kMaxLabelBytes));
  std::vector<std::string> names;
  for (absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
    names.emplace_back(absl::StripAsciiWhitespace(line));
    if (names.back().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": line ", names.size(), " has no label"));
    }
  }
  return names;
}

}  // namespace sluice
