#include "ops/split.h"

#include "absl/strings/str_join.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

void SetAll(ShapeContext& c, const PartialShape& shape) {
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, shape);
}

// The dimension that input `i`, a scalar, names among those of `value`; -1 where either is not known yet.
absl::StatusOr<int> SplitAxis(const ShapeContext& c, int i, const PartialShape& value) {
  SLUICE_RETURN_IF_ERROR(c.WithRank(i, 0).status());
  auto axis = c.ints(i);
  if (!value.has_rank() || !axis || axis->size() != 1 || (*axis)[0] == kUnknownValue) return -1;
  return NormalizeAxis((*axis)[0], value.rank(), "split_dim");
}

absl::Status SplitShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape value, c.WithRankAtLeast(1, 1));
  SLUICE_ASSIGN_OR_RETURN(int axis, SplitAxis(c, 0, value));
  if (axis < 0) {
    SetAll(c, value.has_rank() ? PartialShape::OfRank(value.rank()) : PartialShape());
    return absl::OkStatus();
  }
  int64_t whole = value.dim(axis), n = c.num_outputs();
  if (whole != kUnknownDim && whole % n != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("dimension ", axis, " of shape ", value.ToString(), " is not divided by num_split, ", n));
  }
  value.set_dim(axis, whole == kUnknownDim ? kUnknownDim : whole / n);
  SetAll(c, value);
  return absl::OkStatus();
}

// The sizes along the axis of `whole` elements; -1 once stands for what the others leave.
absl::Status InferSizes(std::vector<int64_t>& sizes, int64_t whole) {
  const std::string asked = absl::StrCat("size_splits [", absl::StrJoin(sizes, ","), "]");
  int64_t sum = 0, infer = -1;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == kUnknownValue) return absl::OkStatus();
    if (sizes[i] == -1 && infer < 0) {
      infer = static_cast<int64_t>(i);
    } else if (sizes[i] < 0 || __builtin_add_overflow(sum, sizes[i], &sum)) {
      return absl::InvalidArgumentError(absl::StrCat(asked, ": element ", i, " is ", sizes[i]));
    }
  }
  if (whole == kUnknownDim) {
    if (infer >= 0) sizes[infer] = kUnknownValue;
    return absl::OkStatus();
  }
  if (infer >= 0 ? sum > whole : sum != whole) {
    return absl::InvalidArgumentError(absl::StrCat(asked, " does not add up to ", whole));
  }
  if (infer >= 0) sizes[infer] = whole - sum;
  return absl::OkStatus();
}

absl::Status SplitVShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape value, c.WithRankAtLeast(0, 1));
  SLUICE_ASSIGN_OR_RETURN(PartialShape splits, c.WithRank(1, 1));
  if (splits.dim(0) != kUnknownDim && splits.dim(0) != c.num_outputs()) {
    return absl::InvalidArgumentError(
        absl::StrCat("size_splits has shape ", splits.ToString(), ", num_split is ", c.num_outputs()));
  }
  SLUICE_ASSIGN_OR_RETURN(int axis, SplitAxis(c, 2, value));
  if (axis < 0) {
    SetAll(c, value.has_rank() ? PartialShape::OfRank(value.rank()) : PartialShape());
    return absl::OkStatus();
  }
  auto sizes = c.ints(1);
  int64_t whole = value.dim(axis);
  if (sizes) SLUICE_RETURN_IF_ERROR(InferSizes(*sizes, whole));
  for (int i = 0; i < c.num_outputs(); ++i) {
    bool known = sizes && i < static_cast<int>(sizes->size()) && (*sizes)[i] >= 0;
    value.set_dim(axis, known ? (*sizes)[i] : kUnknownDim);
    c.set_output(i, value);
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterSplit(OpRegistry& r) {
  r.Add<SplitAttrs>("Split")
      .Input("split_dim: int32")
      .Input("value: T")
      .Output("output: num_split * T")
      .Shape(SplitShape)
      .Doc("The value cut into num_split equal pieces along dimension split_dim.");
  r.Add<SplitVAttrs>("SplitV")
      .Input("value: T")
      .Input("size_splits: Tlen")
      .Input("split_dim: int32")
      .Output("output: num_split * T")
      .Shape(SplitVShape)
      .Doc("The value cut into pieces of size_splits along dimension split_dim; one size may be -1, what is left.");
}

}  // namespace sluice
