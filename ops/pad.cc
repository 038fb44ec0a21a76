#include "ops/pad.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

// The input's shape, its rank taken from `length` (of paddings or multiples) where it is not known itself.
// InvalidArgument where the two contradict each other.
absl::StatusOr<PartialShape> WithRankOf(ShapeContext& c, int64_t length, const char* what) {
  const PartialShape& in = c.input(0);
  if (length == kUnknownDim) return in;
  if (length > kMaxRank || (in.has_rank() && in.rank() != length)) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " is about ", length, " dimensions, the input has shape ", in.ToString()));
  }
  return in.has_rank() ? in : PartialShape::OfRank(static_cast<int>(length));
}

absl::Status PadShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape paddings, c.WithRank(1, 2));
  if (paddings.dim(1) != kUnknownDim && paddings.dim(1) != 2) {
    return absl::InvalidArgumentError(absl::StrCat("paddings has shape ", paddings.ToString(), ", expected [rank,2]"));
  }
  SLUICE_ASSIGN_OR_RETURN(PartialShape in, WithRankOf(c, paddings.dim(0), "paddings"));
  if (!in.has_rank()) {
    c.set_output(0, PartialShape());
    return absl::OkStatus();
  }
  const Tensor* value = c.value(1);
  PartialShape out = PartialShape::OfRank(in.rank());
  for (int i = 0; value != nullptr && i < in.rank(); ++i) {
    const int64_t before = value->IntAt(2 * i), after = value->IntAt(2 * i + 1);
    if (before < 0 || after < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("paddings of dimension ", i, " are ", before, " and ", after, ", expected at least 0"));
    }
    int64_t size = in.dim(i);
    if (size == kUnknownDim) continue;
    if (__builtin_add_overflow(size, before, &size) || __builtin_add_overflow(size, after, &size)) {
      return absl::InvalidArgumentError(
          absl::StrCat("dimension ", i, " with paddings ", before, " and ", after, " overflows int64"));
    }
    out.set_dim(i, size);
  }
  SLUICE_ASSIGN_OR_RETURN(out, PartialShape::Create(out.dims()));
  c.set_output(0, std::move(out));
  return absl::OkStatus();
}

absl::Status TileShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape multiples, c.WithRank(1, 1));
  SLUICE_ASSIGN_OR_RETURN(PartialShape in, WithRankOf(c, multiples.dim(0), "multiples"));
  if (!in.has_rank()) {
    c.set_output(0, PartialShape());
    return absl::OkStatus();
  }
  PartialShape out = PartialShape::OfRank(in.rank());
  auto ints = c.ints(1);
  for (int i = 0; ints && i < in.rank(); ++i) {
    const int64_t m = (*ints)[i];
    if (m == kUnknownValue) continue;
    if (m < 0) {
      return absl::InvalidArgumentError(absl::StrCat("multiples[", i, "] is ", m, ", expected at least 0"));
    }
    int64_t size = in.dim(i);
    if (size == kUnknownDim) continue;
    if (!MultiplySafely(size, m, &size)) {
      return absl::InvalidArgumentError(
          absl::StrCat("dimension ", i, " of shape ", in.ToString(), " times ", m, " overflows int64"));
    }
    out.set_dim(i, size);
  }
  SLUICE_ASSIGN_OR_RETURN(out, PartialShape::Create(out.dims()));
  c.set_output(0, std::move(out));
  return absl::OkStatus();
}

}  // namespace

void RegisterPad(OpRegistry& r) {
  r.Add<PadAttrs>("Pad")
      .Input("input: T")
      .Input("paddings: Tpaddings")
      .Output("output: T")
      .Shape(PadShape)
      .Doc("paddings[i] zeros in front of and behind dimension i.");
  r.Add<TileAttrs>("Tile")
      .Input("input: T")
      .Input("multiples: Tmultiples")
      .Output("output: T")
      .Shape(TileShape)
      .Doc("The input multiples[i] times over along dimension i.");
}

}  // namespace sluice
