// Plan files from strangers: as they come, and with a header that lets their body be looked at.
#include <cstdlib>

#include "io/coding.h"
#include "io/crc32c.h"
#include "io/plan_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)sluice::DecodePlanFile(bytes);
  std::string file = "sluplans";
  sluice::AppendLittleEndian<uint32_t>(1, file);
  sluice::AppendLittleEndian(sluice::MaskCrc32c(sluice::Crc32c(bytes)), file);
  file.append(bytes.data(), bytes.size());
  auto plans = sluice::DecodePlanFile(file);
  if (plans.ok() && sluice::EncodePlanFile(*plans) != file) std::abort();  // there is one form of everything
  return 0;
}
