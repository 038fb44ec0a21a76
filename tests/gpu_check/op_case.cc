#include "tests/gpu_check/op_case.h"

#include "absl/strings/str_cat.h"

namespace sluice::gpu_check {

std::string Describe(const OpCase& c) {
  constexpr int kElements = 4;  // of each input
  std::string text = absl::StrCat(c.op, " case ", c.name, "(");
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    absl::StrAppend(&text, i ? ", " : "", c.inputs[i].is_variable ? "variable " : "",
                    c.inputs[i].value.ToString(kElements));
  }
  text += ")";
  for (const auto& [attr, value] : c.attrs) {
    if (!std::holds_alternative<Tensor>(value.value)) absl::StrAppend(&text, " ", attr, "=", AttrToString(value));
  }
  return text;
}

}  // namespace sluice::gpu_check
