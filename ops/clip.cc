#include "ops/clip.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

// A bound is a scalar or has the shape of t.
absl::Status ClipByValueShape(ShapeContext& c) {
  PartialShape out = c.input(0);
  for (int i : {1, 2}) {
    const PartialShape& bound = c.input(i);
    if (!bound.has_rank() || bound.rank() == 0) continue;
    auto merged = out.MergedWith(bound);
    if (!merged.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("input ", i, " has shape ", bound.ToString(), ", expected a scalar or ", c.input(0).ToString()));
    }
    out = *std::move(merged);
  }
  c.set_output(0, std::move(out));
  return absl::OkStatus();
}

}  // namespace

void RegisterClip(OpRegistry& r) {
  r.Add<ClipByValueAttrs>("ClipByValue")
      .Input("t: T")
      .Input("clip_value_min: T")
      .Input("clip_value_max: T")
      .Output("output: T")
      .Shape(ClipByValueShape)
      .Doc("min(max(t, clip_value_min), clip_value_max); a bound is a scalar or has the shape of t.");
}

}  // namespace sluice
