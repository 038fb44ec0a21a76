// AlexNet (Krizhevsky, Sutskever and Hinton 2012): five convolutions, three fully connected layers, in two towers that
// exchange only before conv3 and before each fully connected layer.
//
// `alexnet` is the network on one device: layers that do not exchange are convolutions in two groups, and each group is
// normalised for itself. `alexnet_2dev` is the paper's figure 2: each tower on its own device holds half of the units of
// every layer, and the exchange is what the partitioner makes of a concatenation whose inputs are on two devices. Units
// are in the same order and get the same first values in both, so that they compute the same.
#include "models/catalog.h"

namespace sluice {
namespace {

struct ConvLayer {
  const char* name;
  int64_t filters, size;
  int64_t stride = 1, pad = 0;
  bool exchanges = false;  // sees the channels of both towers
  float bias = 0;          // 1 gives the rectifiers positive inputs to begin with
};
constexpr ConvLayer kConv1{"conv1", 96, 11, 4, 0, true, 0}, kConv2{"conv2", 256, 5, 1, 2, false, 1},
    kConv3{"conv3", 384, 3, 1, 1, true, 0}, kConv4{"conv4", 384, 3, 1, 1, false, 1},
    kConv5{"conv5", 256, 3, 1, 1, false, 1};

constexpr int64_t kHidden = 4096;
constexpr float kDropout = 0.5;

// An even number, for the two towers.
int64_t Units(const NetworkOptions& options, int64_t units) { return 2 * options.Scaled(units / 2); }

Initializer Weights() { return Initializer::Normal(0.01f); }
Initializer Biases(float value) { return Initializer::Constant(value); }

// --- On one device ---

Layer Conv(Layer x, const NetworkOptions& options, const ConvLayer& conv) {
  return Conv2D(x, Units(options, conv.filters), conv.size,
                {.stride = conv.stride,
                 .pad = conv.pad,
                 .groups = conv.exchanges ? 1 : 2,
                 .activation = "relu",
                 .weights_init = Weights(),
                 .bias_init = Biases(conv.bias),
                 .name = conv.name,
                 .device = options.first_device()});
}

Layer Normalize(Layer x, const NetworkOptions& options, const std::string& name) {
  const std::string device = options.first_device();
  // Caffe sees all channels, takes the mean of the squares and 1 for k.
  if (options.lrn == "caffe") return LRN(x, {.bias = 1, .alpha = 1e-4f / 5, .name = name, .device = device});
  std::vector<Layer> groups = SplitChannels(x, 2, name + "/split", device);
  for (size_t i = 0; i < 2; ++i) groups[i] = LRN(groups[i], {.name = absl::StrCat(name, "/", i + 1), .device = device});
  return Concat(groups, name, device);
}

Layer Alexnet(Network& network, const NetworkOptions& options) {
  const std::string device = options.first_device();
  auto pool = [&](Layer x, const char* name) { return MaxPool2D(x, 3, {.stride = 2, .name = name, .device = device}); };
  auto fully = [&](Layer x, int64_t units, const char* activation, const char* name) {
    return FullyConnected(
        x, units,
        {.activation = activation, .weights_init = Weights(), .bias_init = Biases(1), .name = name, .device = device});
  };
  Layer x = InputImages(network, options);
  x = Conv(x, options, kConv1);
  x = Normalize(x, options, "norm1");
  x = pool(x, "pool1");
  x = Conv(x, options, kConv2);
  x = Normalize(x, options, "norm2");
  x = pool(x, "pool2");
  x = Conv(x, options, kConv3);
  x = Conv(x, options, kConv4);
  x = Conv(x, options, kConv5);
  x = pool(x, "pool5");
  x = fully(x, Units(options, kHidden), "relu", "fc6");
  x = Dropout(x, kDropout, "drop6", device);
  x = fully(x, Units(options, kHidden), "relu", "fc7");
  x = Dropout(x, kDropout, "drop7", device);
  x = fully(x, options.classes, "linear", "fc8");
  return Output(x, "logits", device);
}

// --- On two devices ---

// A layer of each tower.
using Towers = std::vector<Layer>;

class TwoTowers {
 public:
  explicit TwoTowers(const NetworkOptions& options) : options_(options), devices_(options.devices) {
    if (devices_.empty()) devices_ = {"/device:CPU:0", "/device:CPU:1"};
  }

  Layer Build(Network& network) const {
    Towers x = InputImagesOn(network, options_, devices_);
    x = Conv(x, kConv1);
    x = Normalize(x, "norm1");
    x = Pool(x, "pool1");
    x = Conv(x, kConv2);
    x = Normalize(x, "norm2");
    x = Pool(x, "pool2");
    x = Conv(Exchange(x, "pool2"), kConv3);
    x = Conv(x, kConv4);
    x = Conv(x, kConv5);
    x = Pool(x, "pool5");
    x = Hidden(Exchange(x, "pool5"), "fc6", "drop6");
    x = Hidden(Exchange(x, "fc6"), "fc7", "drop7");
    x = Fully(Exchange(x, "fc7"), options_.classes, "linear", "fc8");
    return Output(Concat(x, "fc8", devices_[1]), "logits", devices_[1]);
  }

 private:
  static std::string Name(size_t tower, const std::string& layer) {
    return absl::StrCat("tower", tower + 1, "/", layer);
  }

  // The first tower has the larger half of an odd number.
  static int64_t Half(size_t tower, int64_t units) { return tower == 0 ? units - units / 2 : units / 2; }
  static VariablePart Part(size_t tower, int64_t units, const std::string& layer) {
    return {.whole = layer, .begin = tower == 0 ? 0 : Half(0, units), .extent = units};
  }

  template <class F>
  static Towers OnBoth(const Towers& x, const F& layer) {
    return {layer(0, x[0]), layer(1, x[1])};
  }

  // All units of both towers, on each device.
  Towers Exchange(const Towers& x, const std::string& name) const {
    return OnBoth(x, [&](size_t tower, Layer) { return Concat(x, Name(tower, name + "_both"), devices_[tower]); });
  }

  Towers Conv(const Towers& x, const ConvLayer& conv) const {
    const int64_t filters = Units(options_, conv.filters);
    return OnBoth(x, [&](size_t tower, Layer input) {
      return Conv2D(input, Half(tower, filters), conv.size,
                    {.stride = conv.stride,
                     .pad = conv.pad,
                     .activation = "relu",
                     .weights_init = Weights(),
                     .bias_init = Biases(conv.bias),
                     .part = Part(tower, filters, conv.name),
                     .name = Name(tower, conv.name),
                     .device = devices_[tower]});
    });
  }

  Towers Normalize(const Towers& x, const std::string& name) const {
    return OnBoth(x, [&](size_t tower, Layer input) {
      return LRN(input, {.name = Name(tower, name), .device = devices_[tower]});
    });
  }

  Towers Pool(const Towers& x, const std::string& name) const {
    return OnBoth(x, [&](size_t tower, Layer input) {
      return MaxPool2D(input, 3, {.stride = 2, .name = Name(tower, name), .device = devices_[tower]});
    });
  }

  Towers Fully(const Towers& x, int64_t units, const std::string& activation, const std::string& name) const {
    return OnBoth(x, [&](size_t tower, Layer input) {
      return FullyConnected(input, Half(tower, units),
                            {.activation = activation,
                             .weights_init = Weights(),
                             .bias_init = Biases(1),
                             .part = Part(tower, units, name),
                             .name = Name(tower, name),
                             .device = devices_[tower]});
    });
  }

  Towers Hidden(const Towers& x, const std::string& name, const std::string& dropout) const {
    return OnBoth(Fully(x, Units(options_, kHidden), "relu", name), [&](size_t tower, Layer input) {
      return Dropout(input, kDropout, Name(tower, dropout), devices_[tower]);
    });
  }

  const NetworkOptions& options_;
  std::vector<std::string> devices_;
};

Layer AlexnetOnTwoDevices(Network& network, const NetworkOptions& options) {
  if (!options.devices.empty() && options.devices.size() != 2) {
    network.scope().Fail(
        absl::InvalidArgumentError(absl::StrCat("two towers on ", options.devices.size(), " devices, expected 2")));
    return {&network, Endpoint{}};
  }
  return TwoTowers(options).Build(network);
}

}  // namespace

void RegisterAlexnet(NetworkList& networks) {
  CatalogNetwork network{
      .name = "alexnet",
      .description = "AlexNet on one device, in two groups",
      .input = {227, 227, 3},
      .classes = 1000,
      .parameters = 60965224,
      .understands = {"lrn"},
      .recipe = {.rate = 0.01, .weight_decay = 5e-4, .batch = 128, .epochs = 90, .schedule = "plateau"},
      .layers = Alexnet};
  networks.push_back(network);
  network.name = "alexnet_2dev";
  network.description = "AlexNet as two towers, each on its device";
  network.understands = {"devices"};
  network.layers = AlexnetOnTwoDevices;
  networks.push_back(network);
}

}  // namespace sluice
