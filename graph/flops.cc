#include "graph/flops.h"

#include "ops/concat_conv.h"
#include "ops/matmul.h"

namespace sluice {
namespace {

double Elements(const PartialShape& shape) {
  if (!shape.IsFullyKnown()) return 0;
  double elements = 1;
  for (int64_t dim : shape.dims()) elements *= static_cast<double>(dim);
  return elements;
}

// Each element of the convolution's output sums over the filter's window and input channels; both gradients do the
// same multiplications in another order.
double ConvFlops(const PartialShape& filter, const PartialShape& output) {
  if (!filter.has_rank() || filter.rank() != 4 || filter.dim(3) < 1) return 0;
  return 2 * Elements(output) * Elements(filter) / static_cast<double>(filter.dim(3));
}

// Here an output element sums over the window alone.
double DepthwiseFlops(const PartialShape& filter, const PartialShape& output) {
  if (!filter.has_rank() || filter.rank() != 4 || !filter.IsFullyKnown()) return 0;
  return 2 * Elements(output) * static_cast<double>(filter.dim(0)) * static_cast<double>(filter.dim(1));
}

}  // namespace

double NodeFlops(const Node& node, const std::vector<std::vector<TensorInfo>>& infos) {
  auto shape = [&](Endpoint e) -> const PartialShape& {
    return infos[static_cast<size_t>(e.node)][static_cast<size_t>(e.index)].shape;
  };
  auto output = [&]() -> const PartialShape& { return shape({node.id, 0}); };
  const std::string& op = node.op();
  if (op == "Conv2D" || op == "_FusedConv2D") return ConvFlops(shape(node.inputs[1]), output());
  if (op == "_ConcatConv2D") {
    auto attrs = ParseAttrs<ConcatConv2DAttrs>(node.attrs);
    auto branches = attrs.ok() ? ResolveConcatConv2D(*attrs) : attrs.status();
    if (!branches.ok() || !output().IsFullyKnown()) return 0;
    double flops = 0;
    for (const ConcatBranch& branch : *branches) {
      if (!branch.is_convolution()) continue;
      const PartialShape& filter = shape(node.inputs[branch.first_input + 1]);
      PartialShape slice = output();
      slice.set_dim(3, filter.has_rank() && filter.rank() == 4 ? filter.dim(3) : PartialShape::kUnknown);
      flops += ConvFlops(filter, slice);
    }
    return flops;
  }
  if (op == "Conv2DBackpropInput") return ConvFlops(shape(node.inputs[1]), shape(node.inputs[2]));
  if (op == "Conv2DBackpropFilter") return ConvFlops(output(), shape(node.inputs[2]));
  if (op == "DepthwiseConv2dNative" || op == "_FusedDepthwiseConv2dNative") {
    return DepthwiseFlops(shape(node.inputs[1]), output());
  }
  if (op == "DepthwiseConv2dNativeBackpropInput") {
    return DepthwiseFlops(shape(node.inputs[1]), shape(node.inputs[2]));
  }
  if (op == "DepthwiseConv2dNativeBackpropFilter") return DepthwiseFlops(output(), shape(node.inputs[2]));
  if (op == "MatMul" || op == "_FusedMatMul") {
    const PartialShape& a = shape(node.inputs[0]);
    auto attrs = ParseAttrs<MatMulAttrs>(node.attrs);
    if (!attrs.ok() || !a.IsFullyKnown() || a.rank() != 2) return 0;
    return 2 * Elements(output()) * static_cast<double>(a.dim(attrs->transpose_a ? 0 : 1));
  }
  return 0;
}

}  // namespace sluice
