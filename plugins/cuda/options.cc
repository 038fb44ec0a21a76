#include "plugins/cuda/options.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace sluice::cuda {
namespace {

struct Field {
  absl::string_view name;
  int64_t* value;
  int64_t minimum, maximum;
};

}  // namespace

absl::StatusOr<Options> ParseOptions(absl::string_view text) {
  Options options;
  const Field fields[] = {
      {"tf32", &options.tf32, 0, 1},
      {"autotune", &options.autotune, 0, 1},
      {"plans", &options.plans, 1, 1 << 20},
  };
  for (absl::string_view word : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(word, absl::MaxSplits('=', 1));
    bool known = false;
    for (const Field& field : fields) {
      if (parts.first != field.name) continue;
      known =
          absl::SimpleAtoi(parts.second, field.value) && *field.value >= field.minimum && *field.value <= field.maximum;
    }
    if (!known) {
      auto name = [](std::string* out, const Field& field) {
        absl::StrAppend(out, field.name, "=", field.minimum, "..", field.maximum);
      };
      return absl::InvalidArgumentError(
          absl::StrCat("option '", word, "' of the GPUs: there are ", absl::StrJoin(fields, ", ", name)));
    }
  }
  return options;
}

}  // namespace sluice::cuda
