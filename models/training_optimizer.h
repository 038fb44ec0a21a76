// What a training step does with gradients: clipping, weight decay, the optimiser's update of each variable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/network.h"

namespace SLUICE_API sluice {

struct OptimizerOptions {
  // kMomentum is SGD with momentum (Polyak), or Nesterov's form of it (Sutskever et al. 2013). kRmsProp is Tieleman and
  // Hinton 2012, kAdagrad Duchi et al. 2011, kAdam Kingma and Ba 2014.
  enum Optimizer { kSgd, kMomentum, kRmsProp, kAdagrad, kAdam };
  Optimizer optimizer = kMomentum;
  float rate = 0.05f;  // what `learning_rate` is where it is not fed
  // What `momentum` is where it is not fed: of kMomentum (0.9 where it is not said), of kRmsProp (0), Adam's beta1 (0.9).
  std::optional<float> momentum;
  bool nesterov = false;  // of kMomentum and kAdam
  float rho = 0.9f;       // kRmsProp: how much of the mean square stays
  bool centered = false;  // kRmsProp: divides by the deviation instead of the root of the mean square
  float beta2 = 0.999f;   // kAdam
  // Added to what is divided by. Not said: 1e-10 (kRmsProp), 1e-8 (kAdam); 0 gives kAdagrad its published form.
  std::optional<float> epsilon;
  float initial_accumulator = 0.1f;  // kAdagrad

  // Times the variable is added to its gradient (an L2 term of half of it), for variables that decay.
  float weight_decay = 0;
  // Gradients are cut to [-clip_value, clip_value]; 0: they are not.
  float clip_value = 0;
  // All gradients are scaled by clip_norm / norm where the norm of all of them together is larger (Pascanu et al. 2012);
  // 0: they are not. The values are cut first; weight decay comes after both.
  float clip_norm = 0;
  std::string device;  // where the norms are added up; empty: none is written
};

// "sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam" into `optimizer` and `nesterov`; InvalidArgument listing
// them for another name.
absl::Status SetOptimizer(absl::string_view name, OptimizerOptions& options);

struct OptimizerNodes {
  std::vector<NodeId> steps;    // what `train` runs
  std::vector<NodeId> assigns;  // what `init` runs: first values of the slots
};

// Adds one step for each of `variables` with its gradient. Everything is on the variable's device; what it takes from
// elsewhere are scalars: rate, momentum and the norm. Slots are variables named as TensorFlow's optimisers name them:
// NAME/Momentum; NAME/RMSProp (mean square), NAME/RMSProp_1 (momentum), NAME/RMSProp_2 (mean, centered); NAME/Adagrad;
// NAME/Adam, NAME/Adam_1, and for all together beta1_power and beta2_power. `applies`, a bool scalar: in a step in which
// it is false, and all gradients are 0, variables and slots stay as they are, bit for bit.
OptimizerNodes AddOptimizer(Network& network, const OptimizerOptions& options,
                            const std::vector<NetworkVariable>& variables, std::vector<Endpoint> gradients,
                            std::optional<Endpoint> applies = {});

// A variable NAME full of `value`, on the scope's device.
struct OptimizerSlot {
  Endpoint handle;
  NodeId assign = -1;
};
OptimizerSlot AddSlot(Scope scope, const std::string& name, const Shape& shape, Tensor value);

}  // namespace sluice
