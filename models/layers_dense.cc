#include "models/layers_dense.h"

#include <algorithm>

#include "graph/builders.h"
#include "models/layer_scope.h"

namespace sluice {

namespace {

// (x - mean) * scale in float.
Endpoint Rescale(Scope scope, Endpoint x, const InputOptions& options) {
  if (options.dtype != DataType::kFloat) x = ops::Cast(scope, x, {.DstT = DataType::kFloat});
  if (!options.mean.empty()) {
    Endpoint mean = options.mean.size() == 1 ? scope.Named("mean").Scalar<float>(options.mean[0])
                                             : scope.Named("mean").Const(Tensor::Vector<float>(options.mean));
    x = ops::Sub(scope, x, mean);
  }
  if (options.scale != 1) x = ops::Mul(scope, x, scope.Named("scale").Scalar<float>(options.scale));
  return x;
}

}  // namespace

std::vector<Layer> InputDataOn(Network& network, const InputOptions& options, const std::vector<std::string>& devices) {
  SLUICE_CHECK(!devices.empty());
  LayerScope layer({&network, {}}, options.name, "images", devices[0]);
  std::vector<Layer> inputs(devices.size(), Layer{&network, {}});
  Dims dims(options.shape.begin(), options.shape.end());
  dims.insert(dims.begin(), PartialShape::kUnknown);
  auto shape = PartialShape::Create(dims);
  if (!shape.ok()) {
    layer.Failed(shape.status());
    return inputs;
  }
  auto on = [&](const std::string& device) {
    return device.empty() ? network.scope() : network.scope().WithDevice(device);
  };
  Endpoint fed = ops::Placeholder(on(devices[0]).Named(layer.name), {.dtype = options.dtype, .shape = *shape});
  for (size_t i = 0; i < devices.size(); ++i) {
    inputs[i] = {&network, Rescale(on(devices[i]).SubScope(layer.name), fed, options)};
  }
  network.AddLayer(layer.name, inputs[0].output);
  return inputs;
}

Layer InputData(Network& network, const InputOptions& options) {
  return InputDataOn(network, options, {options.device})[0];
}

Layer Flatten(Layer input, const std::string& name, const std::string& device) {
  PartialShape shape = input.shape();
  if (!input.network->status().ok() || (shape.has_rank() && shape.rank() == 2)) return input;
  LayerScope layer(input, name, "flatten", device);
  int64_t features = shape.has_rank() && shape.rank() > 0 ? 1 : 0;
  for (int i = 1; shape.has_rank() && i < shape.rank(); ++i) {
    if (shape.dim(i) < 0 || !MultiplySafely(features, shape.dim(i), &features)) features = 0;
  }
  if (features < 1 || features > INT32_MAX) {
    return layer.Failed(absl::InvalidArgumentError(absl::StrCat("cannot flatten the shape ", shape.ToString())));
  }
  Scope scope = layer.scope;
  return layer.Result(
      ops::Reshape(scope, input.output, scope.Named("shape").Ints({-1, static_cast<int32_t>(features)})));
}

Layer FullyConnected(Layer input, int64_t units, const FullyConnectedOptions& options) {
  LayerScope layer(input, options.name, "fully_connected", options.device);
  input = Flatten(input, layer.name + "/flatten", options.device);
  int64_t features = layer.KnownDim(input.output, 2, 1);
  VariablePart weights_part = options.part, biases_part = options.part;
  weights_part.whole += "/weights";
  biases_part.whole += "/biases";
  Endpoint weights = layer.Variable("weights", Shape{features, units},
                                    options.weights_init.For(features, std::max(units, options.part.extent)),
                                    {.decays = options.regularize, .part = weights_part});
  Endpoint x = ops::MatMul(layer.scope, input.output, weights);
  if (options.bias) {
    Endpoint biases =
        layer.Variable("biases", Shape{units}, options.bias_init.For(features, units), {.part = biases_part});
    x = ops::BiasAdd(layer.scope, x, biases);
  }
  return layer.Result(layer.Activate(x, options.activation));
}

Layer Activation(Layer input, const std::string& activation, const std::string& name, const std::string& device) {
  LayerScope layer(input, name, activation, device);
  return layer.Result(layer.Activate(input.output, activation));
}

Layer Dropout(Layer input, float rate, const std::string& name, const std::string& device) {
  LayerScope layer(input, name, "dropout", device);
  if (!(rate >= 0 && rate < 1)) {
    return layer.Failed(absl::InvalidArgumentError(absl::StrCat("a rate of ", rate, ", expected 0 … 1 without 1")));
  }
  Endpoint same = ops::Identity(layer.scope, input.output);
  const std::string inside = layer.name;
  const int64_t seed = input.network->seed(), seed2 = input.network->NextSeed();
  input.network->OnTraining(
      same, {input.output},
      [=](Scope outside, absl::Span<const Endpoint> inputs) {
        Scope scope = outside.SubScope(inside);
        Endpoint noise = ops::RandomUniform(scope, ops::Shape(scope, inputs[0]),
                                            {.seed = seed, .seed2 = seed2, .dtype = DataType::kFloat});
        Endpoint keep = ops::GreaterEqual(scope, noise, scope.Named("rate").Scalar<float>(rate));
        const DataType dtype = scope.status().ok() ? scope.graph().dtype(inputs[0]) : DataType::kFloat;
        Endpoint scale = scope.Named("scale").Scalar<float>(1 / (1 - rate));
        if (dtype != DataType::kFloat) scale = ops::Cast(scope, scale, {.DstT = dtype});
        Endpoint scaled = ops::Mul(scope, inputs[0], scale);
        return ops::Mul(scope, scaled, ops::Cast(scope, keep, {.DstT = dtype}));
      },
      /*takes_half=*/true);
  return layer.Result(same);
}

Layer Output(Layer input, const std::string& name, const std::string& device) {
  Scope scope = device.empty() ? input.network->scope() : input.network->scope().WithDevice(device);
  Layer output{input.network, ops::Identity(scope.Named(name), input.output)};
  input.network->AddLayer(name, output.output);
  return output;
}

}  // namespace sluice
