// What TensorBoard's projector shows: points in a space of many dimensions, each with a label and a small picture.
#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"

namespace sluice::tools {

struct Embedding {
  std::string name;
  Tensor points;                               // float [n, dimensions]
  Tensor pictures;                             // uint8 [n, height, width, channels]; may be empty
  std::vector<std::string> columns;            // of the table of labels
  std::vector<std::vector<std::string>> rows;  // n rows
};

// Writes projector_config.pbtxt and the files that it names (docs/formats.md) into the folder, over those of an earlier
// call. Larger pictures are made smaller.
absl::Status WriteEmbedding(const Embedding& embedding, const std::string& directory);

}  // namespace sluice::tools
