#include "models/layers_residual.h"

#include "graph/builders.h"
#include "models/layer_scope.h"
#include "models/layers_conv.h"
#include "models/layers_dense.h"
#include "models/layers_merge.h"
#include "models/layers_norm.h"

namespace sluice {
namespace {

class Block {
 public:
  Block(const Layer& input, const ResidualOptions& options)
      : options_(options), name_(input.network->LayerName(options.name, "block")) {}

  // Convolution and batch norm, NAME/conv`suffix` and NAME/bn`suffix`.
  Layer ConvNorm(Layer x, int64_t filters, int64_t size, int64_t stride, const std::string& suffix,
                 const std::string& activation) const {
    x = Conv2D(x, filters, size,
               {.stride = stride,
                .pad = (size - 1) / 2,
                .bias = false,
                .weights_init = options_.weights_init,
                .name = absl::StrCat(name_, "/conv", suffix),
                .device = options_.device});
    return BatchNorm(x,
                     {.activation = activation, .name = absl::StrCat(name_, "/bn", suffix), .device = options_.device});
  }

  Layer Finish(Layer input, Layer residual) const {
    if (options_.shortcut == Shortcut::kNone) return Activation(residual, "relu", name_ + "/relu", options_.device);
    return Add(residual, ShortcutFor(input, residual), "relu", name_ + "/add", options_.device);
  }

 private:
  Layer ShortcutFor(Layer input, Layer residual) const {
    PartialShape from = input.shape(), to = residual.shape();
    if (!input.network->status().ok()) return input;
    int64_t filters = to.dim(3);
    if (from.dim(3) == filters && options_.stride == 1) return input;
    if (options_.shortcut == Shortcut::kProject) {
      return ConvNorm(input, filters, 1, options_.stride, "_shortcut", "linear");
    }
    return Padded(input, filters - from.dim(3));
  }

  Layer Padded(Layer input, int64_t more_channels) const {
    LayerScope layer(input, name_ + "/shortcut", "", options_.device);
    Scope scope = layer.scope;
    Endpoint x = input.output;
    if (options_.stride != 1) {
      auto stride = static_cast<int32_t>(options_.stride);
      x = ops::StridedSlice(scope, x, scope.Ints({0, 0, 0, 0}), scope.Ints({0, 0, 0, 0}),
                            scope.Ints({1, stride, stride, 1}), {.begin_mask = 15, .end_mask = 15});
    }
    if (more_channels > 0) {
      Tensor paddings(DataType::kInt32, Shape{4, 2});
      std::fill_n(paddings.data<int32_t>(), 8, 0);
      paddings.data<int32_t>()[7] = static_cast<int32_t>(more_channels);
      x = ops::Pad(scope, x, scope.Named("paddings").Const(paddings));
    }
    return layer.Result(x);
  }

  const ResidualOptions& options_;
  const std::string name_;
};

}  // namespace

Layer BasicBlock(Layer input, int64_t filters, const ResidualOptions& options) {
  Block block(input, options);
  Layer x = block.ConvNorm(input, filters, 3, options.stride, "1", "relu");
  x = block.ConvNorm(x, filters, 3, 1, "2", "linear");
  return block.Finish(input, x);
}

Layer BottleneckBlock(Layer input, int64_t filters, const ResidualOptions& options) {
  Block block(input, options);
  Layer x = block.ConvNorm(input, filters, 1, options.stride, "1", "relu");
  x = block.ConvNorm(x, filters, 3, 1, "2", "relu");
  x = block.ConvNorm(x, 4 * filters, 1, 1, "3", "linear");
  return block.Finish(input, x);
}

}  // namespace sluice
