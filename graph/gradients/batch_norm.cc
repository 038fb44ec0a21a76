#include "ops/batch_norm.h"

#include "graph/builders.h"
#include "graph/gradients.h"

namespace sluice {
namespace {

// What the gradient ops take for mean and variance: the batch's when training, else the ones that were given.
struct Statistics {
  Endpoint mean, variance;
};
Statistics StatisticsOf(const GradScope& s, bool is_training) {
  return is_training ? Statistics{s.y(3), s.y(4)} : Statistics{s.x(3), s.x(4)};
}

// The statistics that the op puts out are for the moving averages, which are not trained by gradients.
absl::Status CheckOnlyY(absl::Span<const Grad> dy) {
  for (size_t i = 1; i < dy.size(); ++i) {
    if (HasGrad(dy[i])) return absl::UnimplementedError("the gradient of a batch's statistics");
  }
  return absl::OkStatus();
}

template <class Gradients>
void Append(const Gradients& g, std::vector<Grad>& dx) {
  dx = {g.x_backprop, g.scale_backprop, g.offset_backprop, Grad(), Grad()};
}

absl::Status NormGradient(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  SLUICE_RETURN_IF_ERROR(CheckOnlyY(dy));
  SLUICE_ASSIGN_OR_RETURN(auto attrs, node.Parse<FusedBatchNormAttrs>());
  auto [mean, variance] = StatisticsOf(s, attrs.is_training);
  Append(
      ops::FusedBatchNormGrad(
          s.scope, s.Dense(dy[0]), s.x(0), s.x(1), mean, variance,
          {.T = attrs.T, .epsilon = attrs.epsilon, .data_format = attrs.data_format, .is_training = attrs.is_training}),
      dx);
  return absl::OkStatus();
}

FusedBatchNormGradV3Attrs GradAttrs(const FusedBatchNormV3Attrs& attrs) {
  return {.T = attrs.T,
          .U = attrs.U,
          .epsilon = attrs.epsilon,
          .data_format = attrs.data_format,
          .is_training = attrs.is_training};
}

absl::Status NormV2Gradient(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  SLUICE_RETURN_IF_ERROR(CheckOnlyY(dy));
  SLUICE_ASSIGN_OR_RETURN(auto attrs, node.Parse<FusedBatchNormV3Attrs>());
  auto [mean, variance] = StatisticsOf(s, attrs.is_training);
  Append(ops::FusedBatchNormGradV2(s.scope, s.Dense(dy[0]), s.x(0), s.x(1), mean, variance, GradAttrs(attrs)), dx);
  return absl::OkStatus();
}

absl::Status NormV3Gradient(GradScope& s, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  SLUICE_RETURN_IF_ERROR(CheckOnlyY(dy));
  SLUICE_ASSIGN_OR_RETURN(auto attrs, node.Parse<FusedBatchNormV3Attrs>());
  auto [mean, variance] = StatisticsOf(s, attrs.is_training);
  Append(ops::FusedBatchNormGradV3(s.scope, s.Dense(dy[0]), s.x(0), s.x(1), mean, variance, s.y(5), GradAttrs(attrs)),
         dx);
  return absl::OkStatus();
}

absl::Status SecondGradient(GradScope&, const Node&, absl::Span<const Grad>, std::vector<Grad>&) {
  return absl::UnimplementedError("the second derivative of batch normalisation");
}

}  // namespace

void RegisterBatchNorm(GradientRegistry& r) {
  r.Add("FusedBatchNorm", NormGradient);
  r.Add("FusedBatchNormV2", NormV2Gradient);
  r.Add("FusedBatchNormV3", NormV3Gradient);
  for (const char* op : {"FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"}) {
    r.Add(op, SecondGradient);
  }
}

}  // namespace sluice
