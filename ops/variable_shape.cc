#include "ops/shape_context.h"

namespace sluice {

absl::StatusOr<PartialShape> VariableShape(const ShapeContext& c, int i, DataType dtype) {
  const ResourceHandle* handle = c.input_info(i).handle.get();
  if (handle == nullptr) return PartialShape();
  if (handle->dtype != dtype) {
    return absl::InvalidArgumentError(absl::StrCat("variable '", handle->name, "' is of ", DataTypeName(handle->dtype),
                                                   ", expected ", DataTypeName(dtype)));
  }
  return handle->shape;
}

absl::Status MergeWithVariable(const ShapeContext& c, int i, PartialShape& shape) {
  auto merged = shape.MergedWith(c.input(i));
  if (!merged.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("input ", i, " has shape ", c.input(i).ToString(), ", the variable has ", shape.ToString()));
  }
  shape = *std::move(merged);
  return absl::OkStatus();
}

absl::Status VariableUpdateShape(ShapeContext& c, DataType dtype, int num_variables, int gradient) {
  PartialShape shape = c.input(gradient);
  for (int i = 0; i < num_variables; ++i) {
    SLUICE_ASSIGN_OR_RETURN(PartialShape variable, VariableShape(c, i, dtype));
    SLUICE_RETURN_IF_ERROR(MergeWithVariable(c, gradient, variable));
    auto merged = shape.MergedWith(variable);
    if (!merged.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the variables and the gradient differ in shape: ", variable.ToString(), " and ", shape.ToString()));
    }
    shape = *std::move(merged);
  }
  for (int i = num_variables; i < c.num_inputs(); ++i) {
    if (i != gradient) SLUICE_RETURN_IF_ERROR(c.WithRank(i, 0).status());
  }
  return absl::OkStatus();
}

}  // namespace sluice
