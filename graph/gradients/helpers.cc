#include "graph/gradients/helpers.h"

#include "graph/builders.h"

namespace sluice {

Endpoint ScalarLike(GradScope& s, Endpoint like, double value) {
  if (!s.scope.status().ok()) return {};
  const DataType dtype = s.scope.graph().dtype(like);
  Endpoint scalar;
  const bool is_number = VisitBasicOrHalfType(dtype, [&]<class T>(TypeTag<T>) {
    if constexpr (std::is_arithmetic_v<T>) {
      scalar = s.scope.Const(Tensor::Scalar<T>(static_cast<T>(value)));
    } else {
      scalar = s.scope.Const(Tensor::Scalar<T>(T(static_cast<float>(value))));
    }
  });
  if (!is_number) {
    s.scope.Fail(absl::UnimplementedError(absl::StrCat("no constant of dtype ", DataTypeName(dtype))));
  }
  return scalar;
}

void AppendBroadcastSums(GradScope& s, Endpoint x, Endpoint y, Endpoint gx, Endpoint gy, std::vector<Grad>& dx) {
  if (x == y) {  // no repetition
    dx.push_back(gx);
    dx.push_back(gy);
    return;
  }
  Endpoint x_shape = ops::Shape(s.scope, x), y_shape = ops::Shape(s.scope, y);
  auto axes = ops::BroadcastGradientArgs(s.scope, x_shape, y_shape);
  dx.push_back(SumTo(s, gx, axes.r0, x_shape));
  dx.push_back(SumTo(s, gy, axes.r1, y_shape));
}

Endpoint SumTo(GradScope& s, Endpoint grad, Endpoint axes, Endpoint shape) {
  return ops::Reshape(s.scope, ops::Sum(s.scope, grad, axes), shape);
}

}  // namespace sluice
