// SqueezeNet 1.1 (Iandola et al. 2016, and the authors' later release): fire modules, which squeeze by 1×1 and expand by
// 1×1 and 3×3 side by side.
#include "models/catalog.h"

namespace sluice {
namespace {

class SqueezeNet {
 public:
  explicit SqueezeNet(const NetworkOptions& options) : options_(options), device_(options.first_device()) {}

  Layer Build(Network& network) const {
    Layer x = InputImages(network, options_);
    x = Conv(x, options_.Scaled(64), 3, "conv1", 2, "VALID");
    x = Pool(x, "pool1");
    x = Fire(x, 16, 64, "fire2");
    x = Fire(x, 16, 64, "fire3");
    x = Pool(x, "pool3");
    x = Fire(x, 32, 128, "fire4");
    x = Fire(x, 32, 128, "fire5");
    x = Pool(x, "pool5");
    x = Fire(x, 48, 192, "fire6");
    x = Fire(x, 48, 192, "fire7");
    x = Fire(x, 64, 256, "fire8");
    x = Fire(x, 64, 256, "fire9");
    x = Dropout(x, 0.5, "drop9", device_);
    x = Conv(x, options_.classes, 1, "conv10");
    x = GlobalAvgPool(x, "pool10", device_);
    return Output(x, "logits", device_);
  }

 private:
  Layer Conv(Layer x, int64_t filters, int64_t size, const std::string& name, int64_t stride = 1,
             const std::string& padding = "SAME") const {
    return Conv2D(x, filters, size,
                  {.stride = stride,
                   .padding = padding,
                   .activation = "relu",
                   .weights_init = Initializer::He(),
                   .name = name,
                   .device = device_});
  }

  Layer Pool(Layer x, const std::string& name) const {
    return MaxPool2D(x, 3, {.stride = 2, .padding = "VALID", .name = name, .device = device_});
  }

  Layer Fire(Layer x, int64_t squeeze, int64_t expand, const std::string& name) const {
    x = Conv(x, options_.Scaled(squeeze), 1, name + "/squeeze1x1");
    Layer ones = Conv(x, options_.Scaled(expand), 1, name + "/expand1x1");
    Layer threes = Conv(x, options_.Scaled(expand), 3, name + "/expand3x3");
    return Concat({ones, threes}, name + "/concat", device_);
  }

  const NetworkOptions& options_;
  const std::string device_;
};

}  // namespace

void RegisterSqueezenet(NetworkList& networks) {
  networks.push_back(
      {.name = "squeezenet1_1",
       .description = "SqueezeNet 1.1: fire modules, no fully connected layer",
       .input = {224, 224, 3},
       .classes = 1000,
       .parameters = 1235496,
       .recipe = {.rate = 0.04, .weight_decay = 2e-4, .batch = 512, .epochs = 68, .schedule = "linear"},
       .layers = [](Network& network, const NetworkOptions& options) { return SqueezeNet(options).Build(network); }});
}

}  // namespace sluice
