// Convolutions. See models/layers.h.
#pragma once

#include <string>

#include "models/layer.h"

namespace SLUICE_API sluice {

struct Conv2DOptions {
  int64_t stride = 1;
  std::string padding = "SAME";  // or VALID, as TensorFlow's
  int64_t pad = -1;              // 0 or more: so many zeros on each of the four sides, whatever `padding` says
  int64_t groups = 1;            // each sees its share of the channels and makes its share of the filters
  std::string activation = "linear";
  bool bias = true;
  Initializer weights_init = Initializer::Glorot();
  Initializer bias_init = Initializer::Constant(0);
  bool regularize = true;  // whether weight decay applies to the weights
  VariablePart part = {};  // of a layer that is spread over devices; its name is in part.whole
  std::string name;
  std::string device;
};
// `filters` kernels of size × size over all channels of their group.
Layer Conv2D(Layer input, int64_t filters, int64_t size, const Conv2DOptions& options = {});

struct DepthwiseConv2DOptions {
  int64_t multiplier = 1;  // kernels for each channel
  int64_t stride = 1;
  std::string padding = "SAME";
  int64_t pad = -1;  // as in Conv2DOptions
  std::string activation = "linear";
  bool bias = true;
  Initializer weights_init = Initializer::Glorot();
  bool regularize = true;
  std::string name;
  std::string device;
};
// Kernels of size × size over each channel alone.
Layer DepthwiseConv2D(Layer input, int64_t size, const DepthwiseConv2DOptions& options = {});

struct Conv2DTransposeOptions {
  int64_t stride = 1;
  std::string padding = "SAME";  // the result is `stride` times as large; VALID: as large as no window is cut
  std::string activation = "linear";
  bool bias = true;
  Initializer weights_init = Initializer::Glorot();
  bool regularize = true;
  std::string name;
  std::string device;
};
// The transposed operator of a convolution: `stride` enlarges. Weights are [size, size, filters, channels].
Layer Conv2DTranspose(Layer input, int64_t filters, int64_t size, const Conv2DTransposeOptions& options = {});

// Zeros around each picture.
struct Margins {
  int32_t top = 0, bottom = 0, left = 0, right = 0;
};
Layer ZeroPad(Layer input, const Margins& margins, const std::string& name = "", const std::string& device = "");

}  // namespace sluice
