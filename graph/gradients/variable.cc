#include "graph/gradients.h"

namespace sluice {
namespace {

// The gradient with respect to the variable goes on along its handle's edge.
absl::Status ReadVariableGradient(GradScope&, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(dy[0]);
  return absl::OkStatus();
}

}  // namespace

void RegisterVariable(GradientRegistry& r) {
  r.Add("ReadVariableOp", ReadVariableGradient);
  for (const char* op :
       {"VarHandleOp", "AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "VarIsInitializedOp",
        "ResourceApplyGradientDescent", "ResourceApplyMomentum", "ResourceApplyKerasMomentum", "ResourceApplyAdam",
        "ResourceApplyRMSProp", "ResourceApplyCenteredRMSProp", "ResourceApplyAdagrad", "ResourceApplyAdagradV2"}) {
    r.AddNotDifferentiable(op);
  }
}

}  // namespace sluice
