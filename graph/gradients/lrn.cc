#include "ops/lrn.h"

#include "graph/builders.h"
#include "graph/gradients.h"

namespace sluice {
namespace {

absl::Status LRNGradient(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, node.Parse<LRNAttrs>());
  dx.push_back(ops::LRNGrad(s.scope, s.Dense(dy[0]), s.x(0), s.y(0), attrs));
  return absl::OkStatus();
}

absl::Status SecondGradient(GradScope&, const Node&, absl::Span<const Grad>, std::vector<Grad>&) {
  return absl::UnimplementedError("the second derivative of LRN");
}

}  // namespace

void RegisterLrn(GradientRegistry& r) {
  r.Add("LRN", LRNGradient);
  r.Add("LRNGrad", SecondGradient);
}

}  // namespace sluice
