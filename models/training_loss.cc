#include "models/training_loss.h"

#include "graph/builders.h"

namespace sluice {

Endpoint AddCrossEntropy(Scope scope, const std::string& name, Endpoint logits, Endpoint labels, float smoothing) {
  Scope inner = scope.SubScope(name);
  Endpoint losses = ops::SparseSoftmaxCrossEntropyWithLogits(inner, logits, labels).loss;
  if (smoothing > 0) {
    // -log p averaged over all classes is the cross-entropy against the uniform distribution.
    Endpoint mean = ops::Mean(inner, ops::LogSoftmax(inner, logits), inner.Named("classes").Ints({1}));
    Endpoint uniform = ops::Mul(inner, mean, inner.Named("smoothing").Scalar<float>(-smoothing));
    losses = ops::Add(inner, ops::Mul(inner, losses, inner.Named("rest").Scalar<float>(1 - smoothing)), uniform);
  }
  return ops::Mean(scope.Named(name), losses, inner.Named("axes").Ints({0}));
}

Endpoint AddCorrect(Scope scope, const std::string& name, Endpoint logits, Endpoint labels) {
  Scope inner = scope.SubScope(name);
  Endpoint best = ops::ArgMax(inner, logits, inner.Named("axis").Scalar<int32_t>(1), {.output_type = DataType::kInt32});
  Endpoint right = ops::Cast(inner, ops::Equal(inner, best, labels), {.DstT = DataType::kFloat});
  return ops::Sum(scope.Named(name), right, inner.Named("axes").Ints({0}));
}

Endpoint AddCorrectTopK(Scope scope, const std::string& name, Endpoint logits, Endpoint labels, int k) {
  Scope inner = scope.SubScope(name);
  Endpoint among = ops::InTopKV2(inner, logits, labels, inner.Named("k").Scalar<int32_t>(k));
  Endpoint right = ops::Cast(inner, among, {.DstT = DataType::kFloat});
  return ops::Sum(scope.Named(name), right, inner.Named("axes").Ints({0}));
}

}  // namespace sluice
