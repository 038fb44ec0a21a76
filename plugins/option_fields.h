// The text of a plug-in's options, "limit=100,seed=3", read into the numbers that it names.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"

#include "core/status.h"

namespace sluice {

struct OptionField {
  const char* name;
  int64_t* value;
  int64_t minimum;
  int64_t maximum;
};

// InvalidArgument naming the word that is wrong and those there are; `whose` is for that message ("the GPUs").
inline absl::Status ReadOptionFields(absl::string_view text, absl::string_view whose,
                                     absl::Span<const OptionField> fields) {
  for (absl::string_view word : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(word, absl::MaxSplits('=', 1));
    bool known = false;
    for (const OptionField& field : fields) {
      if (parts.first != field.name) continue;
      known =
          absl::SimpleAtoi(parts.second, field.value) && *field.value >= field.minimum && *field.value <= field.maximum;
    }
    if (known) continue;
    auto name = [](std::string* out, const OptionField& field) {
      absl::StrAppend(out, field.name, "=", field.minimum, "..", field.maximum);
    };
    return absl::InvalidArgumentError(
        absl::StrCat("option '", word, "' of ", whose, ": there are ", absl::StrJoin(fields, ", ", name)));
  }
  return absl::OkStatus();
}

}  // namespace sluice
