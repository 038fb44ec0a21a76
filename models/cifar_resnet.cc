// ResNet for CIFAR-10 (He et al. 2015, section 4.2): a 3×3 convolution and three stages of n basic blocks at 16, 32 and 64
// channels, 6n + 2 layers. Shortcuts have no parameters (option A). The plain twins lack the shortcuts and show the
// degradation that those cure.
#include "models/catalog.h"

namespace sluice {
namespace {

Layer CifarResnet(Network& network, const NetworkOptions& options, int n, Shortcut shortcut) {
  const std::string device = options.first_device();
  Layer x = InputImages(network, options);
  x = Conv2D(x, options.Scaled(16), 3,
             {.pad = 1, .bias = false, .weights_init = Initializer::He(), .name = "conv1", .device = device});
  x = BatchNorm(x, {.activation = "relu", .name = "bn1", .device = device});
  for (int stage = 0; stage < 3; ++stage) {
    for (int i = 0; i < n; ++i) {
      x = BasicBlock(x, options.Scaled(16 << stage),
                     {.stride = stage > 0 && i == 0 ? 2 : 1,
                      .shortcut = shortcut,
                      .name = absl::StrCat("stage", stage + 1, "_", i + 1),
                      .device = device});
    }
  }
  x = GlobalAvgPool(x, "pool", device);
  x = FullyConnected(x, options.classes, {.name = "fc", .device = device});
  return Output(x, "logits", device);
}

}  // namespace

void RegisterCifarResnet(NetworkList& networks) {
  static constexpr struct {
    int layers;
    int64_t parameters;
  } kNetworks[] = {{20, 269722}, {32, 464154}, {44, 658586}, {56, 853018}, {110, 1727962}, {1202, 19421274}};
  for (Shortcut shortcut : {Shortcut::kPad, Shortcut::kNone}) {
    const bool is_plain = shortcut == Shortcut::kNone;
    for (const auto& entry : kNetworks) {
      const int n = (entry.layers - 2) / 6;
      networks.push_back({.name = absl::StrCat(is_plain ? "cifar_plain" : "cifar_resnet", entry.layers),
                          .description = is_plain ? "its plain twin" : "ResNet for CIFAR-10",
                          .input = {32, 32, 3},
                          .classes = 10,
                          .parameters = entry.parameters,
                          .recipe = {.rate = 0.1, .weight_decay = 1e-4, .batch = 128, .epochs = 164},
                          .layers = [n, shortcut](Network& network, const NetworkOptions& options) {
                            return CifarResnet(network, options, n, shortcut);
                          }});
    }
  }
}

}  // namespace sluice
