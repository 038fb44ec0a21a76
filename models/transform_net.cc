// The transform net of fast neural style (Johnson et al. 2016) with instance normalisation (Ulyanov et al. 2016): two
// strided convolutions down, five residual blocks, two transposed convolutions up. Pictures in, from 0 to 1 as the
// network sees them, pictures of that size out, from 0 to 255; sides are multiples of 4.
#include "graph/builders.h"
#include "models/catalog.h"
#include "models/layer_scope.h"

namespace sluice {
namespace {

class TransformNet {
 public:
  explicit TransformNet(const NetworkOptions& options) : options_(options), device_(options.first_device()) {}

  Layer Build(Network& network) const {
    Layer x = InputImages(network, options_);
    x = Conv(x, options_.Scaled(32), 9, 1, "relu", "conv1");
    x = Conv(x, options_.Scaled(64), 3, 2, "relu", "conv2");
    x = Conv(x, options_.Scaled(128), 3, 2, "relu", "conv3");
    for (int i = 1; i <= 5; ++i) x = Residual(x, absl::StrCat("residual", i));
    x = Enlarge(x, options_.Scaled(64), "deconv1");
    x = Enlarge(x, options_.Scaled(32), "deconv2");
    x = Conv(x, 3, 9, 1, "tanh", "conv4");
    return Output(ToBytes(x), "picture", device_);
  }

 private:
  static constexpr float kDeviation = 0.1f;

  Layer Norm(Layer x, const std::string& activation, const std::string& name) const {
    return InstanceNorm(x, {.activation = activation, .name = name + "/norm", .device = device_});
  }

  Layer Conv(Layer x, int64_t filters, int64_t size, int64_t stride, const std::string& activation,
             const std::string& name) const {
    x = Conv2D(x, filters, size,
               {.stride = stride,
                .bias = false,
                .weights_init = Initializer::TruncatedNormal(kDeviation),
                .name = name,
                .device = device_});
    return Norm(x, activation, name);
  }

  Layer Enlarge(Layer x, int64_t filters, const std::string& name) const {
    x = Conv2DTranspose(x, filters, 3,
                        {.stride = 2,
                         .bias = false,
                         .weights_init = Initializer::TruncatedNormal(kDeviation),
                         .name = name,
                         .device = device_});
    return Norm(x, "relu", name);
  }

  Layer Residual(Layer input, const std::string& name) const {
    const int64_t filters = options_.Scaled(128);
    Layer x = Conv(input, filters, 3, 1, "relu", name + "/conv1");
    x = Conv(x, filters, 3, 1, "linear", name + "/conv2");
    return Add(x, input, "linear", name + "/add", device_);
  }

  // From what tanh gives to a little more than 0 … 255, so that black and white need no infinite input.
  Layer ToBytes(Layer x) const {
    LayerScope layer(x, "to_bytes", "", device_);
    Scope scope = layer.scope;
    Endpoint wide = ops::Mul(scope, x.output, scope.Named("range").Scalar<float>(150));
    return layer.Result(ops::Add(scope, wide, scope.Named("middle").Scalar<float>(127.5f)));
  }

  const NetworkOptions& options_;
  const std::string device_;
};

}  // namespace

void RegisterTransformNet(NetworkList& networks) {
  networks.push_back(
      {.name = "transform_net",
       .description = "fast neural style: pictures in, pictures out",
       .input = {-1, -1, 3},
       .classes = 0,
       .parameters = 1677638,
       .recipe = {.optimizer = "adam", .rate = 1e-3, .batch = 4, .epochs = 2, .schedule = "constant"},
       .layers = [](Network& network, const NetworkOptions& options) { return TransformNet(options).Build(network); }});
}

}  // namespace sluice
