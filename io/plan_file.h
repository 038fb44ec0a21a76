// Plans of a device's libraries in a file: what `sluice compile` writes. The bytes are in docs/formats.md.
#pragma once

#include "core/plan_store.h"
#include "io/file.h"

namespace SLUICE_API sluice {

std::string EncodePlanFile(const StoredPlans& plans);
// DataLoss for what is damaged or no plan file, Unimplemented for one of another version of the format.
absl::StatusOr<StoredPlans> DecodePlanFile(absl::string_view bytes);

// The same for a file of at most 1 GiB; errors name the path.
absl::StatusOr<StoredPlans> ReadPlanFile(const std::string& path, FileSystem& fs = PosixFileSystem());

}  // namespace sluice
