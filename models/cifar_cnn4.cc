// The four-layer network of AlexNet's figure 1 (Krizhevsky 2012), which trains several times faster with ReLU than with
// tanh: three 5×5 convolutions of 32, 32 and 64 with a pool 3×3 of stride 2 each, then the classes. Weights begin as in
// that paper, normal with a deviation of 0.01, which suits pixel values minus their mean (--input-scale 1).
#include "models/catalog.h"

namespace sluice {
namespace {

Layer CifarCnn4(Network& network, const NetworkOptions& options, const std::string& activation) {
  const std::string device = options.first_device();
  const Initializer init = Initializer::Normal(0.01f);
  Layer x = InputImages(network, options);
  const int64_t filters[] = {32, 32, 64};
  for (int i = 0; i < 3; ++i) {
    x = Conv2D(x, options.Scaled(filters[i]), 5,
               {.activation = activation, .weights_init = init, .name = absl::StrCat("conv", i + 1), .device = device});
    x = MaxPool2D(x, 3, {.stride = 2, .padding = "SAME", .name = absl::StrCat("pool", i + 1), .device = device});
  }
  x = FullyConnected(x, options.classes, {.weights_init = init, .name = "fc4", .device = device});
  return Output(x, "logits", device);
}

}  // namespace

void RegisterCifarCnn4(NetworkList& networks) {
  for (const std::string activation : {"relu", "tanh"}) {
    networks.push_back({.name = "cifar_cnn4_" + activation,
                        .description = "four layers with " + activation + ", for AlexNet's figure 1",
                        .input = {32, 32, 3},
                        .classes = 10,
                        .parameters = 89578,
                        .recipe = {.rate = activation == "relu" ? 0.002 : 0.01, .batch = 128, .schedule = "constant"},
                        .layers = [activation](Network& network, const NetworkOptions& options) {
                          return CifarCnn4(network, options, activation);
                        }});
  }
}

}  // namespace sluice
