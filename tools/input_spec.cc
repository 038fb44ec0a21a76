#include "tools/input_spec.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

#include "io/file.h"
#include "io/image.h"
#include "io/npy.h"
#include "tools/cast_tensor.h"
#include "tools/exit_code.h"
#include "tools/generated_values.h"
#include "tools/picture.h"

namespace sluice::tools {
namespace {

constexpr size_t kMaxListBytes = size_t{64} << 20;
constexpr size_t kMaxNpyBytes = size_t{1} << 40;  // what the machine has decides

bool IsTensorName(absl::string_view text) {
  std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  auto [node, index] = parts;
  if (node.empty()) return false;
  for (char c : node) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && !absl::StrContains("._-/\\>", absl::string_view(&c, 1)))
      return false;
  }
  return text.find(':') == absl::string_view::npos ||
         (!index.empty() && index.find_first_not_of("0123456789") == absl::string_view::npos);
}

bool IsNpy(absl::string_view path) { return absl::EndsWith(absl::AsciiStrToLower(path), ".npy"); }

// The path and what comes after its colon. A path may have colons: the last one counts, and only before a
// NAME=.
std::pair<std::string, std::string> SplitPreprocessing(const std::string& spec) {
  size_t equals = spec.find('=');
  if (equals == std::string::npos) return {spec, ""};
  size_t colon = spec.rfind(':', equals);
  if (colon == std::string::npos) return {spec, ""};
  return {spec.substr(0, colon), spec.substr(colon + 1)};
}

// Where the value lacks the batch's dimension, it becomes a batch of one.
absl::StatusOr<Tensor> FitShape(const Tensor& value, const FedTensor& tensor) {
  if (tensor.shape.IsCompatibleWith(value.shape())) return value;
  Dims dims = value.shape().dims();
  dims.insert(dims.begin(), 1);
  if (static_cast<int>(dims.size()) <= kMaxRank && tensor.shape.IsCompatibleWith(PartialShape(dims))) {
    return value.Reshaped(Shape(dims));
  }
  return UsageError(absl::StrCat("the shape is ", value.shape().ToString(), ", expected ", tensor.shape.ToString()));
}

}  // namespace

InputArgument SplitInput(absl::string_view argument) {
  size_t equals = argument.find('=');
  if (equals == absl::string_view::npos || !IsTensorName(argument.substr(0, equals))) {
    return {"", std::string(argument)};
  }
  return {std::string(argument.substr(0, equals)), std::string(argument.substr(equals + 1))};
}

absl::StatusOr<Shape> ParseShape(absl::string_view text) {
  Dims dims;
  for (absl::string_view part : absl::StrSplit(text, absl::ByAnyChar("x,"), absl::SkipEmpty())) {
    int64_t dim = 0;
    if (!absl::SimpleAtoi(part, &dim)) {
      return UsageError(absl::StrCat("'", text, "' is not a shape such as 1x224x224x3"));
    }
    dims.push_back(dim);
  }
  auto shape = Shape::Create(dims);
  if (!shape.ok()) return UsageError(shape.status().message());
  return shape;
}

absl::StatusOr<InputItems> InputItems::Parse(const std::string& spec, const FedTensor& tensor, uint64_t seed) {
  InputItems items;
  items.tensor_ = tensor;
  if (IsGeneratedSpec(spec)) {
    SLUICE_ASSIGN_OR_RETURN(GeneratedSpec generated, ParseGeneratedSpec(spec));
    items.items_.push_back({spec, [=] { return Generate(generated, tensor.dtype, tensor.shape, seed); }});
    return items;
  }
  auto [path, preprocessing] = SplitPreprocessing(spec);
  FileSystem& fs = PosixFileSystem();
  if (absl::StartsWith(path, "@")) {
    SLUICE_ASSIGN_OR_RETURN(std::string text, fs.ReadFile(path.substr(1), kMaxListBytes));
    std::vector<std::string> paths;
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      line = absl::StripAsciiWhitespace(line);
      if (!line.empty()) paths.push_back(JoinPath(DirectoryOf(path.substr(1)), line));
    }
    SLUICE_RETURN_IF_ERROR(items.AddCollection(paths, preprocessing));
  } else if (fs.KindOf(path) == FileSystem::Kind::kDirectory) {
    SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> names, fs.ListDirectory(path));
    std::vector<std::string> paths;
    for (const std::string& name : names) {
      if (HasImageName(name) || IsNpy(name)) paths.push_back(JoinPath(path, name));
    }
    SLUICE_RETURN_IF_ERROR(items.AddCollection(paths, preprocessing));
  } else {
    SLUICE_RETURN_IF_ERROR(items.AddFile(path, preprocessing));
  }
  if (items.count() == 0) return UsageError(absl::StrCat(path, ": no .jpg, .png or .npy files there"));
  return items;
}

absl::Status InputItems::AddCollection(const std::vector<std::string>& paths, absl::string_view preprocessing) {
  is_collection_ = true;
  for (const std::string& path : paths) SLUICE_RETURN_IF_ERROR(AddFile(path, preprocessing));
  return absl::OkStatus();
}

absl::Status InputItems::AddFile(const std::string& path, absl::string_view preprocessing) {
  if (IsNpy(path)) {
    if (!preprocessing.empty() && !is_collection_) {
      return UsageError(absl::StrCat(path, ": only pictures have preprocessing"));
    }
    items_.push_back({path, [path, tensor = tensor_]() -> absl::StatusOr<Tensor> {
                        SLUICE_ASSIGN_OR_RETURN(Tensor value, ReadNpy(path, kMaxNpyBytes));
                        auto cast = CastTensor(value, tensor.dtype);
                        if (!cast.ok()) return WithContext(cast.status(), path);
                        auto fitted = FitShape(*cast, tensor);
                        if (!fitted.ok()) return WithContext(fitted.status(), path);
                        return fitted;
                      }});
    return absl::OkStatus();
  }
  if (HasImageName(path)) {
    SLUICE_ASSIGN_OR_RETURN(PictureOptions options, ParsePictureOptions(preprocessing));
    items_.push_back(
        {path, [path, options, tensor = tensor_] { return ReadPicture(path, options, tensor.dtype, tensor.shape); }});
    return absl::OkStatus();
  }
  return UsageError(
      absl::StrCat("'", path, "': expected a .npy, .jpg or .png file, a folder, @LIST, const:, zeros or random"));
}

absl::StatusOr<Tensor> InputItems::Read(size_t item) const {
  auto value = items_[item].read();
  if (!value.ok()) return WithContext(value.status(), absl::StrCat("input '", tensor_.name, "'"));
  return value;
}

}  // namespace sluice::tools
