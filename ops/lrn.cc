#include "ops/lrn.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

absl::Status CheckRadius(const ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<LRNAttrs>());
  if (attrs.depth_radius >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("depth_radius is ", attrs.depth_radius, ", expected at least 0"));
}

absl::Status LRNShape(ShapeContext& c) {
  SLUICE_RETURN_IF_ERROR(CheckRadius(c));
  SLUICE_ASSIGN_OR_RETURN(PartialShape shape, c.WithRank(0, 4));
  c.set_output(0, std::move(shape));
  return absl::OkStatus();
}

absl::Status LRNGradShape(ShapeContext& c) {
  SLUICE_RETURN_IF_ERROR(CheckRadius(c));
  SLUICE_RETURN_IF_ERROR(c.WithRank(0, 4).status());
  return MergedShape(c);
}

}  // namespace

void RegisterLrn(OpRegistry& r) {
  r.Add<LRNAttrs>("LRN")
      .Input("input: T")
      .Output("output: T")
      .Shape(LRNShape)
      .Doc("input / (bias + alpha * s)^beta, where s sums the squares of the channels up to depth_radius away.");
  r.Add<LRNAttrs>("LRNGrad")
      .Input("input_grads: T")
      .Input("input_image: T")
      .Input("output_image: T")
      .Output("output: T")
      .Shape(LRNGradShape)
      .Doc("The gradient of LRN with respect to its input.");
}

}  // namespace sluice
