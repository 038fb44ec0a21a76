#include "plugins/simulated/options.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace sluice::simulated {

absl::StatusOr<Options> ParseOptions(absl::string_view text) {
  Options options;
  struct Field {
    const char* name;
    int64_t* value;
    int64_t minimum;
    int64_t maximum;
  };
  const Field fields[] = {
      {"devices", &options.devices, 0, 64},
      {"limit", &options.limit, 64, int64_t{1} << 36},
      {"threads", &options.threads, 1, 1024},
      {"delay_us", &options.delay_us, 0, 1000000},
      {"seed", &options.seed, 0, INT64_MAX},
      {"gpu_kernels", &options.gpu_kernels, 0, 1},
      {"peers", &options.peers, 0, 1},
      {"copy_streams", &options.copy_streams, 0, 1},
      {"graphs", &options.graphs, 0, 1},
      {"blocking", &options.blocking, 0, 1},
      {"nameless", &options.nameless, 0, 1},
      {"fail_alloc", &options.fail_alloc, 0, INT64_MAX},
      {"fail_copy", &options.fail_copy, 0, INT64_MAX},
      {"fail_run", &options.fail_run, 0, INT64_MAX},
      {"lose_at", &options.lose_at, 0, INT64_MAX},
      {"fault_device", &options.fault_device, -1, 63},
      {"skip_wait", &options.skip_wait, 0, 1},
      {"virtual_clock", &options.virtual_clock, 0, 1},
      {"flops_us", &options.flops_us, 1, INT64_MAX},
      {"bytes_us", &options.bytes_us, 1, INT64_MAX},
      {"link_us", &options.link_us, 1, INT64_MAX},
      {"peer_us", &options.peer_us, 1, INT64_MAX},
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
          absl::StrCat("option '", word, "' of the simulated devices: there are ", absl::StrJoin(fields, ", ", name)));
    }
  }
  return options;
}

}  // namespace sluice::simulated
