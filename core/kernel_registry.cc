#include "core/kernel_registry.h"

#include <algorithm>

namespace sluice {
namespace {

bool Matches(const KernelDef& def, const AttrMap& attrs) {
  for (const auto& [name, allowed] : def.types) {
    auto it = attrs.find(name);
    if (it == attrs.end()) continue;  // the default; checked by Prepare
    auto is_allowed = [&types = allowed](DataType type) {
      return std::find(types.begin(), types.end(), type) != types.end();
    };
    const AttrValue& value = it->second;
    if (const auto* list = std::get_if<AttrList>(&value.value)) {
      if (!std::all_of(list->type.begin(), list->type.end(), is_allowed)) return false;
      continue;
    }
    const auto* type = std::get_if<DataType>(&value.value);
    if (type == nullptr || !is_allowed(*type)) return false;
  }
  return true;
}

std::string Describe(const KernelDef& def) {
  return absl::StrJoin(def.types, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(
        out, entry.first, " in {",
        absl::StrJoin(entry.second, " ", [](std::string* o, DataType t) { absl::StrAppend(o, DataTypeName(t)); }), "}");
  });
}

}  // namespace

KernelDef& KernelRegistry::Add(const std::string& op, std::function<std::unique_ptr<Kernel>()> make) {
  auto def = std::make_unique<KernelDef>();
  def->op = op;
  def->make = std::move(make);
  return *defs_[op].emplace_back(std::move(def));
}

absl::StatusOr<const KernelDef*> KernelRegistry::Find(absl::string_view op, const AttrMap& attrs) const {
  auto it = defs_.find(op);
  if (it == defs_.end()) return absl::UnimplementedError(absl::StrCat("no kernel for op ", op));
  for (const auto& def : it->second) {
    if (Matches(*def, attrs)) return def.get();
  }
  std::string types;
  for (const auto& [name, value] : attrs) {
    if (std::holds_alternative<DataType>(value.value)) absl::StrAppend(&types, " ", name, "=", AttrToString(value));
  }
  return absl::UnimplementedError(
      absl::StrCat("no kernel for op ", op, " with", types, "; there are: ",
                   absl::StrJoin(it->second, "; ", [](std::string* out, const auto& def) { *out += Describe(*def); })));
}

std::vector<std::string> KernelRegistry::Ops() const {
  std::vector<std::string> ops;
  for (const auto& [op, defs] : defs_) ops.push_back(op);
  return ops;
}

std::vector<const KernelDef*> KernelRegistry::All() const {
  std::vector<const KernelDef*> all;
  for (const auto& [op, defs] : defs_) {
    for (const auto& def : defs) all.push_back(def.get());
  }
  return all;
}

}  // namespace sluice
