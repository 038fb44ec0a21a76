#include "io/plan_file.h"

#include "io/coding.h"
#include "io/crc32c.h"

namespace sluice {
namespace {

constexpr absl::string_view kPlanMagic = "sluplans";
constexpr uint32_t kVersion = 2;
constexpr size_t kHeaderBytes = 16;
constexpr size_t kMostBytes = size_t{1} << 30;

void AppendText(absl::string_view text, std::string& out) {
  AppendVarint(text.size(), out);
  out.append(text.data(), text.size());
}

bool ConsumeText(absl::string_view& bytes, std::string& text) {
  uint64_t size = 0;
  if (!ConsumeVarint(bytes, size) || size > bytes.size()) return false;
  text.assign(bytes.data(), size);
  bytes.remove_prefix(size);
  return true;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

void AppendPairs(const Pairs& pairs, std::string& out) {
  AppendVarint(pairs.size(), out);
  for (const auto& [key, value] : pairs) {
    AppendText(key, out);
    AppendText(value, out);
  }
}

bool ConsumePairs(absl::string_view& bytes, Pairs& pairs) {
  uint64_t count = 0;
  if (!ConsumeVarint(bytes, count)) return false;
  for (; count > 0; --count) {
    std::pair<std::string, std::string> pair;
    if (!ConsumeText(bytes, pair.first) || !ConsumeText(bytes, pair.second)) return false;
    if (!pairs.empty() && pair.first <= pairs.back().first) return false;
    pairs.push_back(std::move(pair));
  }
  return true;
}

bool ConsumeBody(absl::string_view bytes, StoredPlans& plans) {
  return ConsumeText(bytes, plans.device) && ConsumeText(bytes, plans.libraries) && ConsumePairs(bytes, plans.plans) &&
         ConsumeText(bytes, plans.graph) && ConsumePairs(bytes, plans.programs) && bytes.empty();
}

}  // namespace

std::string EncodePlanFile(const StoredPlans& plans) {
  std::string body;
  AppendText(plans.device, body);
  AppendText(plans.libraries, body);
  AppendPairs(plans.plans, body);
  AppendText(plans.graph, body);
  AppendPairs(plans.programs, body);
  std::string file(kPlanMagic.data(), kPlanMagic.size());
  AppendLittleEndian(kVersion, file);
  AppendLittleEndian(MaskCrc32c(Crc32c(body)), file);
  return file + body;
}

absl::StatusOr<StoredPlans> DecodePlanFile(absl::string_view bytes) {
  if (bytes.substr(0, kPlanMagic.size()) != kPlanMagic) return absl::DataLossError("not a plan file");
  if (bytes.size() < kHeaderBytes) return absl::DataLossError("a plan file that ends within its header");
  const auto version = LoadLittleEndian<uint32_t>(bytes.data() + kPlanMagic.size());
  if (version != kVersion) {
    return absl::UnimplementedError(absl::StrCat("a plan file of version ", version, ", this program reads version ",
                                                 kVersion, ": compile the model again"));
  }
  const auto crc = LoadLittleEndian<uint32_t>(bytes.data() + kPlanMagic.size() + sizeof version);
  bytes.remove_prefix(kHeaderBytes);
  if (UnmaskCrc32c(crc) != Crc32c(bytes)) return absl::DataLossError("a damaged plan file: its checksum is wrong");
  StoredPlans plans;
  if (!ConsumeBody(bytes, plans)) return absl::DataLossError("a damaged plan file");
  return plans;
}

absl::StatusOr<StoredPlans> ReadPlanFile(const std::string& path, FileSystem& fs) {
  SLUICE_ASSIGN_OR_RETURN(std::string bytes, fs.ReadFile(path, kMostBytes));
  auto plans = DecodePlanFile(bytes);
  if (!plans.ok()) return WithContext(plans.status(), path);
  return plans;
}

}  // namespace sluice
