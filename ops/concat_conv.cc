#include "ops/concat_conv.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

constexpr int kMostInputs = 3;  // of a branch

absl::StatusOr<PartialShape> BranchShape(const ShapeContext& c, const ConcatBranch& branch) {
  SLUICE_ASSIGN_OR_RETURN(PartialShape input, c.WithRank(branch.first_input, 4));
  if (!branch.is_convolution()) return input;
  SLUICE_ASSIGN_OR_RETURN(PartialShape filter, c.WithRank(branch.first_input + 1, 4));
  SLUICE_ASSIGN_OR_RETURN(PartialShape output, Conv2DOutputShape(ToConv2DAttrs(branch.conv), input, filter));
  if (branch.num_inputs == kMostInputs) {
    SLUICE_ASSIGN_OR_RETURN(PartialShape bias, c.WithRank(branch.first_input + 2, 1));
    if (!bias.IsCompatibleWith(PartialShape{output.dim(3)})) {
      return absl::InvalidArgumentError(
          absl::StrCat("bias has shape ", bias.ToString(), ", the convolution ", output.ToString()));
    }
  }
  return output;
}

absl::Status ConcatConv2DShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(auto attrs, c.attrs<ConcatConv2DAttrs>());
  SLUICE_ASSIGN_OR_RETURN(std::vector<ConcatBranch> branches, ResolveConcatConv2D(attrs));
  PartialShape output = PartialShape::OfRank(4);
  int64_t channels = 0;
  for (const ConcatBranch& branch : branches) {
    SLUICE_ASSIGN_OR_RETURN(PartialShape shape, BranchShape(c, branch));
    if (shape.dim(3) == kUnknownDim || channels == kUnknownDim) {
      channels = kUnknownDim;
    } else if (__builtin_add_overflow(channels, shape.dim(3), &channels)) {
      return absl::InvalidArgumentError("the sum of the channels overflows int64");
    }
    shape.set_dim(3, kUnknownDim);
    auto merged = output.MergedWith(shape);
    if (!merged.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("a branch has shape ", shape.ToString(), ", expected ",
                                                     output.ToString(), " as those before it"));
    }
    output = *std::move(merged);
  }
  output.set_dim(3, channels);
  c.set_output(0, std::move(output));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ConcatBranch>> ResolveConcatConv2D(const ConcatConv2DAttrs& attrs) {
  const size_t n = attrs.num_inputs.size();
  if (attrs.strides.size() != 2 * n || attrs.dilations.size() != 2 * n || attrs.paddings.size() != n ||
      attrs.explicit_paddings.size() != 4 * n || attrs.activations.size() != n) {
    return absl::InvalidArgumentError(absl::StrCat("attributes of ", n, " branches that are not of one length"));
  }
  std::vector<ConcatBranch> branches(n);
  int64_t inputs = 0;
  for (size_t i = 0; i < n; ++i) {
    ConcatBranch& branch = branches[i];
    if (attrs.num_inputs[i] < 1 || attrs.num_inputs[i] > kMostInputs || inputs + attrs.num_inputs[i] > attrs.N) {
      return absl::InvalidArgumentError(absl::StrCat("branch ", i, " has ", attrs.num_inputs[i], " inputs"));
    }
    branch.first_input = static_cast<int>(inputs);
    branch.num_inputs = static_cast<int>(attrs.num_inputs[i]);
    inputs += attrs.num_inputs[i];
    FusedConv2DAttrs& conv = branch.conv;
    conv.T = attrs.T;
    conv.strides = {1, attrs.strides[2 * i], attrs.strides[2 * i + 1], 1};
    conv.dilations = {1, attrs.dilations[2 * i], attrs.dilations[2 * i + 1], 1};
    conv.padding = attrs.paddings[i];
    if (conv.padding == "EXPLICIT") {
      const int64_t* pads = &attrs.explicit_paddings[4 * i];
      conv.explicit_paddings = {0, 0, pads[0], pads[1], pads[2], pads[3], 0, 0};
    }
    if (branch.num_inputs == kMostInputs) conv.fused_ops.emplace_back("BiasAdd");
    if (!attrs.activations[i].empty()) conv.fused_ops.push_back(attrs.activations[i]);
    conv.num_args = branch.num_inputs == kMostInputs ? 1 : 0;
    if (branch.is_convolution()) SLUICE_RETURN_IF_ERROR(ParseFusedOps(conv.fused_ops, conv.num_args).status());
  }
  if (inputs != attrs.N) {
    return absl::InvalidArgumentError(absl::StrCat("branches have ", inputs, " inputs, there are ", attrs.N));
  }
  return branches;
}

void AddConcatBranch(const ConcatBranch& branch, ConcatConv2DAttrs& attrs) {
  const FusedConv2DAttrs& conv = branch.conv;
  const bool is_convolution = branch.is_convolution();
  attrs.N += branch.num_inputs;
  attrs.num_inputs.push_back(branch.num_inputs);
  for (int axis : {1, 2}) {
    attrs.strides.push_back(is_convolution ? conv.strides[axis] : 1);
    attrs.dilations.push_back(is_convolution ? conv.dilations[axis] : 1);
  }
  attrs.paddings.push_back(is_convolution ? conv.padding : "VALID");
  for (int i = 0; i < 4; ++i) {
    attrs.explicit_paddings.push_back(conv.padding == "EXPLICIT" ? conv.explicit_paddings[2 + i] : 0);
  }
  const bool has_activation = !conv.fused_ops.empty() && conv.fused_ops.back() != "BiasAdd";
  attrs.activations.push_back(is_convolution && has_activation ? conv.fused_ops.back() : "");
}

void RegisterConcatConv(OpRegistry& r) {
  r.Add<ConcatConv2DAttrs>("_ConcatConv2D")
      .Input("inputs: N * T")
      .Output("output: T")
      .Shape(ConcatConv2DShape)
      .Doc("Tensors and convolutions, with bias and activation, one behind the other along the channels.");
}

}  // namespace sluice
