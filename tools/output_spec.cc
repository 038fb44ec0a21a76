#include "tools/output_spec.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

#include "io/atomic_file.h"
#include "io/image.h"
#include "io/npy.h"
#include "tools/exit_code.h"
#include "tools/input_spec.h"
#include "tools/picture.h"

namespace sluice::tools {
namespace {

absl::Status AlreadyThere(const std::string& path) {
  return absl::AlreadyExistsError(absl::StrCat(path, ": is there already (--overwrite replaces it)"));
}

}  // namespace

absl::StatusOr<std::vector<OutputFile>> ParseOutputs(const std::vector<std::string>& arguments) {
  std::vector<OutputFile> outputs;
  for (const std::string& argument : arguments) {
    auto [name, path] = SplitInput(argument);
    if (!HasImageName(path) && !absl::EndsWithIgnoreCase(path, ".npy")) {
      return UsageError(absl::StrCat("--output ", path, ": expected a name ending in .npy, .png or .jpg"));
    }
    outputs.push_back({name, path});
  }
  return outputs;
}

absl::Status BindOutputs(const std::vector<std::string>& fetched, std::vector<OutputFile>* outputs) {
  for (OutputFile& output : *outputs) {
    if (output.tensor.empty() && fetched.size() != 1) {
      return UsageError(absl::StrCat("--output ", output.path, ": ", fetched.size(),
                                     " tensors are computed; say which, as in ",
                                     fetched.empty() ? "NAME" : fetched.front(), "=", output.path));
    }
    auto found = output.tensor.empty() ? fetched.begin() : std::find(fetched.begin(), fetched.end(), output.tensor);
    if (found == fetched.end()) return UsageError(absl::StrCat("--output: '", output.tensor, "' is not computed"));
    output.fetch = static_cast<size_t>(found - fetched.begin());
  }
  return absl::OkStatus();
}

absl::Status CheckForItems(const std::vector<OutputFile>& outputs) {
  for (const OutputFile& output : outputs) {
    if (absl::StrContains(output.path, "{}")) continue;
    return UsageError(
        absl::StrCat("--output ", output.path, ": there are several items; put {} where each one's name goes"));
  }
  return absl::OkStatus();
}

std::string PathForItem(const OutputFile& output, const std::string& item) {
  std::string name = BaseName(item);
  if (size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0) name.resize(dot);
  return absl::StrReplaceAll(output.path, {{"{}", name}});
}

absl::Status WriteOutput(const Tensor& tensor, const std::string& path, bool overwrite) {
  auto bytes = HasImageName(path) ? EncodePicture(tensor, path) : FormatNpy(tensor);
  if (!bytes.ok()) return WithContext(bytes.status(), path);
  absl::Status written = WriteFile(path, *bytes, overwrite ? IfExists::kReplace : IfExists::kFail);
  return absl::IsAlreadyExists(written) ? AlreadyThere(path) : written;
}

absl::Status CheckNew(const std::vector<std::string>& paths, bool overwrite) {
  for (const std::string& path : paths) {
    if (!overwrite && PosixFileSystem().KindOf(path) == FileSystem::Kind::kRegular) return AlreadyThere(path);
  }
  return absl::OkStatus();
}

}  // namespace sluice::tools
