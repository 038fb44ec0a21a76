// LeNet as Caffe's example has it: conv 5×5 20, pool, conv 5×5 50, pool, fully connected 500 with ReLU, fully
// connected; no padding anywhere. With two device strings the convolutions are on the first and the fully connected
// layers on the second.
#include "models/catalog.h"

namespace sluice {
namespace {

Layer Lenet(Network& network, const NetworkOptions& options) {
  const std::string first = options.first_device(), second = options.last_device();
  Layer x = InputImages(network, options);
  x = Conv2D(x, options.Scaled(20), 5, {.padding = "VALID", .name = "conv1", .device = first});
  x = MaxPool2D(x, 2, {.name = "pool1", .device = first});
  x = Conv2D(x, options.Scaled(50), 5, {.padding = "VALID", .name = "conv2", .device = first});
  x = MaxPool2D(x, 2, {.name = "pool2", .device = first});
  x = FullyConnected(x, options.Scaled(500), {.activation = "relu", .name = "fc1", .device = second});
  x = FullyConnected(x, options.classes, {.name = "fc2", .device = second});
  return Output(x, "logits", second);
}

}  // namespace

void RegisterLenet(NetworkList& networks) {
  networks.push_back({.name = "lenet",
                      .description = "two convolutions and two fully connected layers, for digits and the like",
                      .input = {28, 28, 1},
                      .classes = 10,
                      .parameters = 431080,
                      .understands = {"devices"},
                      .recipe = {.rate = 0.05, .batch = 64, .epochs = 8, .schedule = "cosine"},
                      .layers = Lenet});
}

}  // namespace sluice
