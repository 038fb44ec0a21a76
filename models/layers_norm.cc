#include "models/layers_norm.h"

#include "graph/builders.h"
#include "models/layer_scope.h"

namespace sluice {

Layer LRN(Layer input, const LrnOptions& options) {
  LayerScope layer(input, options.name, "lrn", options.device);
  return layer.Result(
      ops::LRN(layer.scope, input.output,
               {.depth_radius = options.radius, .bias = options.bias, .alpha = options.alpha, .beta = options.beta}));
}

Layer BatchNorm(Layer input, const BatchNormOptions& options) {
  LayerScope layer(input, options.name, "batch_norm", options.device);
  const Shape channels{layer.KnownDim(input.output, 4, 3)};
  Endpoint gamma = layer.Variable("gamma", channels, Initializer::Constant(1));
  Endpoint beta = layer.Variable("beta", channels, Initializer::Constant(0));
  Endpoint mean = layer.Variable("moving_mean", channels, Initializer::Constant(0), {.trainable = false});
  Endpoint variance = layer.Variable("moving_variance", channels, Initializer::Constant(1), {.trainable = false});
  Endpoint y = ops::FusedBatchNormV3(layer.scope, input.output, gamma, beta, mean, variance,
                                     {.epsilon = options.epsilon, .is_training = false})
                   .y;
  Network* network = input.network;
  const std::string name = layer.name;
  const float epsilon = options.epsilon, momentum = options.momentum;
  network->OnTraining(
      y, {input.output},
      [=](Scope outside, absl::Span<const Endpoint> inputs) {
        Scope scope = outside.SubScope(name);
        Endpoint none = scope.Named("none").Const(Tensor(DataType::kFloat, Shape{0}));
        auto batch = ops::FusedBatchNormV3(scope, inputs[0], gamma, beta, none, none, {.epsilon = epsilon});
        network->AddMovingAverage(scope.SubScope("moving_mean"), mean, batch.batch_mean, momentum);
        network->AddMovingAverage(scope.SubScope("moving_variance"), variance, batch.batch_variance, momentum);
        return batch.y;
      },
      /*takes_half=*/true);
  return layer.Result(layer.Activate(y, options.activation));
}

Layer InstanceNorm(Layer input, const InstanceNormOptions& options) {
  LayerScope layer(input, options.name, "instance_norm", options.device);
  const Shape channels{layer.KnownDim(input.output, 4, 3)};
  Endpoint gamma = layer.Variable("gamma", channels, Initializer::Constant(1));
  Endpoint beta = layer.Variable("beta", channels, Initializer::Constant(0));
  Scope scope = layer.scope;
  Endpoint axes = scope.Named("axes").Ints({1, 2});
  Endpoint mean = ops::Mean(scope.Named("mean"), input.output, axes, {.keep_dims = true});
  Endpoint centred = ops::Sub(scope, input.output, mean);
  Endpoint variance = ops::Mean(scope.Named("variance"), ops::Mul(scope, centred, centred), axes, {.keep_dims = true});
  Endpoint factor = ops::Rsqrt(scope, ops::Add(scope, variance, scope.Named("epsilon").Scalar<float>(options.epsilon)));
  Endpoint y = ops::Add(scope, ops::Mul(scope, centred, ops::Mul(scope, factor, gamma)), beta);
  return layer.Result(layer.Activate(y, options.activation));
}

}  // namespace sluice
