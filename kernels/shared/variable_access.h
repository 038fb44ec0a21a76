// What every kernel that touches a variable checks.
#pragma once

#include "core/kernel.h"

namespace sluice::kernels {

// The variable behind input i. InvalidArgument where it is not of `dtype`, Internal where the compiler gave none.
inline absl::StatusOr<Variable*> VariableOf(const PrepareContext& ctx, int i, DataType dtype) {
  Variable* variable = ctx.inputs[i].variable;
  if (variable == nullptr) return absl::InternalError(absl::StrCat("no variable behind input ", i));
  if (variable->dtype() != dtype) {
    return absl::InvalidArgumentError(absl::StrCat("variable '", variable->name(), "' is of ",
                                                   DataTypeName(variable->dtype()), ", expected ",
                                                   DataTypeName(dtype)));
  }
  return variable;
}

// FailedPrecondition where it has no value or one of another shape than the program was compiled for. Call it with
// the variable's mutex held. Allocates nothing where all is well.
inline absl::Status CheckHolds(const Variable& variable, const Shape& shape) {
  if (!variable.is_initialized()) {
    return absl::FailedPreconditionError(absl::StrCat("variable '", variable.name(), "' is not initialised"));
  }
  if (!(variable.shape() == shape)) {
    return absl::FailedPreconditionError(absl::StrCat("variable '", variable.name(), "' has shape ",
                                                      variable.shape().ToString(), ", expected ", shape.ToString()));
  }
  return absl::OkStatus();
}

}  // namespace sluice::kernels
