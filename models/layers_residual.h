// Residual blocks (He et al. 2015, Deep Residual Learning): F(x) + x, then ReLU. See models/layers.h.
#pragma once

#include <string>

#include "models/layer.h"

namespace SLUICE_API sluice {

// What is added to F(x). Where its shape is that of F(x) it is x itself, but for kNone.
enum class Shortcut {
  kPad,      // option A: every stride-th pixel, zeros for the channels that x lacks; no parameters
  kProject,  // option B: a 1×1 convolution with batch norm
  kNone,     // nothing: a plain network
};

struct ResidualOptions {
  int64_t stride = 1;
  Shortcut shortcut = Shortcut::kProject;
  Initializer weights_init = Initializer::He();
  std::string name;  // of the block; its layers are NAME/conv1, NAME/bn1 …
  std::string device;
};
// F is two 3×3 convolutions of `filters`, the first with the stride.
Layer BasicBlock(Layer input, int64_t filters, const ResidualOptions& options = {});
// F is 1×1 `filters` with the stride, 3×3 `filters`, 1×1 four times as many.
Layer BottleneckBlock(Layer input, int64_t filters, const ResidualOptions& options = {});

}  // namespace sluice
