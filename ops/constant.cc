#include "ops/constant.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

absl::Status ConstShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(ConstAttrs attrs, c.attrs<ConstAttrs>());
  if (attrs.value.dtype() != attrs.dtype) {
    return absl::InvalidArgumentError(absl::StrCat("attribute 'value' is a tensor of ",
                                                   DataTypeName(attrs.value.dtype()), ", attribute 'dtype' says ",
                                                   DataTypeName(attrs.dtype)));
  }
  c.set_output_value(0, std::move(attrs.value));
  return absl::OkStatus();
}

absl::Status PlaceholderShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(PlaceholderAttrs attrs, c.attrs<PlaceholderAttrs>());
  c.set_output(0, std::move(attrs.shape));
  return absl::OkStatus();
}

// The output says only what the author declared: a feed may replace the default by a tensor of another shape.
absl::Status PlaceholderWithDefaultShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<PlaceholderWithDefaultAttrs>());
  if (!attrs.shape.IsCompatibleWith(c.input(0))) {
    return absl::InvalidArgumentError(
        absl::StrCat("the default has shape ", c.input(0).ToString(), ", expected ", attrs.shape.ToString()));
  }
  c.set_output(0, std::move(attrs.shape));
  return absl::OkStatus();
}

absl::Status IdentityShape(ShapeContext& c) {
  c.ForwardInput(0, 0);
  return absl::OkStatus();
}

absl::Status IdentityNShape(ShapeContext& c) {
  for (int i = 0; i < c.num_inputs(); ++i) c.ForwardInput(i, i);
  return absl::OkStatus();
}

}  // namespace

void RegisterConstant(OpRegistry& r) {
  r.Add<ConstAttrs>("Const").Output("output: dtype").Shape(ConstShape).Doc("A tensor that is part of the graph.");
  r.Add<PlaceholderAttrs>("Placeholder")
      .Output("output: dtype")
      .Shape(PlaceholderShape)
      .Doc("A tensor that every run must be fed.");
  r.Add<PlaceholderWithDefaultAttrs>("PlaceholderWithDefault")
      .Input("input: dtype")
      .Output("output: dtype")
      .Shape(PlaceholderWithDefaultShape)
      .Doc("A tensor that a run may be fed; else the input.");
  r.Add<IdentityAttrs>("Identity")
      .Input("input: T")
      .Output("output: T")
      .Shape(IdentityShape)
      .Doc("The input, unchanged.");
  r.Add<IdentityNAttrs>("IdentityN")
      .Input("input: T")
      .Output("output: T")
      .Shape(IdentityNShape)
      .Doc("The inputs, unchanged.");
  r.Add<IdentityAttrs>("StopGradient")
      .Input("input: T")
      .Output("output: T")
      .Shape(IdentityShape)
      .Doc("The input, unchanged; gradients do not pass.");
  r.Add("NoOp").Shape(NoOutputs).Doc("Does nothing: a place for control edges to meet.");
}

}  // namespace sluice
