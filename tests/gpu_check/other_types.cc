#include "tests/gpu_check/other_types.h"

#include "tests/gpu_check/plain_types.h"

namespace sluice::gpu_check {
namespace {

// For each input of the node, the attribute that holds its type; empty for a fixed type.
absl::StatusOr<std::vector<std::string>> TypeAttrsOfInputs(const OpCase& c, const OpSchema& schema) {
  // A Placeholder's value, a VarHandleOp's variable.
  if (schema.inputs.empty()) return std::vector<std::string>(c.inputs.size(), "dtype");
  std::vector<std::string> attrs;
  for (const ArgSpec& arg : schema.inputs) {
    int64_t count = 1;
    if (!arg.number_attr.empty()) {
      const AttrValue* number = schema.AttrOrDefault(c.attrs, arg.number_attr);
      const auto* value = number == nullptr ? nullptr : std::get_if<int64_t>(&number->value);
      if (value == nullptr) return absl::InvalidArgumentError(absl::StrCat(Describe(c), ": no ", arg.number_attr));
      count = *value;
    }
    if (!arg.type_list_attr.empty()) return absl::UnimplementedError(absl::StrCat(c.op, " has a list of types"));
    attrs.insert(attrs.end(), static_cast<size_t>(count), arg.type_attr);
  }
  if (attrs.size() != c.inputs.size()) {
    return absl::InternalError(absl::StrCat(Describe(c), ": expected ", attrs.size(), " inputs"));
  }
  return attrs;
}

// Without a word about the CPU.
absl::StatusOr<OpCase> Convert(const OpCase& base, const OpSchema& schema, const std::string& attr, DataType to) {
  const AttrValue* given = schema.AttrOrDefault(base.attrs, attr);
  const auto* from = given == nullptr ? nullptr : std::get_if<DataType>(&given->value);
  if (from == nullptr) return absl::InvalidArgumentError(absl::StrCat(Describe(base), ": no type ", attr));
  OpCase c = base;
  absl::StrAppend(&c.name, "_as_", attr, "_", DataTypeName(to));
  c.expected.clear();
  c.on_cpu.reset();
  c.attrs[attr] = to;
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> type_attrs, TypeAttrsOfInputs(base, schema));
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    CaseInput& input = c.inputs[i];
    // What a handle's variable holds is told by "T" of the optimisers, "dtype" of the others.
    const bool is_of_attr = input.is_variable ? attr == "T" || attr == "dtype" : type_attrs[i] == attr;
    if (!is_of_attr || input.value.dtype() != *from) continue;
    SLUICE_ASSIGN_OR_RETURN(input.value, ConvertTensor(input.value, to));
  }
  auto value = c.attrs.find("value");
  if (value != c.attrs.end() && attr == "dtype") {
    if (const auto* tensor = std::get_if<Tensor>(&value->second.value)) {
      SLUICE_ASSIGN_OR_RETURN(Tensor converted, ConvertTensor(*tensor, to));
      value->second = AttrValue(std::move(converted));
    }
  }
  return c;
}

}  // namespace

absl::StatusOr<Tensor> ConvertTensor(const Tensor& from, DataType to) {
  const std::vector<double> values = ToDoubles(from);
  Tensor result;
  const bool is_known = VisitPlainType(to, [&]<class T>(TypeTag<T>) {
    result = Tensor(to, from.shape());
    for (size_t i = 0; i < values.size(); ++i) result.data<T>()[i] = FromDouble<T>(values[i]);
  });
  if (!is_known || static_cast<int64_t>(values.size()) != from.num_elements()) {
    return absl::UnimplementedError(
        absl::StrCat("no conversion from ", DataTypeName(from.dtype()), " to ", DataTypeName(to)));
  }
  return result;
}

absl::StatusOr<OpCase> WithType(const OpCase& base, const OpSchema& schema, const std::string& attr, DataType to,
                                const KernelRegistry& cpu) {
  SLUICE_ASSIGN_OR_RETURN(OpCase c, Convert(base, schema, attr, to));
  if (cpu.Find(c.op, c.attrs).ok()) return c;
  if (to != DataType::kHalf && to != DataType::kBfloat16) {
    return absl::UnimplementedError(
        absl::StrCat("the CPU has no ", c.op, " of ", DataTypeName(to), " to compare with"));
  }
  SLUICE_ASSIGN_OR_RETURN(OpCase in_float, Convert(c, schema, attr, DataType::kFloat));
  SLUICE_RETURN_IF_ERROR(cpu.Find(in_float.op, in_float.attrs).status());
  c.on_cpu = std::make_shared<const OpCase>(std::move(in_float));
  return c;
}

}  // namespace sluice::gpu_check
