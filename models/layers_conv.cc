#include "models/layers_conv.h"

#include <algorithm>

#include "graph/builders.h"
#include "models/layer_scope.h"

namespace sluice {
namespace {

std::string PaddingName(const std::string& padding, int64_t pad) { return pad < 0 ? padding : "EXPLICIT"; }

std::vector<int64_t> ExplicitPaddings(int64_t pad) {
  if (pad < 0) return {};
  return {0, 0, pad, pad, pad, pad, 0, 0};
}

std::vector<int64_t> Strides(int64_t stride) { return {1, stride, stride, 1}; }

VariablePart PartOf(VariablePart part, const char* variable) {
  part.whole += variable;
  return part;
}

// Dimension `axis` of x times `factor` plus `rest`, as a scalar: a constant where it is known.
Endpoint ScaledDim(Network& network, Scope scope, Endpoint x, Endpoint shape, int axis, int64_t factor, int64_t rest) {
  int64_t dim = network.ShapeOf(x).dim(axis);
  if (dim >= 0) return scope.Scalar<int32_t>(static_cast<int32_t>(dim * factor + rest));
  Endpoint size = ops::StridedSlice(scope, shape, scope.Ints({axis}), scope.Ints({axis + 1}), scope.Ints({1}),
                                    {.shrink_axis_mask = 1});
  if (factor != 1) size = ops::Mul(scope, size, scope.Scalar<int32_t>(static_cast<int32_t>(factor)));
  if (rest != 0) size = ops::Add(scope, size, scope.Scalar<int32_t>(static_cast<int32_t>(rest)));
  return size;
}

}  // namespace

Layer Conv2D(Layer input, int64_t filters, int64_t size, const Conv2DOptions& options) {
  LayerScope layer(input, options.name, "conv2d", options.device);
  int64_t channels = layer.KnownDim(input.output, 4, 3);
  if (options.groups < 1 || channels % options.groups != 0 || filters % options.groups != 0) {
    return layer.Failed(absl::InvalidArgumentError(
        absl::StrCat(channels, " channels and ", filters, " filters do not fall into ", options.groups, " groups")));
  }
  channels /= options.groups;
  int64_t inputs = size * size * channels,
          outputs = size * size * std::max(filters, options.part.extent) / options.groups;
  Endpoint weights =
      layer.Variable("weights", Shape{size, size, channels, filters}, options.weights_init.For(inputs, outputs),
                     {.decays = options.regularize, .part = PartOf(options.part, "/weights")});
  Endpoint x = ops::Conv2D(layer.scope, input.output, weights,
                           {.strides = Strides(options.stride),
                            .padding = PaddingName(options.padding, options.pad),
                            .explicit_paddings = ExplicitPaddings(options.pad)});
  if (options.bias) {
    Endpoint biases = layer.Variable("biases", Shape{filters}, options.bias_init.For(inputs, outputs),
                                     {.part = PartOf(options.part, "/biases")});
    x = ops::BiasAdd(layer.scope, x, biases);
  }
  return layer.Result(layer.Activate(x, options.activation));
}

Layer DepthwiseConv2D(Layer input, int64_t size, const DepthwiseConv2DOptions& options) {
  LayerScope layer(input, options.name, "depthwise_conv2d", options.device);
  int64_t channels = layer.KnownDim(input.output, 4, 3), area = size * size;
  Endpoint weights =
      layer.Variable("weights", Shape{size, size, channels, options.multiplier},
                     options.weights_init.For(area, area * options.multiplier), {.decays = options.regularize});
  Endpoint x = ops::DepthwiseConv2dNative(layer.scope, input.output, weights,
                                          {.strides = Strides(options.stride),
                                           .padding = PaddingName(options.padding, options.pad),
                                           .explicit_paddings = ExplicitPaddings(options.pad)});
  if (options.bias) {
    Endpoint biases = layer.Variable("biases", Shape{channels * options.multiplier}, Initializer::Constant(0));
    x = ops::BiasAdd(layer.scope, x, biases);
  }
  return layer.Result(layer.Activate(x, options.activation));
}

Layer Conv2DTranspose(Layer input, int64_t filters, int64_t size, const Conv2DTransposeOptions& options) {
  LayerScope layer(input, options.name, "conv2d_transpose", options.device);
  int64_t channels = layer.KnownDim(input.output, 4, 3), area = size * size;
  Endpoint weights =
      layer.Variable("weights", Shape{size, size, filters, channels},
                     options.weights_init.For(area * channels, area * filters), {.decays = options.regularize});
  if (!input.network->status().ok()) return {input.network, {}};
  Scope scope = layer.scope, sizes = layer.scope.SubScope("size");
  Endpoint shape = ops::Shape(sizes, input.output);
  int64_t rest = options.padding == "VALID" ? std::max<int64_t>(size - options.stride, 0) : 0;
  Network& network = *input.network;
  Endpoint to = ops::Pack(sizes, {ScaledDim(network, sizes, input.output, shape, 0, 1, 0),
                                  ScaledDim(network, sizes, input.output, shape, 1, options.stride, rest),
                                  ScaledDim(network, sizes, input.output, shape, 2, options.stride, rest),
                                  sizes.Scalar<int32_t>(static_cast<int32_t>(filters))});
  Endpoint x = ops::Conv2DBackpropInput(scope, to, weights, input.output,
                                        {.strides = Strides(options.stride), .padding = options.padding});
  if (options.bias) x = ops::BiasAdd(scope, x, layer.Variable("biases", Shape{filters}, Initializer::Constant(0)));
  return layer.Result(layer.Activate(x, options.activation));
}

Layer ZeroPad(Layer input, const Margins& margins, const std::string& name, const std::string& device) {
  LayerScope layer(input, name, "zero_pad", device);
  Tensor paddings(DataType::kInt32, Shape{4, 2});
  const int32_t values[] = {0, 0, margins.top, margins.bottom, margins.left, margins.right, 0, 0};
  std::copy(std::begin(values), std::end(values), paddings.data<int32_t>());
  Scope scope = layer.scope;
  return layer.Result(ops::Pad(scope, input.output, scope.Named("paddings").Const(paddings)));
}

}  // namespace sluice
