// Cases of a type made from cases of another.
#pragma once

#include "core/kernel_registry.h"
#include "core/status.h"
#include "ops/op_schema.h"
#include "tests/gpu_check/op_case.h"

namespace sluice::gpu_check {

// The same numbers as elements of another type, as far as it has them.
absl::StatusOr<Tensor> ConvertTensor(const Tensor& from, DataType to);

// `base` with `to` for its attribute `attr`: the inputs, the variables and the value (of a Const) that have this type are
// converted. Where the CPU has no kernel for the type, it gets the rounded inputs as floats instead. Unimplemented where
// the CPU cannot do that either.
absl::StatusOr<OpCase> WithType(const OpCase& base, const OpSchema& schema, const std::string& attr, DataType to,
                                const KernelRegistry& cpu);

}  // namespace sluice::gpu_check
