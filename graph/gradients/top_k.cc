#include "graph/builders.h"
#include "graph/gradients.h"

namespace sluice {
namespace {

// Each column gets the gradient of the value that was taken from it: a sum over k of the gradients where indices is
// the column.
absl::Status TopKGradient(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  if (HasGrad(dy[0])) {
    Endpoint last = s.scope.Named("last").Scalar<int32_t>(-1);
    Endpoint taken = ops::ExpandDims(s.scope, s.Dense(dy[0]), last);  // [..., k, 1]
    Endpoint from = ops::ExpandDims(s.scope, ops::Cast(s.scope, s.y(1), {.DstT = DataType::kInt32}), last);
    Endpoint size = ops::Shape(s.scope, s.x(0));
    Endpoint columns = ops::StridedSlice(s.scope, size, s.scope.Ints({-1}), s.scope.Ints({0}), s.scope.Ints({1}),
                                         {.end_mask = 1, .shrink_axis_mask = 1});
    Endpoint all = ops::Range(s.scope, s.scope.Scalar<int32_t>(0), columns, s.scope.Scalar<int32_t>(1));
    Endpoint is_from = ops::Cast(s.scope, ops::Equal(s.scope, from, all), {.DstT = s.scope.graph().dtype(taken)});
    Endpoint spread = ops::Mul(s.scope, is_from, taken);  // [..., k, columns]
    dx.push_back(ops::Sum(s.scope, spread, s.scope.Ints({-2})));
  } else {
    dx.push_back({});
  }
  dx.push_back({});  // k
  return absl::OkStatus();
}

}  // namespace

void RegisterTopK(GradientRegistry& r) {
  r.Add("TopKV2", TopKGradient);
  r.AddNotDifferentiable("InTopKV2");
}

}  // namespace sluice
