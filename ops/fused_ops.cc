#include "ops/fused_ops.h"

#include "absl/strings/str_join.h"

namespace sluice {

absl::StatusOr<Epilogue> ParseFusedOps(const std::vector<std::string>& fused_ops, int64_t num_args,
                                       bool is_convolution) {
  Epilogue epilogue;
  size_t next = 0;
  if (next < fused_ops.size() && fused_ops[next] == "BiasAdd") {
    epilogue.bias = true;
    ++next;
  }
  if (is_convolution && next < fused_ops.size() && fused_ops[next] == "Add") {
    epilogue.residual = true;
    ++next;
  }
  if (next < fused_ops.size() && (fused_ops[next] == "Relu" || fused_ops[next] == "Relu6")) {
    epilogue.activation = fused_ops[next] == "Relu" ? EpilogueActivation::kRelu : EpilogueActivation::kRelu6;
    ++next;
  }
  if (next < fused_ops.size()) {
    return absl::UnimplementedError(
        absl::StrCat("fused_ops [", absl::StrJoin(fused_ops, ", "), "]: expected an optional BiasAdd, ",
                     is_convolution ? "then an optional Add, " : "", "then an optional Relu or Relu6"));
  }
  if (num_args != epilogue.num_args()) {
    return absl::InvalidArgumentError(absl::StrCat("fused_ops [", absl::StrJoin(fused_ops, ", "), "] takes ",
                                                   epilogue.num_args(), " further inputs, got ", num_args));
  }
  return epilogue;
}

}  // namespace sluice
