#include "ops/split.h"

#include "graph/builders.h"
#include "graph/gradients.h"

namespace sluice {
namespace {

// The pieces' gradients joined; pieces that nobody used count as zeros.
Grad Joined(GradScope& s, absl::Span<const Grad> dy, Endpoint axis) {
  std::vector<Endpoint> pieces;
  for (size_t i = 0; i < dy.size(); ++i) {
    const Endpoint y = s.y(static_cast<int>(i));
    pieces.push_back(HasGrad(dy[i]) ? s.Dense(dy[i]) : ops::ZerosLike(s.scope, y));
  }
  if (pieces.size() == 1) return pieces[0];
  return ops::ConcatV2(s.scope, pieces, axis);
}

absl::Status SplitGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(Grad());
  dx.push_back(Joined(s, dy, s.x(0)));
  return absl::OkStatus();
}

absl::Status SplitVGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.push_back(Joined(s, dy, s.x(2)));
  dx.resize(3);
  return absl::OkStatus();
}

}  // namespace

void RegisterSplit(GradientRegistry& r) {
  r.Add("Split", SplitGradient);
  r.Add("SplitV", SplitVGradient);
}

}  // namespace sluice
