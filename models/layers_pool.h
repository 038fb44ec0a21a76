// Pooling. See models/layers.h.
#pragma once

#include <string>

#include "models/layer.h"

namespace SLUICE_API sluice {

struct Pool2DOptions {
  int64_t stride = 0;  // 0: the window's size
  std::string padding = "VALID";
  std::string name;
  std::string device;
};
// Of size × size windows of each channel. Padding counts for nothing: not as 0, and not in an average.
Layer MaxPool2D(Layer input, int64_t size, const Pool2DOptions& options = {});
Layer AvgPool2D(Layer input, int64_t size, const Pool2DOptions& options = {});

// The mean of each channel over all positions: [batch, channels].
Layer GlobalAvgPool(Layer input, const std::string& name = "", const std::string& device = "");

}  // namespace sluice
