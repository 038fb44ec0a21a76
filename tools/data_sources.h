// The two parts of the data set that a spec names.
#pragma once

#include <memory>

#include "tools/data_spec.h"

namespace sluice::tools {

struct DataSources {
  std::shared_ptr<const ExampleSource> training, test;
};

// Opens the files. `bad` gets what is skipped where the spec says so.
absl::StatusOr<DataSources> OpenDataSources(const DataSpec& spec, BadExamples* bad);

}  // namespace sluice::tools
