// Which kernels a device has, type by type, and whether there is a case for each.
#pragma once

#include <string>
#include <vector>

#include "core/kernel_registry.h"
#include "ops/op_schema.h"
#include "tests/gpu_check/op_case.h"

namespace sluice::gpu_check {

// An op's kernel for one type of one of its attributes; without an attribute for ops of any type.
struct KernelOfType {
  std::string attr;
  DataType dtype = DataType::kInvalid;
  bool operator==(const KernelOfType&) const = default;
};

// The ops of the registry that a GPU may have kernels for (kernels/gpu/missing_ops.h has the others, which simulated devices
// take from the CPU).
std::vector<std::string> OpsToCheck(const KernelRegistry& kernels);

// What `kernels` has for `schema`'s op, as far as the op can be asked for it.
std::vector<KernelOfType> KernelsOf(const KernelRegistry& kernels, const OpSchema& schema);

// Whether the case runs that kernel.
bool Covers(const OpCase& c, const KernelOfType& kernel, const OpSchema& schema);

// Cases of `schema`'s op: those recorded in `folder`, those of own_cases.h, and for types that neither has some made from
// them. What has no case is added to `missing`, a line each.
absl::StatusOr<std::vector<OpCase>> CasesOf(const OpSchema& schema, const std::string& folder,
                                            const KernelRegistry& kernels, const KernelRegistry& cpu,
                                            const OpRegistry& ops, std::vector<std::string>& missing);

}  // namespace sluice::gpu_check
