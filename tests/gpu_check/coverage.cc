#include "tests/gpu_check/coverage.h"

#include <algorithm>

#include "kernels/gpu/missing_ops.h"
#include "tests/gpu_check/other_types.h"
#include "tests/gpu_check/own_cases.h"
#include "tests/gpu_check/recorded_cases.h"

namespace sluice::gpu_check {
namespace {

constexpr int kCasesOfOtherType = 3;  // made from those of a type that there is

// Types whose numbers another type is made from, the best first.
std::vector<DataType> SourcesFor(DataType dtype) {
  if (IsFloating(dtype)) return {DataType::kFloat, DataType::kDouble};
  return {DataType::kInt32, DataType::kInt64, DataType::kFloat, DataType::kUint8, DataType::kDouble, DataType::kBool};
}

bool HasElements(const OpCase& c) {
  return std::all_of(c.inputs.begin(), c.inputs.end(), [](const CaseInput& i) { return i.value.num_elements() > 0; });
}

std::string NameOf(const std::string& op, const KernelOfType& kernel) {
  return kernel.attr.empty() ? op : absl::StrCat(op, " with ", kernel.attr, "=", DataTypeName(kernel.dtype));
}

}  // namespace

std::vector<std::string> OpsToCheck(const KernelRegistry& kernels) {
  std::vector<std::string> ops = kernels.Ops();
  std::erase_if(ops, [](const std::string& op) {
    return std::any_of(std::begin(gpu::kMissingOps), std::end(gpu::kMissingOps),
                       [&](const gpu::MissingOp& row) { return op == row.op; });
  });
  return ops;
}

std::vector<KernelOfType> KernelsOf(const KernelRegistry& kernels, const OpSchema& schema) {
  std::vector<KernelOfType> found;
  auto add = [&](const KernelOfType& kernel) {
    if (std::find(found.begin(), found.end(), kernel) == found.end()) found.push_back(kernel);
  };
  for (const KernelDef* def : kernels.All()) {
    if (def->op != schema.name) continue;
    bool has_types = false;
    for (const auto& [attr, types] : def->types) {
      const AttrSpec* spec = schema.FindAttr(attr);
      if (spec == nullptr || spec->kind != "type") continue;
      const std::vector<DataType>& possible = spec->constraint.types;
      for (DataType dtype : types) {
        const bool can_be = possible.empty() || std::find(possible.begin(), possible.end(), dtype) != possible.end();
        // Strings live on the host alone, and handles are covered by the ops that use variables.
        if (!can_be || !IsTrivial(dtype)) continue;
        add({attr, dtype});
        has_types = true;
      }
    }
    if (!has_types) add({});
  }
  return found;
}

bool Covers(const OpCase& c, const KernelOfType& kernel, const OpSchema& schema) {
  if (kernel.attr.empty()) return true;
  const AttrValue* value = schema.AttrOrDefault(c.attrs, kernel.attr);
  return value != nullptr && *value == AttrValue(kernel.dtype);
}

absl::StatusOr<std::vector<OpCase>> CasesOf(const OpSchema& schema, const std::string& folder,
                                            const KernelRegistry& kernels, const KernelRegistry& cpu,
                                            const OpRegistry& ops, std::vector<std::string>& missing) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<OpCase> cases, ReadRecordedCases(folder, schema.name, ops));
  for (OpCase& c : OwnCases(schema.name)) cases.push_back(std::move(c));
  // Of types for which the device has no kernel.
  std::erase_if(cases, [&](const OpCase& c) { return !kernels.Find(c.op, c.attrs).ok(); });
  const size_t given = cases.size();
  for (const KernelOfType& kernel : KernelsOf(kernels, schema)) {
    auto covers = [&](const OpCase& c) { return Covers(c, kernel, schema); };
    if (std::any_of(cases.begin(), cases.end(), covers)) continue;
    int made = 0;
    std::string why = "there is no case to make one from";
    for (DataType source : SourcesFor(kernel.dtype)) {
      for (size_t i = 0; i < given && made < kCasesOfOtherType; ++i) {
        if (!Covers(cases[i], {kernel.attr, source}, schema) || !HasElements(cases[i])) continue;
        auto c = WithType(cases[i], schema, kernel.attr, kernel.dtype, cpu);
        if (!c.ok()) {
          why = std::string(c.status().message());
        } else if (kernels.Find(c->op, c->attrs).ok()) {
          cases.push_back(*std::move(c));
          ++made;
        }
      }
      if (made > 0) break;
    }
    if (made == 0) missing.push_back(absl::StrCat("no case covers ", NameOf(schema.name, kernel), ": ", why));
  }
  return cases;
}

}  // namespace sluice::gpu_check
