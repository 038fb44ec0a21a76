#include "ops/broadcast.h"

#include <algorithm>

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

absl::Status BroadcastToShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape output, c.input_as_dimensions(1));
  const PartialShape& input = c.input(0);
  if (output.has_rank() && input.has_rank()) {
    if (input.rank() > output.rank()) {
      return absl::InvalidArgumentError(
          absl::StrCat("input of shape ", input.ToString(), " does not broadcast to ", output.ToString()));
    }
    for (int i = 0; i < input.rank(); ++i) {
      const int64_t from = input.dim(i), to = output.dim(output.rank() - input.rank() + i);
      if (from != to && from != 1 && from != kUnknownDim && to != kUnknownDim) {
        return absl::InvalidArgumentError(
            absl::StrCat("input of shape ", input.ToString(), " does not broadcast to ", output.ToString()));
      }
    }
  }
  c.set_output(0, std::move(output));
  return absl::OkStatus();
}

absl::Status BroadcastGradientArgsShape(ShapeContext& c) {
  SLUICE_RETURN_IF_ERROR(c.WithRank(0, 1).status());
  SLUICE_RETURN_IF_ERROR(c.WithRank(1, 1).status());
  const auto s0 = c.ints(0), s1 = c.ints(1);
  const auto is_known = [](const std::optional<std::vector<int64_t>>& s) {
    return s && std::find(s->begin(), s->end(), kUnknownValue) == s->end();
  };
  if (is_known(s0) && is_known(s1)) {
    SLUICE_ASSIGN_OR_RETURN(BroadcastAxes axes, FindBroadcastAxes(*s0, *s1));
    c.set_output_ints(0, std::move(axes.r0));
    c.set_output_ints(1, std::move(axes.r1));
  } else {
    c.set_output(0, PartialShape::OfRank(1));
    c.set_output(1, PartialShape::OfRank(1));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BroadcastAxes> FindBroadcastAxes(absl::Span<const int64_t> s0, absl::Span<const int64_t> s1) {
  BroadcastAxes axes;
  if (s0 == s1) return axes;
  const size_t rank = std::max(s0.size(), s1.size());
  for (size_t i = 0; i < rank; ++i) {
    const int64_t a = i + s0.size() < rank ? 1 : s0[i + s0.size() - rank];
    const int64_t b = i + s1.size() < rank ? 1 : s1[i + s1.size() - rank];
    if (a != b && a != 1 && b != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("shapes [", absl::StrJoin(s0, ","), "] and [", absl::StrJoin(s1, ","), "] do not broadcast"));
    }
    if (a == 1) axes.r0.push_back(static_cast<int64_t>(i));
    if (b == 1) axes.r1.push_back(static_cast<int64_t>(i));
  }
  return axes;
}

void RegisterBroadcast(OpRegistry& r) {
  r.Add<BroadcastToAttrs>("BroadcastTo")
      .Input("input: T")
      .Input("shape: Tidx")
      .Output("output: T")
      .Shape(BroadcastToShape)
      .Doc("The input repeated along dimensions of size 1, and new ones in front, to this shape.");
  r.Add<BroadcastGradientArgsAttrs>("BroadcastGradientArgs")
      .Input("s0: T")
      .Input("s1: T")
      .Output("r0: T")
      .Output("r1: T")
      .Shape(BroadcastGradientArgsShape)
      .Doc("For two shapes that broadcast, the dimensions that each one's gradient is summed over.");
}

}  // namespace sluice
