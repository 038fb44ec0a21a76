// Caffe's cifar10_quick: three 5×5 convolutions of 32, 32 and 64, each with a pool 3×3 of stride 2, then 64 and the
// classes. The first pools before it rectifies; the pools keep Caffe's rounding up. Caffe's first values (deviations from
// 1e-4 on) are for pictures from -128 to 127; He's initialisation trains with those from 0 to 1 too.
#include "models/catalog.h"

namespace sluice {
namespace {

Layer CifarQuick(Network& network, const NetworkOptions& options) {
  const std::string device = options.first_device();
  auto conv = [&](Layer x, int64_t filters, const char* activation, const char* name) {
    return Conv2D(x, options.Scaled(filters), 5,
                  {.activation = activation, .weights_init = Initializer::He(), .name = name, .device = device});
  };
  auto pool = [&](const char* name) {
    return Pool2DOptions{.stride = 2, .padding = "SAME", .name = name, .device = device};
  };
  Layer x = InputImages(network, options);
  x = conv(x, 32, "linear", "conv1");
  x = MaxPool2D(x, 3, pool("pool1"));
  x = Activation(x, "relu", "relu1", device);
  x = conv(x, 32, "relu", "conv2");
  x = AvgPool2D(x, 3, pool("pool2"));
  x = conv(x, 64, "relu", "conv3");
  x = AvgPool2D(x, 3, pool("pool3"));
  x = FullyConnected(x, options.Scaled(64), {.name = "ip1", .device = device});
  x = FullyConnected(x, options.classes, {.name = "ip2", .device = device});
  return Output(x, "logits", device);
}

}  // namespace

void RegisterCifarQuick(NetworkList& networks) {
  networks.push_back({.name = "cifar10_quick",
                      .description = "Caffe's quick network for CIFAR-10",
                      .input = {32, 32, 3},
                      .classes = 10,
                      .parameters = 145578,
                      .recipe = {.rate = 0.02, .weight_decay = 1e-3, .batch = 100, .epochs = 30, .schedule = "cosine"},
                      .layers = CifarQuick});
}

}  // namespace sluice
