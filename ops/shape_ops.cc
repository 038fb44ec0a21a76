#include "ops/shape_ops.h"

#include <algorithm>

#include "absl/strings/str_join.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

// The output has the elements of input 0: what is known of their values goes with them.
void SetReshaped(ShapeContext& c, PartialShape shape) {
  const TensorInfo& in = c.input_info(0);
  TensorInfo& out = c.outputs()[0];
  out.handle = in.handle;
  if (in.value && shape.IsFullyKnown()) {
    if (auto known = shape.ToShape(); known.ok() && known->num_elements() == in.value->num_elements())
      out.value = in.value->Reshaped(*std::move(known));
  }
  if (shape.has_rank() && shape.rank() <= 1) out.ints = in.ints;
  c.set_output(0, std::move(shape));
}

// The product of the dimensions that are known; unknown ones count as 1.
absl::StatusOr<int64_t> KnownProduct(absl::Span<const int64_t> dims) {
  int64_t product = 1;
  for (int64_t d : dims) {
    if (d >= 0 && !MultiplySafely(product, d, &product)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the number of elements of shape [", absl::StrJoin(dims, ","), "] overflows int64"));
    }
  }
  return product;
}

absl::Status ReshapeShape(ShapeContext& c) {
  if (c.input(1).has_rank()) SLUICE_RETURN_IF_ERROR(c.WithRank(1, 1).status());
  auto target = c.ints(1);
  if (!target) {
    SLUICE_ASSIGN_OR_RETURN(PartialShape unknown, c.input_as_shape(1));
    SetReshaped(c, std::move(unknown));
    return absl::OkStatus();
  }
  Dims dims(target->begin(), target->end());
  int infer = -1;
  bool has_unknown = false;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == kUnknownValue) {
      has_unknown = true;
      dims[i] = kUnknownDim;
    } else if (dims[i] == -1) {
      if (infer >= 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("shape [", absl::StrJoin(dims, ","), "] leaves more than one dimension (-1) to be inferred"));
      }
      infer = static_cast<int>(i);
    } else if (dims[i] < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("dimension ", i, " of the new shape is ", dims[i], ", expected at least -1"));
    }
  }
  if (c.input(0).IsFullyKnown() && !has_unknown) {
    SLUICE_ASSIGN_OR_RETURN(Shape from, c.input(0).ToShape());
    SLUICE_ASSIGN_OR_RETURN(int64_t others, KnownProduct(dims));
    const std::string asked = absl::StrCat("[", absl::StrJoin(dims, ","), "]");
    const int64_t n = from.num_elements();
    if (infer >= 0) {
      if (others == 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("shape ", asked, " does not tell the size of its -1, since another dimension is 0"));
      }
      dims[infer] = n / others;
      others *= n / others;
    }
    if (others != n) {
      return absl::InvalidArgumentError(absl::StrCat("a tensor of shape ", from.ToString(), " has ", n,
                                                     " elements and does not fit into shape ", asked));
    }
  }
  SLUICE_ASSIGN_OR_RETURN(PartialShape shape, PartialShape::Create(dims));
  SetReshaped(c, std::move(shape));
  return absl::OkStatus();
}

void SetShapeOf(ShapeContext& c, int in, int out) {
  const PartialShape& shape = c.input(in);
  if (!shape.has_rank()) {
    c.set_output(out, PartialShape{kUnknownDim});
    return;
  }
  std::vector<int64_t> elements(shape.dims().begin(), shape.dims().end());
  std::replace(elements.begin(), elements.end(), kUnknownDim, kUnknownValue);
  c.set_output_ints(out, std::move(elements));
}

absl::Status ShapeOpShape(ShapeContext& c) {
  for (int i = 0; i < c.num_inputs(); ++i) SetShapeOf(c, i, i);
  return absl::OkStatus();
}

absl::Status SizeShape(ShapeContext& c) {
  int64_t size = kUnknownValue;
  if (c.input(0).IsFullyKnown()) {
    SLUICE_ASSIGN_OR_RETURN(Shape shape, c.input(0).ToShape());
    size = shape.num_elements();
  }
  c.set_output_ints(0, {size}, /*scalar=*/true);
  return absl::OkStatus();
}

absl::Status RankShape(ShapeContext& c) {
  c.set_output_ints(0, {c.input(0).has_rank() ? c.input(0).rank() : kUnknownValue}, /*scalar=*/true);
  return absl::OkStatus();
}

absl::Status SqueezeShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<SqueezeAttrs>());
  const PartialShape& in = c.input(0);
  if (!in.has_rank()) {
    SetReshaped(c, PartialShape());
    return absl::OkStatus();
  }
  std::vector<bool> squeezed(in.rank());
  for (int64_t axis : attrs.squeeze_dims) {
    SLUICE_ASSIGN_OR_RETURN(int i, NormalizeAxis(axis, in.rank(), "squeeze_dims"));
    if (in.dim(i) != 1 && in.dim(i) != kUnknownDim) {
      return absl::InvalidArgumentError(absl::StrCat("dimension ", i, " of shape ", in.ToString(),
                                                     " cannot be squeezed, expected 1, got ", in.dim(i)));
    }
    squeezed[i] = true;
  }
  Dims dims;
  for (int i = 0; i < in.rank(); ++i) {
    if (attrs.squeeze_dims.empty()) {
      if (in.dim(i) == kUnknownDim) {  // may be 1, may stay
        SetReshaped(c, PartialShape());
        return absl::OkStatus();
      }
      squeezed[i] = in.dim(i) == 1;
    }
    if (!squeezed[i]) dims.push_back(in.dim(i));
  }
  SetReshaped(c, PartialShape(dims));
  return absl::OkStatus();
}

absl::Status ExpandDimsShape(ShapeContext& c) {
  const PartialShape& in = c.input(0);
  const PartialShape& axis_shape = c.input(1);
  if (axis_shape.has_rank() && (axis_shape.rank() > 1 || (axis_shape.rank() == 1 && axis_shape.dim(0) != 1 &&
                                                          axis_shape.dim(0) != kUnknownDim))) {
    return absl::InvalidArgumentError(absl::StrCat("dim must be a scalar, has shape ", axis_shape.ToString()));
  }
  if (!in.has_rank()) {
    SetReshaped(c, PartialShape());
    return absl::OkStatus();
  }
  if (in.rank() >= kMaxRank) {
    return absl::InvalidArgumentError(absl::StrCat("the rank would exceed ", kMaxRank));
  }
  auto axis = c.ints(1);
  if (!axis || axis->size() != 1 || (*axis)[0] == kUnknownValue) {
    c.set_output(0, PartialShape::OfRank(in.rank() + 1));
    return absl::OkStatus();
  }
  SLUICE_ASSIGN_OR_RETURN(int position, NormalizeAxis((*axis)[0], in.rank() + 1, "dim"));
  Dims dims = in.dims();
  dims.insert(dims.begin() + position, 1);
  SetReshaped(c, PartialShape(dims));
  return absl::OkStatus();
}

}  // namespace

void RegisterShapeOps(OpRegistry& r) {
  r.Add<ReshapeAttrs>("Reshape")
      .Input("tensor: T")
      .Input("shape: Tshape")
      .Output("output: T")
      .Shape(ReshapeShape)
      .Doc("The same elements under another shape; one dimension may be -1, to be inferred.");
  r.Add<ShapeAttrs>("Shape")
      .Input("input: T")
      .Output("output: out_type")
      .Shape(ShapeOpShape)
      .Doc("The input's dimensions as a vector.");
  r.Add<ShapeNAttrs>("ShapeN")
      .Input("input: N * T")
      .Output("output: N * out_type")
      .Shape(ShapeOpShape)
      .Doc("The dimensions of each input.");
  r.Add<ShapeAttrs>("Size")
      .Input("input: T")
      .Output("output: out_type")
      .Shape(SizeShape)
      .Doc("The number of the input's elements.");
  r.Add<RankAttrs>("Rank")
      .Input("input: T")
      .Output("output: int32")
      .Shape(RankShape)
      .Doc("The number of the input's dimensions.");
  r.Add<SqueezeAttrs>("Squeeze")
      .Input("input: T")
      .Output("output: T")
      .Shape(SqueezeShape)
      .Doc("Drops dimensions of size 1: those listed, or all.");
  r.Add<ExpandDimsAttrs>("ExpandDims")
      .Input("input: T")
      .Input("dim: Tdim")
      .Output("output: T")
      .Shape(ExpandDimsShape)
      .Doc("Inserts a dimension of size 1 before dimension dim.");
}

}  // namespace sluice
