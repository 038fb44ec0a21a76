#include "models/training_optimizer.h"

#include "graph/builders.h"
#include "models/training.h"

namespace sluice {
namespace {

Scope On(const NetworkVariable& variable, Scope scope) {
  return variable.device.empty() ? scope : scope.WithDevice(variable.device);
}

// Clips in place.
void ClipValues(Network& network, float limit, const std::vector<NetworkVariable>& variables,
                std::vector<Endpoint>& gradients) {
  for (size_t i = 0; i < variables.size(); ++i) {
    Scope scope = On(variables[i], network.scope()).SubScope(training::kClip).SubScope(variables[i].name);
    Endpoint upper = ops::Minimum(scope, gradients[i], scope.Named("upper").Scalar<float>(limit));
    gradients[i] = ops::Maximum(scope, upper, scope.Named("lower").Scalar<float>(-limit));
  }
}

void ClipNorm(Network& network, const OptimizerOptions& options, const std::vector<NetworkVariable>& variables,
              std::vector<Endpoint>& gradients) {
  Scope all = network.scope().SubScope(training::kClip);
  if (!options.device.empty()) all = all.WithDevice(options.device);
  std::vector<Endpoint> halves;  // of the squares
  for (size_t i = 0; i < variables.size(); ++i) {
    Scope scope = On(variables[i], network.scope()).SubScope(training::kClip).SubScope(variables[i].name);
    halves.push_back(ops::L2Loss(scope, gradients[i]));
  }
  Endpoint half = halves.size() == 1 ? halves[0] : ops::AddN(all, halves);
  Endpoint norm = ops::Sqrt(all.Named("norm"), ops::Mul(all, half, all.Named("two").Scalar<float>(2)));
  Endpoint limit = all.Named("limit").Scalar<float>(options.clip_norm);
  Endpoint scale = ops::RealDiv(all.Named("scale"), limit, ops::Maximum(all, norm, limit));
  for (size_t i = 0; i < variables.size(); ++i) {
    Scope scope = On(variables[i], network.scope()).SubScope(training::kClip).SubScope(variables[i].name);
    gradients[i] = ops::Mul(scope, gradients[i], scale);
  }
}

class Steps {
 public:
  Steps(Network& network, const OptimizerOptions& options, std::optional<Endpoint> applies)
      : network_(network), options_(options), applies_(applies) {
    Scope scope = network.scope();
    Scope constants = scope.SubScope(training::kTrain);
    rate_ = Fed(training::kLearningRate, options.rate);
    bool is_rms = options.optimizer == OptimizerOptions::kRmsProp;
    if (options.optimizer != OptimizerOptions::kSgd && options.optimizer != OptimizerOptions::kAdagrad) {
      momentum_ = Fed(training::kMomentum, options.momentum.value_or(is_rms ? 0.0f : 0.9f));
    }
    if (is_rms) rho_ = constants.Named("rho").Scalar<float>(options.rho);
    const float epsilon = options.epsilon.value_or(is_rms ? 1e-10f : 1e-8f);
    if (options.optimizer == OptimizerOptions::kAdam) {
      beta2_ = constants.Named("beta2").Scalar<float>(options.beta2);
      beta1_power_ = Power("beta1_power", options.momentum.value_or(0.9f));
      beta2_power_ = Power("beta2_power", options.beta2);
    }
    if (is_rms || options.optimizer == OptimizerOptions::kAdam) {
      epsilon_ = constants.Named("epsilon").Scalar<float>(epsilon);
    }
    if (options.weight_decay != 0) decay_ = constants.Named("weight_decay").Scalar<float>(options.weight_decay);
    if (!applies_) return;
    // With these, and gradients of 0, an update changes nothing.
    for (auto [number, idle] : {std::pair(&rate_, 0.0F), std::pair(&decay_, 0.0F), std::pair(&momentum_, 1.0F),
                                std::pair(&rho_, 1.0F), std::pair(&beta2_, 1.0F)}) {
      if (number->node < 0) continue;
      *number = ops::SelectV2(constants, *applies_, *number, constants.Named("idle").Scalar<float>(idle));
    }
  }

  void Add(const NetworkVariable& variable, Endpoint gradient) {
    Scope scope = On(variable, network_.scope());
    Scope update = scope.SubScope(training::kTrain).SubScope(variable.name);
    if (options_.weight_decay != 0 && variable.decays) {
      gradient = ops::Add(update, gradient, ops::Mul(update, variable.value, decay_));
    }
    auto slot = [&](const char* name, float first) {
      OptimizerSlot made =
          AddSlot(scope, absl::StrCat(variable.name, "/", name), variable.shape, Tensor::Scalar<float>(first));
      nodes.assigns.push_back(made.assign);
      return made.handle;
    };
    Endpoint handle = variable.handle;
    NodeId step = -1;
    switch (options_.optimizer) {
      case OptimizerOptions::kSgd:
        step = ops::ResourceApplyGradientDescent(update, handle, rate_, gradient);
        break;
      case OptimizerOptions::kMomentum:
        step = ops::ResourceApplyMomentum(update, handle, slot("Momentum", 0), rate_, gradient, momentum_,
                                          {.use_nesterov = options_.nesterov});
        break;
      case OptimizerOptions::kRmsProp: {
        Endpoint square = slot("RMSProp", 1), momentum = slot("RMSProp_1", 0);
        if (options_.centered) {
          step = ops::ResourceApplyCenteredRMSProp(update, handle, slot("RMSProp_2", 0), square, momentum, rate_, rho_,
                                                   momentum_, epsilon_, gradient);
        } else {
          step =
              ops::ResourceApplyRMSProp(update, handle, square, momentum, rate_, rho_, momentum_, epsilon_, gradient);
        }
        if (applies_) step = TakeBack(update, step, variable);
        break;
      }
      case OptimizerOptions::kAdagrad:
        step =
            ops::ResourceApplyAdagrad(update, handle, slot("Adagrad", options_.initial_accumulator), rate_, gradient);
        break;
      case OptimizerOptions::kAdam:
        step = ops::ResourceApplyAdam(update, handle, slot("Adam", 0), slot("Adam_1", 0), beta1_power_.value,
                                      beta2_power_.value, rate_, momentum_, beta2_, epsilon_, gradient,
                                      {.use_nesterov = options_.nesterov});
        break;
    }
    nodes.steps.push_back(step);
  }

  // What comes after the steps of all variables.
  void Finish() {
    if (options_.optimizer != OptimizerOptions::kAdam) return;
    Scope after = network_.scope().SubScope(training::kTrain).WithControl(nodes.steps);
    for (const auto& [power, beta] : {std::pair(beta1_power_, momentum_), std::pair(beta2_power_, beta2_)}) {
      Endpoint next = ops::Mul(after, power.value, beta);
      nodes.steps.push_back(ops::AssignVariableOp(after, power.handle, next, {.dtype = DataType::kFloat}));
    }
  }

  OptimizerNodes nodes;

 private:
  struct PowerVariable {
    Endpoint handle, value;
  };

  // RMSProp subtracts its momentum whatever the rate: the variable gets its former value where the step does not apply.
  NodeId TakeBack(Scope update, NodeId step, const NetworkVariable& variable) {
    if (step < 0) return -1;
    Endpoint after = ops::ReadVariableOp(update.WithControl({step}), variable.handle, {.dtype = DataType::kFloat});
    Endpoint kept = ops::SelectV2(update, *applies_, after, variable.value);
    return ops::AssignVariableOp(update, variable.handle, kept, {.dtype = DataType::kFloat});
  }

  // NAME may be fed; it is `value` otherwise.
  Endpoint Fed(const char* name, float value) {
    Scope scope = network_.scope();
    Endpoint otherwise = scope.SubScope(name).Named("default").Scalar<float>(value);
    return ops::PlaceholderWithDefault(scope.Named(name), otherwise, {.dtype = DataType::kFloat, .shape = Shape{}});
  }

  PowerVariable Power(const char* name, float beta) {
    Scope scope = network_.scope();
    OptimizerSlot slot = AddSlot(scope, name, Shape{}, Tensor::Scalar<float>(beta));
    nodes.assigns.push_back(slot.assign);
    Endpoint value =
        ops::ReadVariableOp(scope.Named(absl::StrCat(name, "/Read")), slot.handle, {.dtype = DataType::kFloat});
    return {slot.handle, value};
  }

  Network& network_;
  const OptimizerOptions& options_;
  const std::optional<Endpoint> applies_;
  Endpoint rate_, momentum_, rho_, beta2_, epsilon_, decay_;
  PowerVariable beta1_power_, beta2_power_;
};

}  // namespace

absl::Status SetOptimizer(absl::string_view name, OptimizerOptions& options) {
  options.nesterov = name == "nesterov";
  if (name == "sgd") {
    options.optimizer = OptimizerOptions::kSgd;
  } else if (name == "momentum" || name == "nesterov") {
    options.optimizer = OptimizerOptions::kMomentum;
  } else if (name == "rmsprop") {
    options.optimizer = OptimizerOptions::kRmsProp;
  } else if (name == "adagrad") {
    options.optimizer = OptimizerOptions::kAdagrad;
  } else if (name == "adam") {
    options.optimizer = OptimizerOptions::kAdam;
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no optimizer '", name, "': expected sgd, momentum, nesterov, rmsprop, adagrad or adam"));
  }
  return absl::OkStatus();
}

OptimizerSlot AddSlot(Scope scope, const std::string& name, const Shape& shape, Tensor value) {
  OptimizerSlot slot;
  const DataType dtype = value.dtype();
  slot.handle = ops::VarHandleOp(scope.Named(name), {.shared_name = name, .dtype = dtype, .shape = shape});
  Scope inner = scope.SubScope(name);
  std::vector<int32_t> dims(shape.dims().begin(), shape.dims().end());
  Endpoint first = inner.Named("value").Const(std::move(value));
  if (shape.rank() > 0) first = ops::Fill(inner, inner.Named("shape").Ints(dims), first);
  slot.assign = ops::AssignVariableOp(scope.Named(name + "/Assign"), slot.handle, first, {.dtype = dtype});
  return slot;
}

OptimizerNodes AddOptimizer(Network& network, const OptimizerOptions& options,
                            const std::vector<NetworkVariable>& variables, std::vector<Endpoint> gradients,
                            std::optional<Endpoint> applies) {
  if (options.clip_value > 0) ClipValues(network, options.clip_value, variables, gradients);
  if (options.clip_norm > 0) ClipNorm(network, options, variables, gradients);
  Steps steps(network, options, applies);
  for (size_t i = 0; i < variables.size(); ++i) steps.Add(variables[i], gradients[i]);
  steps.Finish();
  return std::move(steps.nodes);
}

}  // namespace sluice
