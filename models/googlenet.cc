// GoogLeNet (Szegedy et al. 2014): nine inception modules, each of which looks at its input through 1×1, 3×3 and 5×5
// kernels and a pool at once. 1×1 convolutions in front of the larger ones keep that affordable; the naive module, which
// lacks them, shows what they save. Layers are named as in the paper's table 1.
#include "models/catalog.h"

namespace sluice {
namespace {

// Numbers of filters, as the columns of the paper's table 1 have them.
struct Inception {
  const char* name;
  int64_t ones, reduce3, threes, reduce5, fives, pool;
};

// The module's parts in the naive form keep what the pool passes on: all of its input.
class GoogLeNet {
 public:
  GoogLeNet(const NetworkOptions& options, bool is_naive) : options_(options), is_naive_(is_naive) {}

  Layer Build(Network& network) const {
    Layer x = InputImages(network, options_);
    x = Conv(x, 64, 7, "conv1/7x7_s2", 2);
    x = MaxPool(x, 3, 2, "pool1/3x3_s2");
    x = Norm(x, "pool1/norm1");
    x = Conv(x, 64, 1, "conv2/3x3_reduce");
    x = Conv(x, 192, 3, "conv2/3x3");
    x = Norm(x, "conv2/norm2");
    x = MaxPool(x, 3, 2, "pool2/3x3_s2");
    x = Module(x, {"inception_3a", 64, 96, 128, 16, 32, 32});
    x = Module(x, {"inception_3b", 128, 128, 192, 32, 96, 64});
    x = MaxPool(x, 3, 2, "pool3/3x3_s2");
    x = Module(x, {"inception_4a", 192, 96, 208, 16, 48, 64});
    if (options_.aux) Auxiliary(x, "loss1");
    x = Module(x, {"inception_4b", 160, 112, 224, 24, 64, 64});
    x = Module(x, {"inception_4c", 128, 128, 256, 24, 64, 64});
    x = Module(x, {"inception_4d", 112, 144, 288, 32, 64, 64});
    if (options_.aux) Auxiliary(x, "loss2");
    x = Module(x, {"inception_4e", 256, 160, 320, 32, 128, 128});
    x = MaxPool(x, 3, 2, "pool4/3x3_s2");
    x = Module(x, {"inception_5a", 256, 160, 320, 32, 128, 128});
    x = Module(x, {"inception_5b", 384, 192, 384, 48, 128, 128});
    x = GlobalAvgPool(x, "pool5/7x7_s1", device());
    x = Dropout(x, 0.4f, "pool5/drop", device());
    x = FullyConnected(x, options_.classes, {.name = "loss3/classifier", .device = device()});
    return Output(x, "logits", device());
  }

 private:
  std::string device() const { return options_.first_device(); }

  Layer Conv(Layer x, int64_t filters, int64_t size, const std::string& name, int64_t stride = 1) const {
    return Conv2D(x, options_.Scaled(filters), size,
                  {.stride = stride,
                   .activation = "relu",
                   .weights_init = Initializer::He(),
                   .bias_init = Initializer::Constant(0.2f),
                   .name = name,
                   .device = device()});
  }

  Layer MaxPool(Layer x, int64_t size, int64_t stride, const std::string& name) const {
    return MaxPool2D(x, size, {.stride = stride, .padding = "SAME", .name = name, .device = device()});
  }

  // With AlexNet's constants, as the authors' Caffe files have them.
  Layer Norm(Layer x, const std::string& name) const {
    return LRN(x, {.bias = 1, .alpha = 1e-4f / 5, .name = name, .device = device()});
  }

  Layer Module(Layer x, const Inception& module) const {
    const std::string in = absl::StrCat(module.name, "/");
    Layer ones = Conv(x, module.ones, 1, in + "1x1");
    Layer threes = is_naive_ ? x : Conv(x, module.reduce3, 1, in + "3x3_reduce");
    threes = Conv(threes, module.threes, 3, in + "3x3");
    Layer fives = is_naive_ ? x : Conv(x, module.reduce5, 1, in + "5x5_reduce");
    fives = Conv(fives, module.fives, 5, in + "5x5");
    Layer pooled = MaxPool(x, 3, 1, in + "pool");
    if (!is_naive_) pooled = Conv(pooled, module.pool, 1, in + "pool_proj");
    return Concat({ones, threes, fives, pooled}, in + "output", device());
  }

  // Logits of their own from the middle, so that gradients reach the first layers; their loss counts 0.3.
  void Auxiliary(Layer x, const std::string& name) const {
    x = AvgPool2D(x, 5, {.stride = 3, .name = name + "/ave_pool", .device = device()});
    x = Conv(x, 128, 1, name + "/conv");
    x = FullyConnected(x, options_.Scaled(1024), {.activation = "relu", .name = name + "/fc", .device = device()});
    x = Dropout(x, 0.7f, name + "/drop_fc", device());
    x = FullyConnected(x, options_.classes, {.name = name + "/classifier", .device = device()});
    x = Output(x, name + "/logits", device());
    x.network->AddAuxiliaryLoss(x.output, 0.3f);
  }

  const NetworkOptions& options_;
  const bool is_naive_;
};

}  // namespace

void RegisterGooglenet(NetworkList& networks) {
  for (bool is_naive : {false, true}) {
    CatalogNetwork network{
        .name = is_naive ? "googlenet_naive" : "googlenet",
        .description = is_naive ? "GoogLeNet whose modules do not reduce channels"
                                : "nine inception modules; --aux adds two classifiers in between",
        .input = {224, 224, 3},
        .classes = 1000,
        .parameters = is_naive ? 97526008 : 6998552,
        .recipe = {.rate = 0.01, .weight_decay = 2e-4, .batch = 32, .schedule = "step:every=8e:0.96"}};
    if (!is_naive) network.understands = {"aux"};
    network.layers = [is_naive](Network& net, const NetworkOptions& options) {
      return GoogLeNet(options, is_naive).Build(net);
    };
    networks.push_back(std::move(network));
  }
}

}  // namespace sluice
