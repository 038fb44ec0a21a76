// MobileNetV2 (Sandler et al. 2018, table 2): inverted residual blocks, which widen by 1×1, filter each channel by 3×3 and
// narrow again by 1×1 without an activation.
#include <algorithm>

#include "models/catalog.h"

namespace sluice {
namespace {

class MobilenetV2 {
 public:
  explicit MobilenetV2(const NetworkOptions& options) : options_(options), device_(options.first_device()) {}

  Layer Build(Network& network) const {
    static constexpr struct {
      int64_t expansion, channels;
      int blocks;
      int64_t stride;
    } kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                   {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    Layer x = InputImages(network, options_);
    x = Conv(x, Channels(32), 3, 2, "relu6", "conv1");
    int number = 0;
    for (const auto& stage : kStages) {
      for (int i = 0; i < stage.blocks; ++i) {
        x = InvertedResidual(x, stage.expansion, Channels(stage.channels), i == 0 ? stage.stride : 1,
                             absl::StrCat("block", ++number));
      }
    }
    // Wider than 1 alone makes the last layer wider.
    x = Conv(x, options_.width < 1 ? int64_t{1280} : Channels(1280), 1, 1, "relu6", "conv_last");
    x = GlobalAvgPool(x, "pool", device_);
    x = Dropout(x, 0.2f, "drop", device_);
    x = FullyConnected(x, options_.classes,
                       {.weights_init = Initializer::Normal(0.01f), .name = "fc", .device = device_});
    return Output(x, "logits", device_);
  }

 private:
  // The authors round to a multiple of 8, but not down by more than a tenth.
  int64_t Channels(int64_t channels) const {
    const double wanted = static_cast<double>(channels) * options_.width;
    int64_t rounded = std::max<int64_t>(8, static_cast<int64_t>(wanted + 4) / 8 * 8);
    if (static_cast<double>(rounded) < 0.9 * wanted) rounded += 8;
    return rounded;
  }

  Layer Norm(Layer x, const std::string& activation, const std::string& name) const {
    return BatchNorm(x, {.activation = activation, .name = name + "/bn", .device = device_});
  }

  Layer Conv(Layer x, int64_t filters, int64_t size, int64_t stride, const std::string& activation,
             const std::string& name) const {
    x = Conv2D(x, filters, size,
               {.stride = stride,
                .pad = (size - 1) / 2,
                .bias = false,
                .weights_init = Initializer::He(),
                .name = name,
                .device = device_});
    return Norm(x, activation, name);
  }

  Layer InvertedResidual(Layer input, int64_t expansion, int64_t filters, int64_t stride,
                         const std::string& name) const {
    const int64_t channels = input.shape().rank() == 4 ? input.shape().dim(3) : 1;
    Layer x = input;
    if (expansion != 1) x = Conv(x, expansion * channels, 1, 1, "relu6", name + "/expand");
    x = DepthwiseConv2D(x, 3,
                        {.stride = stride,
                         .pad = 1,
                         .bias = false,
                         .weights_init = Initializer::He(),
                         .name = name + "/depthwise",
                         .device = device_});
    x = Norm(x, "relu6", name + "/depthwise");
    x = Conv(x, filters, 1, 1, "linear", name + "/project");
    if (stride != 1 || channels != filters) return x;
    return Add(x, input, "linear", name + "/add", device_);
  }

  const NetworkOptions& options_;
  const std::string device_;
};

}  // namespace

void RegisterMobilenet(NetworkList& networks) {
  networks.push_back(
      {.name = "mobilenet_v2",
       .description = "inverted residual blocks with depthwise convolutions",
       .input = {224, 224, 3},
       .classes = 1000,
       .parameters = 3504872,
       .recipe =
           {.optimizer = "rmsprop", .rate = 0.045, .weight_decay = 4e-5, .batch = 96, .schedule = "exponential:0.98"},
       .layers = [](Network& network, const NetworkOptions& options) { return MobilenetV2(options).Build(network); }});
}

}  // namespace sluice
