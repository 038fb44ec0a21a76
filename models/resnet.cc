// ResNet for ImageNet (He et al. 2015, table 1): a 7×7 convolution, four stages of residual blocks at 64, 128, 256 and 512
// channels, global average pooling. Blocks are basic (18, 34) or bottlenecks (50, 101, 152), whose first layer has the
// stride, as published. Shortcuts are projections where the shape changes (option B).
#include "models/catalog.h"

namespace sluice {
namespace {

struct Configuration {
  int blocks[4];  // of each stage
  bool is_bottleneck;
};

Layer Resnet(Network& network, const NetworkOptions& options, const Configuration& configuration) {
  const std::string device = options.first_device();
  Layer x = InputImages(network, options);
  x = Conv2D(
      x, options.Scaled(64), 7,
      {.stride = 2, .pad = 3, .bias = false, .weights_init = Initializer::He(), .name = "conv1", .device = device});
  x = BatchNorm(x, {.activation = "relu", .name = "bn1", .device = device});
  x = MaxPool2D(x, 3, {.stride = 2, .padding = "SAME", .name = "pool1", .device = device});
  for (int stage = 0; stage < 4; ++stage) {
    for (int i = 0; i < configuration.blocks[stage]; ++i) {
      const ResidualOptions block{
          .stride = stage > 0 && i == 0 ? 2 : 1, .name = absl::StrCat("conv", stage + 2, "_", i + 1), .device = device};
      const int64_t filters = options.Scaled(64 << stage);
      x = configuration.is_bottleneck ? BottleneckBlock(x, filters, block) : BasicBlock(x, filters, block);
    }
  }
  x = GlobalAvgPool(x, "pool5", device);
  x = FullyConnected(x, options.classes, {.name = "fc", .device = device});
  return Output(x, "logits", device);
}

}  // namespace

void RegisterResnet(NetworkList& networks) {
  static constexpr struct {
    int layers;
    int64_t parameters;
    Configuration configuration;
  } kNetworks[] = {
      {18, 11689512, {{2, 2, 2, 2}, false}},  {34, 21797672, {{3, 4, 6, 3}, false}},
      {50, 25557032, {{3, 4, 6, 3}, true}},   {101, 44549160, {{3, 4, 23, 3}, true}},
      {152, 60192808, {{3, 8, 36, 3}, true}},
  };
  for (const auto& entry : kNetworks) {
    const Configuration configuration = entry.configuration;
    networks.push_back(
        {.name = absl::StrCat("resnet", entry.layers),
         .description = configuration.is_bottleneck ? "ResNet of bottleneck blocks" : "ResNet",
         .input = {224, 224, 3},
         .classes = 1000,
         .parameters = entry.parameters,
         .recipe = {.rate = 0.1, .weight_decay = 1e-4, .batch = 256, .epochs = 120, .schedule = "plateau"},
         .layers = [configuration](Network& network, const NetworkOptions& options) {
           return Resnet(network, options, configuration);
         }});
  }
}

}  // namespace sluice
