#include "models/layers.h"

#include "graph/builders.h"

namespace sluice {
namespace {

// Where a layer's nodes go.
Scope LayerScope(Layer input, const std::string& name, const std::string& device) {
  Scope scope = input.network->scope().SubScope(name);
  return device.empty() ? scope : scope.WithDevice(device);
}

Layer Failed(Network& network, absl::Status status) {
  network.scope().Fail(std::move(status));
  return {&network, Endpoint{}};
}

// Dimension `axis` of the layer's input, which must be known.
int64_t KnownDim(Layer input, int rank, int axis, const std::string& name) {
  PartialShape shape = input.shape();
  if (!input.network->status().ok()) return 1;
  if (shape.has_rank() && shape.rank() == rank && shape.dim(axis) >= 1) return shape.dim(axis);
  Failed(*input.network,
         absl::InvalidArgumentError(absl::StrCat("layer '", name, "': the input's shape is ", shape.ToString(),
                                                 ", expected rank ", rank, " with dimension ", axis, " known")));
  return 1;
}

Endpoint Activate(Scope scope, Endpoint x, const std::string& activation) {
  if (activation == "linear") return x;
  if (activation == "relu") return ops::Relu(scope, x);
  if (activation == "tanh") return ops::Tanh(scope, x);
  if (activation == "sigmoid") return ops::Sigmoid(scope, x);
  if (activation == "softmax") return ops::Softmax(scope, x);
  scope.Fail(absl::InvalidArgumentError(
      absl::StrCat("there is no activation '", activation, "': expected linear, relu, tanh, sigmoid or softmax")));
  return {};
}

Endpoint AddBias(Layer input, Scope scope, Endpoint x, int64_t channels, const std::string& name,
                 const std::string& device) {
  Endpoint biases = input.network->AddVariable(name + "/biases", Shape{channels}, Initializer::Constant(0), {device});
  return ops::BiasAdd(scope, x, biases);
}

}  // namespace

Layer InputData(Network& network, const InputOptions& options) {
  Dims dims(options.shape.begin(), options.shape.end());
  dims.insert(dims.begin(), PartialShape::kUnknown);
  auto shape = PartialShape::Create(dims);
  if (!shape.ok()) return Failed(network, shape.status());
  std::string name = network.LayerName(options.name, "images");
  Scope scope = options.device.empty() ? network.scope() : network.scope().WithDevice(options.device);
  Endpoint x = ops::Placeholder(scope.Named(name), {.dtype = options.dtype, .shape = *shape});
  Scope inner = scope.SubScope(name);
  if (options.dtype != DataType::kFloat) x = ops::Cast(inner, x, {.DstT = DataType::kFloat});
  if (options.scale != 1) x = ops::Mul(inner, x, inner.Named("scale").Scalar<float>(options.scale));
  return {&network, x};
}

Layer Conv2D(Layer input, int64_t filters, int64_t size, const Conv2DOptions& options) {
  std::string name = input.network->LayerName(options.name, "conv2d");
  int64_t channels = KnownDim(input, 4, 3, name);
  int64_t area = size * size;
  Scope scope = LayerScope(input, name, options.device);
  Endpoint weights = input.network->AddVariable(name + "/weights", Shape{size, size, channels, filters},
                                                Initializer::Glorot(area * channels, area * filters), {options.device});
  Endpoint x = ops::Conv2D(scope, input.output, weights,
                           {.strides = {1, options.stride, options.stride, 1}, .padding = options.padding});
  if (options.bias) x = AddBias(input, scope, x, filters, name, options.device);
  return {input.network, Activate(scope, x, options.activation)};
}

Layer MaxPool2D(Layer input, int64_t size, const Pool2DOptions& options) {
  int64_t stride = options.stride > 0 ? options.stride : size;
  Scope scope = LayerScope(input, input.network->LayerName(options.name, "max_pool2d"), options.device);
  return {input.network,
          ops::MaxPool(scope, input.output,
                       {.ksize = {1, size, size, 1}, .strides = {1, stride, stride, 1}, .padding = options.padding})};
}

Layer AvgPool2D(Layer input, int64_t size, const Pool2DOptions& options) {
  int64_t stride = options.stride > 0 ? options.stride : size;
  Scope scope = LayerScope(input, input.network->LayerName(options.name, "avg_pool2d"), options.device);
  return {input.network,
          ops::AvgPool(scope, input.output,
                       {.ksize = {1, size, size, 1}, .strides = {1, stride, stride, 1}, .padding = options.padding})};
}

Layer Flatten(Layer input, const std::string& name, const std::string& device) {
  PartialShape shape = input.shape();
  if (!input.network->status().ok() || (shape.has_rank() && shape.rank() == 2)) return input;
  std::string layer = input.network->LayerName(name, "flatten");
  int64_t features = shape.has_rank() && shape.rank() > 0 ? 1 : 0;
  for (int i = 1; shape.has_rank() && i < shape.rank(); ++i) {
    if (shape.dim(i) < 0 || !MultiplySafely(features, shape.dim(i), &features)) features = 0;
  }
  if (features < 1 || features > INT32_MAX) {
    return Failed(*input.network, absl::InvalidArgumentError(absl::StrCat(
                                      "layer '", layer, "': cannot flatten the shape ", shape.ToString())));
  }
  Scope scope = LayerScope(input, layer, device);
  Endpoint to = scope.Named("shape").Ints({-1, static_cast<int32_t>(features)});
  return {input.network, ops::Reshape(scope, input.output, to)};
}

Layer FullyConnected(Layer input, int64_t units, const FullyConnectedOptions& options) {
  std::string name = input.network->LayerName(options.name, "fully_connected");
  input = Flatten(input, name + "/flatten", options.device);
  int64_t features = KnownDim(input, 2, 1, name);
  Scope scope = LayerScope(input, name, options.device);
  Endpoint weights = input.network->AddVariable(name + "/weights", Shape{features, units},
                                                Initializer::Glorot(features, units), {options.device});
  Endpoint x = ops::MatMul(scope, input.output, weights);
  if (options.bias) x = AddBias(input, scope, x, units, name, options.device);
  return {input.network, Activate(scope, x, options.activation)};
}

Layer Activation(Layer input, const std::string& activation, const std::string& name, const std::string& device) {
  Scope scope = LayerScope(input, input.network->LayerName(name, activation), device);
  return {input.network, Activate(scope, input.output, activation)};
}

Layer Output(Layer input, const std::string& name, const std::string& device) {
  Scope scope = device.empty() ? input.network->scope() : input.network->scope().WithDevice(device);
  return {input.network, ops::Identity(scope.Named(name), input.output)};
}

}  // namespace sluice
