#include "plugins/cuda/options.h"

#include "plugins/option_fields.h"

namespace sluice::cuda {

absl::StatusOr<Options> ParseOptions(absl::string_view text) {
  Options options;
  const OptionField fields[] = {
      {"tf32", &options.tf32, 0, 1},
      {"graphs", &options.graphs, 0, 1},
      {"blocking", &options.blocking, 0, 1},
      {"plans", &options.plans, 1, 1 << 20},
  };
  SLUICE_RETURN_IF_ERROR(ReadOptionFields(text, "the GPUs", fields));
  return options;
}

}  // namespace sluice::cuda
