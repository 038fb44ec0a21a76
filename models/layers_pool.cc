#include "models/layers_pool.h"

#include "graph/builders.h"
#include "models/layer_scope.h"

namespace sluice {

Layer MaxPool2D(Layer input, int64_t size, const Pool2DOptions& options) {
  int64_t stride = options.stride > 0 ? options.stride : size;
  LayerScope layer(input, options.name, "max_pool2d", options.device);
  return layer.Result(
      ops::MaxPool(layer.scope, input.output,
                   {.ksize = {1, size, size, 1}, .strides = {1, stride, stride, 1}, .padding = options.padding}));
}

Layer AvgPool2D(Layer input, int64_t size, const Pool2DOptions& options) {
  int64_t stride = options.stride > 0 ? options.stride : size;
  LayerScope layer(input, options.name, "avg_pool2d", options.device);
  return layer.Result(
      ops::AvgPool(layer.scope, input.output,
                   {.ksize = {1, size, size, 1}, .strides = {1, stride, stride, 1}, .padding = options.padding}));
}

Layer GlobalAvgPool(Layer input, const std::string& name, const std::string& device) {
  LayerScope layer(input, name, "global_avg_pool", device);
  Scope scope = layer.scope;
  return layer.Result(ops::Mean(scope, input.output, scope.Named("axes").Ints({1, 2})));
}

}  // namespace sluice
