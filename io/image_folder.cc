// A folder of pictures: each folder in it a class.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "core/status.h"
#include "io/example_source.h"

namespace sluice {
namespace {

constexpr size_t kMaxPictureBytes = size_t{1} << 30;

bool IsHidden(absl::string_view name) { return name.empty() || name[0] == '.'; }

class ImageFolderSource : public ExampleSource {
 public:
  ImageFolderSource(ImageFolder folder, FileSystem& fs) : folder_(std::move(folder)), fs_(fs) {}

  int64_t size() const override { return static_cast<int64_t>(folder_.files.size()); }
  int classes() const override { return static_cast<int>(folder_.labels.size()); }
  const std::vector<std::string>& labels() const override { return folder_.labels; }
  std::string Describe(int64_t i) const override { return folder_.files[static_cast<size_t>(i)].path; }

  absl::StatusOr<LabelledPicture> Read(int64_t i, const ImageOptions& options, ExampleScratch& scratch) const override {
    const ImageFile& file = folder_.files[static_cast<size_t>(i)];
    SLUICE_ASSIGN_OR_RETURN(scratch.bytes, fs_.ReadFile(file.path, kMaxPictureBytes));
    auto picture = scratch.decoder.Decode(scratch.bytes, options);
    if (!picture.ok()) return WithContext(picture.status(), file.path);
    return LabelledPicture{*std::move(picture), file.label};
  }

 private:
  const ImageFolder folder_;
  FileSystem& fs_;
};

// The pictures of one class.
absl::Status ListClass(const std::string& dir, int32_t label, const ImageFolderOptions& options, FileSystem& fs,
                       std::vector<ImageFile>& files) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> names, fs.ListDirectory(dir));
  const size_t before = files.size();
  for (const std::string& name : names) {
    if (IsHidden(name)) continue;
    std::string path = JoinPath(dir, name);
    if (!HasImageName(name)) {
      auto bad = absl::InvalidArgumentError(absl::StrCat(path, ": not a .jpg, .jpeg or .png file"));
      if (options.on_bad == OnBad::kFail) return bad;
      if (options.bad != nullptr) options.bad->Add(bad);
      continue;
    }
    files.push_back({std::move(path), label});
  }
  if (files.size() > before) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(dir, ": a class without pictures (remove the folder, or put .jpg, .jpeg or .png files there)"));
}

}  // namespace

absl::StatusOr<ImageFolder> ListImageFolder(const std::string& dir, const ImageFolderOptions& options, FileSystem& fs) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> names, fs.ListDirectory(dir));
  std::vector<std::string> classes;
  for (const std::string& name : names) {
    if (!IsHidden(name) && fs.KindOf(JoinPath(dir, name)) == FileSystem::Kind::kDirectory) classes.push_back(name);
  }
  if (classes.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(dir, ": no folders there, of which each would be a class"));
  }
  ImageFolder folder{.labels = options.labels.empty() ? classes : options.labels, .files = {}};
  for (const std::string& name : classes) {
    auto found = std::find(folder.labels.begin(), folder.labels.end(), name);
    if (found == folder.labels.end()) {
      return absl::InvalidArgumentError(absl::StrCat(JoinPath(dir, name), ": not one of the known classes"));
    }
    SLUICE_RETURN_IF_ERROR(
        ListClass(JoinPath(dir, name), static_cast<int32_t>(found - folder.labels.begin()), options, fs, folder.files));
  }
  return folder;
}

absl::StatusOr<std::unique_ptr<ExampleSource>> NewImageFolderSource(ImageFolder folder, FileSystem& fs) {
  if (folder.files.empty()) return absl::InvalidArgumentError("an image folder without pictures");
  return std::make_unique<ImageFolderSource>(std::move(folder), fs);
}

}  // namespace sluice
