#include "ops/slice.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

// Sets the output of rank 1 or 0 to every `stride`th of the input's known integers from `begin` on.
void ForwardInts(ShapeContext& c, int64_t begin, int64_t stride, int64_t size, bool scalar) {
  auto ints = c.input(0).has_rank() && c.input(0).rank() == 1 ? c.ints(0) : std::nullopt;
  if (!ints || static_cast<int64_t>(ints->size()) != c.input(0).dim(0)) return;
  std::vector<int64_t> elements;
  for (int64_t k = 0; k < size; ++k) elements.push_back((*ints)[begin + k * stride]);
  c.set_output_ints(0, std::move(elements), scalar);
}

absl::Status SliceShape(ShapeContext& c) {
  PartialShape vector = PartialShape::OfRank(1);
  for (int i : {1, 2}) {
    SLUICE_ASSIGN_OR_RETURN(PartialShape shape, c.WithRank(i, 1));
    auto merged = vector.MergedWith(shape);
    if (!merged.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("begin has shape ", c.input(1).ToString(), ", size ",
                                                     c.input(2).ToString(), ", expected the same"));
    }
    vector = *std::move(merged);
  }
  PartialShape in = c.input(0);
  if (!in.has_rank() && vector.dim(0) != kUnknownDim && vector.dim(0) <= kMaxRank) {
    in = PartialShape::OfRank(static_cast<int>(vector.dim(0)));
  }
  if (!in.has_rank()) {
    c.set_output(0, PartialShape());
    return absl::OkStatus();
  }
  if (vector.dim(0) != kUnknownDim && vector.dim(0) != in.rank()) {
    return absl::InvalidArgumentError(
        absl::StrCat("begin and size have ", vector.dim(0), " elements, the input has shape ", in.ToString()));
  }
  const std::vector<int64_t> unknown(in.rank(), kUnknownValue);
  const std::vector<int64_t> begins = c.ints(1).value_or(unknown), sizes = c.ints(2).value_or(unknown);
  PartialShape out = in;
  bool begins_known = true;
  for (int i = 0; i < in.rank(); ++i) {
    const int64_t dim = in.dim(i), begin = begins[i], size = sizes[i];
    begins_known = begins_known && begin != kUnknownValue;
    const bool is_wrong = (begin != kUnknownValue && (begin < 0 || (dim != kUnknownDim && begin > dim))) ||
                          (size != kUnknownValue && (size < -1 || (dim != kUnknownDim && size > dim))) ||
                          (begin != kUnknownValue && size != kUnknownValue && dim != kUnknownDim && size > dim - begin);
    if (is_wrong) {
      auto text = [](int64_t v) { return v == kUnknownValue ? "?" : absl::StrCat(v); };
      return absl::InvalidArgumentError(absl::StrCat("dimension ", i, " of shape ", in.ToString(), ": begin ",
                                                     text(begin), " and size ", text(size),
                                                     " leave it, expected 0 <= begin, size >= -1 and begin + size "
                                                     "<= the dimension"));
    }
    if (size == -1) {
      out.set_dim(i, dim == kUnknownDim || begin == kUnknownValue ? kUnknownDim : dim - begin);
    } else {
      out.set_dim(i, size == kUnknownValue ? kUnknownDim : size);
    }
  }
  SLUICE_ASSIGN_OR_RETURN(out, PartialShape::Create(out.dims()));
  c.set_output(0, out);
  if (in.rank() == 1 && in.dim(0) != kUnknownDim && begins_known && out.dim(0) != kUnknownDim) {
    ForwardInts(c, begins[0], 1, out.dim(0), /*scalar=*/false);
  }
  return absl::OkStatus();
}

// The length that begin, end and strides (inputs first, first + 1, first + 2) share; their known elements.
struct Specification {
  std::vector<int64_t> parts[3];
};

// nullopt where not even the length is known.
absl::StatusOr<std::optional<Specification>> ReadSpecification(ShapeContext& c, int first) {
  PartialShape vector = PartialShape::OfRank(1);
  for (int i = 0; i < 3; ++i) {
    SLUICE_ASSIGN_OR_RETURN(PartialShape shape, c.WithRank(first + i, 1));
    auto merged = vector.MergedWith(shape);
    if (!merged.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("begin, end and strides have shapes ", c.input(first).ToString(),
                                                     ", ", c.input(first + 1).ToString(), ", ",
                                                     c.input(first + 2).ToString(), ", expected the same"));
    }
    vector = *std::move(merged);
  }
  const int64_t n = vector.dim(0);
  if (n == kUnknownDim) return std::optional<Specification>();
  if (n > 2 * kMaxRank) {
    return absl::InvalidArgumentError(
        absl::StrCat("begin, end and strides have ", n, " elements, expected at most ", 2 * kMaxRank));
  }
  Specification specification;
  for (int i = 0; i < 3; ++i)
    specification.parts[i] = c.ints(first + i).value_or(std::vector<int64_t>(n, kUnknownValue));
  return std::optional<Specification>(std::move(specification));
}

absl::Status StridedSliceShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<StridedSliceAttrs>());
  SLUICE_ASSIGN_OR_RETURN(auto specification, ReadSpecification(c, 1));
  if (!specification || !c.input(0).has_rank()) {
    c.set_output(0, PartialShape());
    return absl::OkStatus();
  }
  const auto& [begin, end, strides] = specification->parts;
  SLUICE_ASSIGN_OR_RETURN(StridedSliceBox box, ResolveStridedSlice(c.input(0), begin, end, strides, attrs));
  c.set_output(0, box.out);
  if (c.input(0).rank() == 1 && c.input(0).dim(0) != kUnknownDim && box.out.rank() <= 1 && box.begin_known[0] &&
      box.sizes[0] != kUnknownDim) {
    ForwardInts(c, box.begin[0], box.strides[0], box.sizes[0], /*scalar=*/box.out.rank() == 0);
  }
  return absl::OkStatus();
}

absl::Status StridedSliceGradShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<StridedSliceAttrs>());
  SLUICE_ASSIGN_OR_RETURN(PartialShape out, c.input_as_shape(0));
  SLUICE_ASSIGN_OR_RETURN(auto specification, ReadSpecification(c, 1));
  if (specification && out.has_rank()) {
    const auto& [begin, end, strides] = specification->parts;
    SLUICE_ASSIGN_OR_RETURN(StridedSliceBox box, ResolveStridedSlice(out, begin, end, strides, attrs));
    if (!box.out.IsCompatibleWith(c.input(4))) {
      return absl::InvalidArgumentError(
          absl::StrCat("dy has shape ", c.input(4).ToString(), ", the slice has ", box.out.ToString()));
    }
  }
  c.set_output(0, std::move(out));
  return absl::OkStatus();
}

}  // namespace

void RegisterSlice(OpRegistry& r) {
  r.Add<SliceAttrs>("Slice")
      .Input("input: T")
      .Input("begin: Index")
      .Input("size: Index")
      .Output("output: T")
      .Shape(SliceShape)
      .Doc("size[i] elements from begin[i] on of each dimension; -1 for all that are left.");
  r.Add<StridedSliceAttrs>("StridedSlice")
      .Input("input: T")
      .Input("begin: Index")
      .Input("end: Index")
      .Input("strides: Index")
      .Output("output: T")
      .Shape(StridedSliceShape)
      .Doc("NumPy's basic slicing: input[begin:end:strides], with ellipsis, new and dropped dimensions.");
  r.Add<StridedSliceAttrs>("StridedSliceGrad")
      .Input("shape: Index")
      .Input("begin: Index")
      .Input("end: Index")
      .Input("strides: Index")
      .Input("dy: T")
      .Output("output: T")
      .Shape(StridedSliceGradShape)
      .Doc("Zeros of the given shape with dy in the place that StridedSlice takes.");
}

}  // namespace sluice
