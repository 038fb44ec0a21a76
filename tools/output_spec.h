// What --output says: tensors to files.
#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"

namespace sluice::tools {

struct OutputFile {
  std::string tensor;  // "" where the argument has none
  std::string path;    // "{}" stands for an item's name
  size_t fetch = 0;    // which of the fetched tensors, once bound
};

// "NAME=y.npy" or "y.npy"; also .png and .jpg. A usage error for other endings.
absl::StatusOr<std::vector<OutputFile>> ParseOutputs(const std::vector<std::string>& arguments);
// Finds each one's tensor among the names of those that are fetched. A usage error for a nameless one where there are
// several.
absl::Status BindOutputs(const std::vector<std::string>& fetched, std::vector<OutputFile>* outputs);
// A usage error where a path lacks the "{}" that tells the files of several items apart.
absl::Status CheckForItems(const std::vector<OutputFile>& outputs);

// The path for an item: "{}" becomes its file name without folder and ending.
std::string PathForItem(const OutputFile& output, const std::string& item);

// Atomic. AlreadyExists where the file is there and `overwrite` is not set.
absl::Status WriteOutput(const Tensor& tensor, const std::string& path, bool overwrite);

// AlreadyExists for the first of these files that is there, before any work is done.
absl::Status CheckNew(const std::vector<std::string>& paths, bool overwrite);

}  // namespace sluice::tools
