#include "ops/concat.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

bool IsIndex(DataType dtype) { return dtype == DataType::kInt32 || dtype == DataType::kInt64; }

// The one element of integer input i, or nullopt where it is not known. InvalidArgument where it is not a
// scalar.
absl::StatusOr<std::optional<int64_t>> ScalarInput(ShapeContext& c, int i) {
  SLUICE_RETURN_IF_ERROR(c.WithRank(i, 0).status());
  auto ints = c.ints(i);
  if (!ints || ints->size() != 1 || (*ints)[0] == kUnknownValue) return std::optional<int64_t>();
  return std::optional<int64_t>((*ints)[0]);
}

// Appends the elements of the integer vectors behind all the inputs, as far as their numbers are known.
void ConcatenateInts(ShapeContext& c, int n) {
  std::vector<int64_t> all;
  for (int i = 0; i < n; ++i) {
    auto ints = c.ints(i);
    if (!ints || !c.input(i).has_rank() || c.input(i).rank() != 1) return;
    all.insert(all.end(), ints->begin(), ints->end());
  }
  c.set_output_ints(0, std::move(all));
}

absl::Status ConcatV2Shape(ShapeContext& c) {
  const int n = c.num_inputs() - 1;
  SLUICE_ASSIGN_OR_RETURN(std::optional<int64_t> axis_value, ScalarInput(c, n));
  // The rank that the inputs share.
  PartialShape rank_shape;
  for (int i = 0; i < n; ++i) {
    if (!c.input(i).has_rank()) continue;
    auto merged = rank_shape.MergedWith(PartialShape::OfRank(c.input(i).rank()));
    if (!merged.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("values[", i, "] has shape ", c.input(i).ToString(),
                                                     ", expected rank ", rank_shape.rank(), " as those before it"));
    }
    rank_shape = *std::move(merged);
  }
  if (!rank_shape.has_rank()) {
    c.set_output(0, PartialShape());
    return absl::OkStatus();
  }
  const int rank = rank_shape.rank();
  if (rank == 0) return absl::InvalidArgumentError("values are scalars, expected at least rank 1");
  if (!axis_value) {
    c.set_output(0, rank_shape);
    return absl::OkStatus();
  }
  SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(*axis_value, rank));
  PartialShape out = rank_shape;
  int64_t sum = 0;
  for (int i = 0; i < n; ++i) {
    PartialShape in = c.input(i).has_rank() ? c.input(i) : rank_shape;
    const int64_t size = in.dim(axis);
    if (size == kUnknownDim || sum == kUnknownDim) {
      sum = kUnknownDim;
    } else if (__builtin_add_overflow(sum, size, &sum)) {
      return absl::InvalidArgumentError(absl::StrCat("the sum of dimensions ", axis, " overflows int64"));
    }
    in.set_dim(axis, kUnknownDim);
    auto merged = out.MergedWith(in);
    if (!merged.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("values[", i, "] has shape ", c.input(i).ToString(), ", expected ",
                                                     out.ToString(), " apart from axis ", axis));
    }
    out = *std::move(merged);
  }
  out.set_dim(axis, sum);
  SLUICE_ASSIGN_OR_RETURN(PartialShape checked, PartialShape::Create(out.dims()));
  c.set_output(0, std::move(checked));
  if (rank == 1 && sum != kUnknownDim && sum <= kMaxRank && IsIndex(c.input_dtype(0))) ConcatenateInts(c, n);
  return absl::OkStatus();
}

absl::Status ConcatOffsetShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(std::optional<int64_t> axis_value, ScalarInput(c, 0));
  PartialShape shape = PartialShape::OfRank(1);
  for (int i = 1; i < c.num_inputs(); ++i) {
    auto merged = shape.MergedWith(c.input(i));
    if (!merged.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("shape[", i - 1, "] has shape ", c.input(i).ToString(),
                                                     ", expected ", shape.ToString(), " as those before it"));
    }
    shape = *std::move(merged);
  }
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, shape);
  if (!axis_value || shape.dim(0) == kUnknownDim || shape.dim(0) > kMaxRank) return absl::OkStatus();
  SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(*axis_value, static_cast<int>(shape.dim(0)), "concat_dim"));
  int64_t offset = 0;
  for (int i = 0; i < c.num_outputs(); ++i) {
    std::vector<int64_t> elements(shape.dim(0), 0);
    elements[axis] = offset;
    c.set_output_ints(i, std::move(elements));
    auto ints = c.ints(i + 1);
    const int64_t size = ints && static_cast<int64_t>(ints->size()) == shape.dim(0) ? (*ints)[axis] : kUnknownValue;
    if (size == kUnknownValue || offset == kUnknownValue || __builtin_add_overflow(offset, size, &offset)) {
      offset = kUnknownValue;
    }
  }
  return absl::OkStatus();
}

absl::Status PackShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<PackAttrs>());
  PartialShape in;
  for (int i = 0; i < c.num_inputs(); ++i) {
    auto merged = in.MergedWith(c.input(i));
    if (!merged.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("values[", i, "] has shape ", c.input(i).ToString(), ", expected ",
                                                     in.ToString(), " as those before it"));
    }
    in = *std::move(merged);
  }
  if (!in.has_rank()) {
    c.set_output(0, PartialShape());
    return absl::OkStatus();
  }
  SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(attrs.axis, in.rank() + 1));
  Dims dims = in.dims();
  dims.insert(dims.begin() + axis, c.num_inputs());
  SLUICE_ASSIGN_OR_RETURN(PartialShape out, PartialShape::Create(dims));
  c.set_output(0, std::move(out));
  if (in.rank() == 0 && IsIndex(c.input_dtype(0)) && c.num_inputs() <= kMaxRank) {
    std::vector<int64_t> elements;
    for (int i = 0; i < c.num_inputs(); ++i) {
      auto ints = c.ints(i);
      elements.push_back(ints && ints->size() == 1 ? (*ints)[0] : kUnknownValue);
    }
    c.set_output_ints(0, std::move(elements));
  }
  return absl::OkStatus();
}

absl::Status UnpackShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<UnpackAttrs>());
  SLUICE_ASSIGN_OR_RETURN(PartialShape in, c.WithRankAtLeast(0, 1));
  if (!in.has_rank()) {
    for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, PartialShape());
    return absl::OkStatus();
  }
  SLUICE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(attrs.axis, in.rank()));
  if (in.dim(axis) != kUnknownDim && in.dim(axis) != attrs.num) {
    return absl::InvalidArgumentError(absl::StrCat("dimension ", axis, " of shape ", in.ToString(), " is ",
                                                   in.dim(axis), ", expected num, ", attrs.num));
  }
  Dims dims = in.dims();
  dims.erase(dims.begin() + axis);
  auto ints = in.rank() == 1 ? c.ints(0) : std::nullopt;
  for (int i = 0; i < c.num_outputs(); ++i) {
    c.set_output(i, PartialShape(dims));
    if (ints && i < static_cast<int>(ints->size())) c.set_output_ints(i, {(*ints)[i]}, /*scalar=*/true);
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterConcat(OpRegistry& r) {
  r.Add<ConcatV2Attrs>("ConcatV2")
      .Input("values: N * T")
      .Input("axis: Tidx")
      .Output("output: T")
      .Shape(ConcatV2Shape)
      .Doc("The values one after the other along dimension axis.");
  r.Add<ConcatOffsetAttrs>("ConcatOffset")
      .Input("concat_dim: int32")
      .Input("shape: N * shape_type")
      .Output("offset: N * shape_type")
      .Shape(ConcatOffsetShape)
      .Doc("Where each of the shapes begins within their concatenation.");
  r.Add<PackAttrs>("Pack")
      .Input("values: N * T")
      .Output("output: T")
      .Shape(PackShape)
      .Doc("The values stacked along a new dimension axis.");
  r.Add<UnpackAttrs>("Unpack")
      .Input("value: T")
      .Output("output: num * T")
      .Shape(UnpackShape)
      .Doc("The slices along dimension axis, which goes: the inverse of Pack.");
}

}  // namespace sluice
