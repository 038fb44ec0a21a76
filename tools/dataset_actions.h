// What `sluice dataset` does with TFRecord files.
#pragma once

#include <string>

#include "tools/common_options.h"

namespace sluice::tools {

struct PackOptions {
  std::string folder;  // an image folder: a folder a class
  std::string out;     // the file, or the stem of the shards: OUT-00002-of-00010
  std::string labels;  // a file with the classes' names, where they are not the folders', sorted
  int64_t shards = 1;
  bool in_order = false;  // by class and name; otherwise shuffled
  int64_t seed = 1;
  std::string on_bad = "fail";
  OutputOptions output;
};
// Writes tf.train.Examples with the bytes of the picture files as they are, and labels.txt beside them. Each picture
// is decoded once, to be sure of it. Prints a line, or a JSON report.
absl::Status PackDataset(const PackOptions& options);

// Checks every checksum, and prints how many records there are, of what, and the first `count` of them. DataLoss
// where one is damaged, after all are seen.
absl::Status ShowRecords(const std::string& path, int64_t count, bool json);

}  // namespace sluice::tools
