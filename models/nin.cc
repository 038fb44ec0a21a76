// Network in Network (Lin, Chen and Yan 2013): each convolution is followed by two 1×1 ones (a small perceptron over the
// channels), and global average pooling over one map a class stands where others have fully connected layers.
#include "models/catalog.h"

namespace sluice {
namespace {

// One mlpconv layer: a spatial convolution and two 1×1 ones, named as the authors' Caffe files do.
struct MlpConv {
  int64_t filters[3];
  int64_t size, stride;
  const char* padding;
  const char* names[3];
};

class Nin {
 public:
  explicit Nin(const NetworkOptions& options) : options_(options) {}

  Layer Mlp(Layer x, const MlpConv& mlp) const {
    for (int i = 0; i < 3; ++i) x = Conv(x, mlp, i);
    return x;
  }

 private:
  Layer Conv(Layer x, const MlpConv& mlp, int i) const {
    // The last maps are the classes, whatever the width is.
    const bool is_last = mlp.filters[i] == 0;
    const bool normalizes = options_.batch_norm && !is_last;
    x = Conv2D(x, is_last ? options_.classes : options_.Scaled(mlp.filters[i]), i == 0 ? mlp.size : 1,
               {.stride = i == 0 ? mlp.stride : 1,
                .padding = i == 0 ? mlp.padding : "SAME",
                .activation = normalizes ? "linear" : "relu",
                .bias = !normalizes,
                .weights_init = Initializer::He(),
                .name = mlp.names[i],
                .device = options_.first_device()});
    if (!normalizes) return x;
    return BatchNorm(
        x, {.activation = "relu", .name = absl::StrCat(mlp.names[i], "/bn"), .device = options_.first_device()});
  }

  const NetworkOptions& options_;
};

Layer NinImageNet(Network& network, const NetworkOptions& options) {
  Nin nin(options);
  const std::string device = options.first_device();
  Layer x = InputImages(network, options);
  x = nin.Mlp(x, {{96, 96, 96}, 11, 4, "VALID", {"conv1", "cccp1", "cccp2"}});
  x = MaxPool2D(x, 3, {.stride = 2, .padding = "SAME", .name = "pool1", .device = device});
  x = nin.Mlp(x, {{256, 256, 256}, 5, 1, "SAME", {"conv2", "cccp3", "cccp4"}});
  x = MaxPool2D(x, 3, {.stride = 2, .name = "pool2", .device = device});
  x = nin.Mlp(x, {{384, 384, 384}, 3, 1, "SAME", {"conv3", "cccp5", "cccp6"}});
  x = MaxPool2D(x, 3, {.stride = 2, .name = "pool3", .device = device});
  x = Dropout(x, 0.5, "drop", device);
  x = nin.Mlp(x, {{1024, 1024, 0}, 3, 1, "SAME", {"conv4-1024", "cccp7-1024", "cccp8-1024"}});
  x = GlobalAvgPool(x, "pool4", device);
  return Output(x, "logits", device);
}

Layer NinCifar(Network& network, const NetworkOptions& options) {
  Nin nin(options);
  const std::string device = options.first_device();
  Layer x = InputImages(network, options);
  x = nin.Mlp(x, {{192, 160, 96}, 5, 1, "SAME", {"conv1", "cccp1", "cccp2"}});
  x = MaxPool2D(x, 3, {.stride = 2, .padding = "SAME", .name = "pool1", .device = device});
  x = Dropout(x, 0.5, "drop1", device);
  x = nin.Mlp(x, {{192, 192, 192}, 5, 1, "SAME", {"conv2", "cccp3", "cccp4"}});
  x = AvgPool2D(x, 3, {.stride = 2, .padding = "SAME", .name = "pool2", .device = device});
  x = Dropout(x, 0.5, "drop2", device);
  x = nin.Mlp(x, {{192, 192, 0}, 3, 1, "SAME", {"conv3", "cccp5", "cccp6"}});
  x = GlobalAvgPool(x, "pool3", device);
  return Output(x, "logits", device);
}

}  // namespace

void RegisterNin(NetworkList& networks) {
  networks.push_back({.name = "nin",
                      .description = "Network in Network for ImageNet, four mlpconv layers",
                      .input = {224, 224, 3},
                      .classes = 1000,
                      .parameters = 7595176,
                      .understands = {"batch_norm"},
                      .recipe = {.rate = 0.01, .weight_decay = 5e-4, .batch = 64, .schedule = "plateau"},
                      .layers = NinImageNet});
  networks.push_back({.name = "cifar_nin",
                      .description = "Network in Network for CIFAR-10, three mlpconv layers",
                      .input = {32, 32, 3},
                      .classes = 10,
                      .parameters = 966986,
                      .understands = {"batch_norm"},
                      .recipe = {.rate = 0.1, .weight_decay = 1e-4, .batch = 128},
                      .layers = NinCifar});
}

}  // namespace sluice
