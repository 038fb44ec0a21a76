#include "ops/update_group.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

constexpr UpdateOp kUpdateOps[] = {
    {"ResourceApplyGradientDescent", UpdateRule::kGradientDescent, 1, 1, 2},
    {"ResourceApplyMomentum", UpdateRule::kMomentum, 2, 2, 3},
    {"ResourceApplyKerasMomentum", UpdateRule::kKerasMomentum, 2, 2, 3},
    {"ResourceApplyAdam", UpdateRule::kAdam, 3, 6, 9},
    {"ResourceApplyRMSProp", UpdateRule::kRmsProp, 3, 4, 7},
    {"ResourceApplyCenteredRMSProp", UpdateRule::kCenteredRmsProp, 4, 4, 8},
    {"ResourceApplyAdagrad", UpdateRule::kAdagrad, 2, 1, 3},
    {"ResourceApplyAdagradV2", UpdateRule::kAdagradV2, 2, 2, 4},
};

absl::Status ApplyGroupShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<ApplyGroupAttrs>());
  SLUICE_ASSIGN_OR_RETURN(UpdateOp op, ResolveApplyGroup(attrs));
  const int resources = static_cast<int>(attrs.num_resources), scalars = static_cast<int>(attrs.num_scalars);
  for (int i = resources; i < resources + scalars; ++i) SLUICE_RETURN_IF_ERROR(c.WithRank(i, 0).status());
  for (int i = 0; i < resources; ++i) {
    SLUICE_ASSIGN_OR_RETURN(PartialShape variable, VariableShape(c, i, attrs.T));
    SLUICE_RETURN_IF_ERROR(MergeWithVariable(c, resources + scalars + i / op.num_variables, variable));
  }
  return absl::OkStatus();
}

}  // namespace

const UpdateOp* FindUpdateOp(absl::string_view op) {
  for (const UpdateOp& known : kUpdateOps) {
    if (op == known.name) return &known;
  }
  return nullptr;
}

absl::StatusOr<UpdateOp> ResolveApplyGroup(const ApplyGroupAttrs& attrs) {
  const UpdateOp* op = FindUpdateOp(attrs.op);
  if (op == nullptr) return absl::InvalidArgumentError(absl::StrCat("'", attrs.op, "' is no update of variables"));
  // The op registry bounds the counts, so the product does not overflow.
  if (attrs.num_scalars != op->num_scalars || attrs.num_resources % op->num_variables != 0 ||
      attrs.num_resources / op->num_variables != attrs.count) {
    return absl::InvalidArgumentError(absl::StrCat(attrs.count, " updates by ", attrs.op, " with ", attrs.num_resources,
                                                   " variables and ", attrs.num_scalars, " scalars"));
  }
  return *op;
}

void RegisterUpdateGroup(OpRegistry& r) {
  r.Add<ApplyGroupAttrs>("_ApplyGroup")
      .Input("resources: num_resources * resource")
      .Input("scalars: num_scalars * T")
      .Input("gradients: count * T")
      .Shape(ApplyGroupShape)
      .Stateful()
      .Doc("Many updates of variables by one optimiser's op with the same scalars.");
}

}  // namespace sluice
