// Layers with several inputs or several results. See models/layers.h.
#pragma once

#include <string>
#include <vector>

#include "models/layer.h"

namespace SLUICE_API sluice {

// One behind the other along the last axis (channels, or the features of a matrix). REQUIRES: at least one input; all
// of one network.
Layer Concat(const std::vector<Layer>& inputs, const std::string& name = "", const std::string& device = "");

// The last axis cut into `count` equal parts.
std::vector<Layer> SplitChannels(Layer input, int count, const std::string& name = "", const std::string& device = "");

// The sum of two tensors of one shape.
Layer Add(Layer a, Layer b, const std::string& activation = "linear", const std::string& name = "",
          const std::string& device = "");

}  // namespace sluice
