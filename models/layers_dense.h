// Input, fully connected layers, activations, dropout. See models/layers.h.
#pragma once

#include <string>
#include <vector>

#include "models/layer.h"

namespace SLUICE_API sluice {

struct InputOptions {
  std::string name = "images";
  std::vector<int64_t> shape;  // without the batch; -1 where a dimension is not fixed
  DataType dtype = DataType::kFloat;
  // (value - mean) * scale is what the network sees: scale 1 / 255 for pictures of bytes. A mean is one number, or one
  // for each channel. Scale 1 and no mean add no nodes.
  float scale = 1;
  std::vector<float> mean;
  std::string device;
};
// A placeholder; the result is float.
Layer InputData(Network& network, const InputOptions& options);
// The same for a network that begins on several devices: the placeholder is one, and each device makes it float for
// itself, so that nothing crosses. `options.device` is not used. REQUIRES: a device, which may be empty.
std::vector<Layer> InputDataOn(Network& network, const InputOptions& options, const std::vector<std::string>& devices);

// [batch, everything else]; the input where it is a matrix already. Its shape without the batch must be known.
Layer Flatten(Layer input, const std::string& name = "", const std::string& device = "");

struct FullyConnectedOptions {
  std::string activation = "linear";
  bool bias = true;
  Initializer weights_init = Initializer::Glorot();
  Initializer bias_init = Initializer::Constant(0);
  bool regularize = true;  // whether weight decay applies to the weights
  VariablePart part = {};  // of a layer that is spread over devices; its name is in part.whole
  std::string name;
  std::string device;
};
// `units` sums over all of the input, which is flattened where it is not a matrix.
Layer FullyConnected(Layer input, int64_t units, const FullyConnectedOptions& options = {});

// See models/layers.h for the names.
Layer Activation(Layer input, const std::string& activation, const std::string& name = "",
                 const std::string& device = "");

// In training each element becomes 0 with probability `rate`, and the others are divided by 1 - rate; otherwise the
// input itself (Srivastava et al. 2014, inverted so that inference needs no factor).
Layer Dropout(Layer input, float rate, const std::string& name = "", const std::string& device = "");

// The input under a node name of its own, so that others find it: "logits".
Layer Output(Layer input, const std::string& name, const std::string& device = "");

}  // namespace sluice
