// Normalisation. See models/layers.h.
#pragma once

#include <string>

#include "models/layer.h"

namespace SLUICE_API sluice {

// Krizhevsky 2012, section 3.3: y = x / (bias + alpha · Σ x²)^beta, the sum over the channels at most `radius` away.
// The defaults are the paper's. Caffe divides alpha by the number of channels in the sum.
struct LrnOptions {
  int64_t radius = 2;
  float bias = 2;
  float alpha = 1e-4f;
  float beta = 0.75f;
  std::string name;
  std::string device;
};
Layer LRN(Layer input, const LrnOptions& options = {});

// Ioffe and Szegedy 2015. The variables are NAME/gamma and NAME/beta, and NAME/moving_mean and NAME/moving_variance,
// which are no parameters: they are used in inference and follow the batches in training.
struct BatchNormOptions {
  float epsilon = 1e-5f;
  float momentum = 0.9f;  // how much of a moving average stays in a step
  std::string activation = "linear";
  std::string name;
  std::string device;
};
Layer BatchNorm(Layer input, const BatchNormOptions& options = {});

// Ulyanov et al. 2016: each channel of each picture by its own mean and variance, in training and inference alike, then
// scaled by NAME/gamma and shifted by NAME/beta.
struct InstanceNormOptions {
  float epsilon = 1e-3f;
  std::string activation = "linear";
  std::string name;
  std::string device;
};
Layer InstanceNorm(Layer input, const InstanceNormOptions& options = {});

}  // namespace sluice
