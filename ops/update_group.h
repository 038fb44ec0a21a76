// Many updates of one optimiser in one op (graph/passes/updates.cc), and what the optimisers' ops have in common.
#pragma once

#include <string>

#include "core/attrs.h"

namespace sluice {

enum class UpdateRule : uint8_t {
  kGradientDescent,
  kMomentum,
  kKerasMomentum,
  kAdam,
  kRmsProp,
  kCenteredRmsProp,
  kAdagrad,
  kAdagradV2,
};

// What an optimiser's op has for inputs: `num_variables` resources, then scalars with the gradient among them.
struct UpdateOp {
  const char* name;
  UpdateRule rule;
  int num_variables;
  int num_scalars;
  int gradient;  // its input

  int num_inputs() const { return num_variables + num_scalars + 1; }
};
// nullptr for an op that is no optimiser's.
const UpdateOp* FindUpdateOp(absl::string_view op);

// _ApplyGroup: `count` updates by the op `op`. The inputs are the variables of each update in the order of that op's, one
// update after the other; the scalars, which all share; and the gradients.
struct ApplyGroupAttrs {
  DataType T = DataType::kInvalid;
  std::string op;
  int64_t count = 0;
  int64_t num_resources = 0;
  int64_t num_scalars = 0;
  bool use_nesterov = false;  // of ops that have it
  bool update_slots = true;   // likewise
  bool operator==(const ApplyGroupAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf({DataType::kFloat, DataType::kDouble}));
    v.Required("op", op);
    v.Required("count", count, AtLeast(1));
    v.Required("num_resources", num_resources, AtLeast(1));
    v.Required("num_scalars", num_scalars, AtLeast(1));
    v.Optional("use_nesterov", use_nesterov);
    v.Optional("update_slots", update_slots);
  }
};

// The op of a group. InvalidArgument where there is none of the name or the numbers do not fit it.
absl::StatusOr<UpdateOp> ResolveApplyGroup(const ApplyGroupAttrs& attrs);

}  // namespace sluice
