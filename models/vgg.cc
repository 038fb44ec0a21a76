// VGG (Simonyan and Zisserman 2014): 3×3 convolutions in five stages, each closed by a pool, then 4096, 4096 and the
// classes. Configurations A to E of table 1, and A with local response normalisation.
#include "models/catalog.h"

namespace sluice {
namespace {

struct Configuration {
  int convolutions[5];   // of each stage
  int ones = 0;          // of stages 3 to 5, how many of the last are 1×1 (C)
  bool has_lrn = false;  // after the first convolution (A-LRN)
};

constexpr int64_t kChannels[] = {64, 128, 256, 512, 512};

// The paper starts from a trained A; from scratch He's initialisation trains all of them.
Layer Vgg(Network& network, const NetworkOptions& options, const Configuration& configuration) {
  Layer x = InputImages(network, options);
  for (int stage = 0; stage < 5; ++stage) {
    const int n = configuration.convolutions[stage];
    for (int i = 0; i < n; ++i) {
      const bool is_one = stage >= 2 && i >= n - configuration.ones;
      x = Conv2D(x, options.Scaled(kChannels[stage]), is_one ? 1 : 3,
                 {.activation = "relu",
                  .weights_init = Initializer::He(),
                  .name = absl::StrCat("conv", stage + 1, "_", i + 1),
                  .device = options.first_device()});
      if (configuration.has_lrn && stage == 0) x = LRN(x, {.name = "lrn1", .device = options.first_device()});
    }
    x = MaxPool2D(x, 2, {.padding = "SAME", .name = absl::StrCat("pool", stage + 1), .device = options.first_device()});
  }
  const std::string device = options.last_device();
  const Initializer he = Initializer::He();
  x = FullyConnected(x, options.Scaled(4096),
                     {.activation = "relu", .weights_init = he, .name = "fc6", .device = device});
  x = Dropout(x, 0.5, "drop6", device);
  x = FullyConnected(x, options.Scaled(4096),
                     {.activation = "relu", .weights_init = he, .name = "fc7", .device = device});
  x = Dropout(x, 0.5, "drop7", device);
  x = FullyConnected(x, options.classes, {.weights_init = Initializer::Normal(0.01f), .name = "fc8", .device = device});
  return Output(x, "logits", device);
}

}  // namespace

void RegisterVgg(NetworkList& networks) {
  static constexpr struct {
    const char* name;
    const char* description;
    int64_t parameters;
    Configuration configuration;
  } kNetworks[] = {
      {"vgg_a", "VGG A, 11 layers with weights", 132863336, {{1, 1, 2, 2, 2}}},
      {"vgg_a_lrn", "VGG A with local response normalisation", 132863336, {{1, 1, 2, 2, 2}, 0, true}},
      {"vgg_b", "VGG B, 13 layers", 133047848, {{2, 2, 2, 2, 2}}},
      {"vgg_c", "VGG C, 16 layers, three of them 1x1", 133638952, {{2, 2, 3, 3, 3}, 1}},
      {"vgg16", "VGG D, 16 layers", 138357544, {{2, 2, 3, 3, 3}}},
      {"vgg19", "VGG E, 19 layers", 143667240, {{2, 2, 4, 4, 4}}},
  };
  for (const auto& entry : kNetworks) {
    const Configuration configuration = entry.configuration;
    networks.push_back(
        {.name = entry.name,
         .description = entry.description,
         .input = {224, 224, 3},
         .classes = 1000,
         .parameters = entry.parameters,
         .understands = {"devices"},
         .recipe = {.rate = 0.01, .weight_decay = 5e-4, .batch = 256, .epochs = 74, .schedule = "plateau"},
         .layers = [configuration](Network& network, const NetworkOptions& options) {
           return Vgg(network, options, configuration);
         }});
  }
}

}  // namespace sluice
