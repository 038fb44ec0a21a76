#include "ops/summary.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

absl::Status ScalarSummaryShape(ShapeContext& c) {
  if (!c.input(0).IsCompatibleWith(c.input(1))) {
    return absl::InvalidArgumentError(absl::StrCat("tags has shape ", c.input(0).ToString(), " and values ",
                                                   c.input(1).ToString(), ", expected one tag for each value"));
  }
  return ScalarShape(c);
}

absl::Status HistogramSummaryShape(ShapeContext& c) {
  SLUICE_RETURN_IF_ERROR(c.WithRank(0, 0).status());
  return ScalarShape(c);
}

absl::Status ImageSummaryShape(ShapeContext& c) {
  SLUICE_RETURN_IF_ERROR(c.WithRank(0, 0).status());
  SLUICE_ASSIGN_OR_RETURN(PartialShape pictures, c.WithRank(1, 4));
  int64_t channels = pictures.dim(3);
  if (channels >= 0 && channels != 1 && channels != 3 && channels != 4) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor has shape ", pictures.ToString(), ", expected 1, 3 or 4 channels"));
  }
  return ScalarShape(c);
}

}  // namespace

void RegisterSummary(OpRegistry& r) {
  r.Add<ScalarSummaryAttrs>("ScalarSummary")
      .Input("tags: string")
      .Input("values: T")
      .Output("summary: string")
      .Shape(ScalarSummaryShape)
      .Doc("A Summary with a number under each tag.");
  r.Add<HistogramSummaryAttrs>("HistogramSummary")
      .Input("tag: string")
      .Input("values: T")
      .Output("summary: string")
      .Shape(HistogramSummaryShape)
      .Doc("A Summary with a histogram of all values, over buckets that grow by a tenth.");
  r.Add<ImageSummaryAttrs>("ImageSummary")
      .Input("tag: string")
      .Input("tensor: T")
      .Output("summary: string")
      .Shape(ImageSummaryShape)
      .Doc("A Summary with the first pictures of a batch; floating-point ones are scaled to 0 … 255 one by one.");
  r.Add<MergeSummaryAttrs>("MergeSummary")
      .Input("inputs: N * string")
      .Output("summary: string")
      .Shape(ScalarShape)
      .Doc("A Summary with the values of all inputs, whose tags must differ.");
}

}  // namespace sluice
