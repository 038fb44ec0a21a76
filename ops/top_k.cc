#include "ops/top_k.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

absl::Status TopKShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape shape, c.WithRankAtLeast(0, 1));
  SLUICE_RETURN_IF_ERROR(c.WithRank(1, 0).status());
  if (!shape.has_rank()) return absl::OkStatus();
  const int last = shape.rank() - 1;
  const int64_t n = shape.dim(last);
  int64_t k = PartialShape::kUnknown;
  const auto given = c.ints(1);
  if (given && (*given)[0] != kUnknownValue) {
    k = (*given)[0];
    if (k < 0) return absl::InvalidArgumentError(absl::StrCat("k is ", k, ", expected at least 0"));
    if (n >= 0 && k > n) {
      return absl::InvalidArgumentError(
          absl::StrCat("k is ", k, ", the input of shape ", shape.ToString(), " has only ", n, " columns"));
    }
  }
  shape.set_dim(last, k);
  c.set_output(0, shape);
  c.set_output(1, std::move(shape));
  return absl::OkStatus();
}

absl::Status InTopKShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape predictions, c.WithRank(0, 2));
  SLUICE_ASSIGN_OR_RETURN(PartialShape targets, c.WithRank(1, 1));
  SLUICE_RETURN_IF_ERROR(c.WithRank(2, 0).status());
  auto batch = targets.MergedWith(PartialShape{predictions.dim(0)});
  if (!batch.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("targets of shape ", targets.ToString(),
                                                   " for predictions of shape ", predictions.ToString(),
                                                   ": expected one target a row"));
  }
  c.set_output(0, *std::move(batch));
  return absl::OkStatus();
}

}  // namespace

void RegisterTopK(OpRegistry& r) {
  r.Add<TopKAttrs>("TopKV2")
      .Input("input: T")
      .Input("k: Tk")
      .Output("values: T")
      .Output("indices: index_type")
      .Shape(TopKShape)
      .Doc("The k largest elements along the last axis and where they are, the largest first, of equals the first.");
  r.Add<InTopKAttrs>("InTopKV2")
      .Input("predictions: float")
      .Input("targets: T")
      .Input("k: T")
      .Output("precision: bool")
      .Shape(InTopKShape)
      .Doc(
          "Whether fewer than k of a row's predictions are larger than that of its target; false where the target's is "
          "not finite or the target is no class.");
}

}  // namespace sluice
