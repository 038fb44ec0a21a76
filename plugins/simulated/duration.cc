#include "plugins/simulated/duration.h"

#include <algorithm>
#include <cmath>

#include "ops/concat_conv.h"

namespace sluice::simulated {
namespace {

double Elements(const Shape& shape) { return static_cast<double>(shape.num_elements()); }

// Floating-point operations, two for each multiply-add.
double Flops(const PrepareContext& ctx) {
  // Each element of the result sums over the filter's window and its input channels.
  auto conv = [](const Shape& filter, const Shape& y) {
    return filter.rank() == 4
               ? 2 * Elements(y) * Elements(filter) / static_cast<double>(std::max<int64_t>(1, filter.dim(3)))
               : 0;
  };
  if (ctx.outputs.empty() || ctx.inputs.size() < 2) return 0;
  const Shape& y = ctx.outputs[0].shape;
  if (ctx.op == "Conv2D" || ctx.op == "_FusedConv2D") return conv(ctx.inputs[1].shape, y);
  if (ctx.op == "_ConcatConv2D") {
    auto attrs = ctx.Parse<ConcatConv2DAttrs>();
    auto branches = attrs.ok() ? ResolveConcatConv2D(*attrs) : attrs.status();
    if (!branches.ok()) return 0;
    double flops = 0;
    for (const ConcatBranch& branch : *branches) {
      if (!branch.is_convolution()) continue;
      const Shape& filter = ctx.inputs[branch.first_input + 1].shape;
      flops += conv(filter, Shape{y.dim(0), y.dim(1), y.dim(2), filter.dim(3)});
    }
    return flops;
  }
  if (ctx.op == "Conv2DBackpropInput" && ctx.inputs.size() > 2) return conv(ctx.inputs[1].shape, ctx.inputs[2].shape);
  if (ctx.op == "Conv2DBackpropFilter" && ctx.inputs.size() > 2) return conv(y, ctx.inputs[2].shape);
  if (ctx.op == "MatMul" || ctx.op == "_FusedMatMul") {
    // [m, k] times [k, n]: the elements of both and of the result tell k, transposed or not.
    const double squared = Elements(ctx.inputs[0].shape) * Elements(ctx.inputs[1].shape) / std::max(Elements(y), 1.0);
    return 2 * Elements(y) * std::sqrt(squared);
  }
  return 0;
}

}  // namespace

double KernelMicroseconds(const Options& options, const PrepareContext& ctx) {
  double bytes = 0;
  for (const auto& input : ctx.inputs) {
    if (input.dtype != DataType::kResource)
      bytes += Elements(input.shape) * static_cast<double>(DataTypeSize(input.dtype));
    if (input.variable != nullptr && input.variable->data() != nullptr) {
      bytes += static_cast<double>(input.variable->bytes());
    }
  }
  for (const auto& output : ctx.outputs) {
    if (output.dtype != DataType::kResource)
      bytes += Elements(output.shape) * static_cast<double>(DataTypeSize(output.dtype));
  }
  return std::max(
      {1.0, Flops(ctx) / static_cast<double>(options.flops_us), bytes / static_cast<double>(options.bytes_us)});
}

}  // namespace sluice::simulated
