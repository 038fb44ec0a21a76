#include "models/training.h"

#include "absl/strings/str_join.h"

#include "graph/builders.h"

namespace sluice {
namespace {

constexpr const char* kAllNames[] = {training::kImages, training::kLabels, training::kLearningRate,
                                     training::kLogits, training::kLoss,   training::kCorrect,
                                     training::kTrain,  training::kInit,   training::kGlobalStep};

// The mean loss and the number of right answers.
Endpoint AddLoss(Scope scope, Endpoint logits) {
  Endpoint labels =
      ops::Placeholder(scope.Named(training::kLabels), {.dtype = DataType::kInt32, .shape = {PartialShape::kUnknown}});
  ops::Softmax(scope.Named(training::kProbabilities), logits);
  Scope inner = scope.SubScope(training::kLoss);
  auto losses = ops::SparseSoftmaxCrossEntropyWithLogits(inner, logits, labels);
  Endpoint loss = ops::Mean(scope.Named(training::kLoss), losses.loss, inner.Named("axes").Ints({0}));

  inner = scope.SubScope(training::kCorrect);
  Endpoint best = ops::ArgMax(inner, logits, inner.Named("axis").Scalar<int32_t>(1), {.output_type = DataType::kInt32});
  Endpoint right = ops::Cast(inner, ops::Equal(inner, best, labels), {.DstT = DataType::kFloat});
  ops::Sum(scope.Named(training::kCorrect), right, inner.Named("axes").Ints({0}));
  return loss;
}

struct Variable {
  Endpoint handle;
  NodeId assign = -1;
};

// A variable full of zeros, NAME.
Variable AddZeros(Scope scope, const std::string& name, DataType dtype, const Shape& shape) {
  Variable variable;
  variable.handle = ops::VarHandleOp(scope.Named(name), {.shared_name = name, .dtype = dtype, .shape = shape});
  Scope inner = scope.SubScope(name);
  std::vector<int32_t> dims(shape.dims().begin(), shape.dims().end());
  Endpoint zero =
      dtype == DataType::kInt64 ? inner.Named("zero").Scalar<int64_t>(0) : inner.Named("zero").Scalar<float>(0);
  Endpoint zeros = shape.rank() == 0 ? zero : ops::Fill(inner, inner.Named("shape").Ints(dims), zero);
  variable.assign = ops::AssignVariableOp(scope.Named(name + "/Assign"), variable.handle, zeros, {.dtype = dtype});
  return variable;
}

class Updates {
 public:
  Updates(Network& network, const TrainingOptions& options, Endpoint rate)
      : network_(network), options_(options), rate_(rate) {
    if (options.optimizer == TrainingOptions::kMomentum) {
      momentum_ = network.scope().SubScope(training::kTrain).Named("momentum").Scalar<float>(options.momentum);
    }
    if (options.weight_decay != 0) {
      decay_ = network.scope().SubScope(training::kTrain).Named("weight_decay").Scalar<float>(options.weight_decay);
    }
  }

  // One step of one variable. Returns what assigns its slots.
  void Add(const NetworkVariable& variable, Endpoint gradient) {
    Scope scope = network_.scope();
    if (!variable.device.empty()) scope = scope.WithDevice(variable.device);
    Scope update = scope.SubScope(training::kTrain).SubScope(variable.name);
    if (options_.weight_decay != 0) {
      gradient = ops::Add(update, gradient, ops::Mul(update, variable.value, decay_));
    }
    if (options_.optimizer == TrainingOptions::kSgd) {
      steps.push_back(ops::ResourceApplyGradientDescent(update, variable.handle, rate_, gradient));
      return;
    }
    Variable slot = AddZeros(scope, variable.name + "/Momentum", DataType::kFloat, variable.shape);
    assigns.push_back(slot.assign);
    steps.push_back(ops::ResourceApplyMomentum(update, variable.handle, slot.handle, rate_, gradient, momentum_,
                                               {.use_nesterov = options_.nesterov}));
  }

  std::vector<NodeId> steps;    // what `train` runs
  std::vector<NodeId> assigns;  // what `init` runs

 private:
  Network& network_;
  const TrainingOptions& options_;
  Endpoint rate_, momentum_, decay_;
};

}  // namespace

absl::Status AddTraining(Layer logits, const TrainingOptions& options, const GradientRegistry& gradients) {
  Network& network = *logits.network;
  SLUICE_RETURN_IF_ERROR(network.status());
  Scope scope = network.scope();
  Scope head = options.device.empty() ? scope : scope.WithDevice(options.device);
  Endpoint loss = AddLoss(head, logits.output);
  SLUICE_RETURN_IF_ERROR(scope.status());

  std::vector<Endpoint> values;
  std::vector<NetworkVariable> trainable = network.variables();
  std::erase_if(trainable, [](const NetworkVariable& variable) { return !variable.trainable; });
  for (const NetworkVariable& variable : trainable) values.push_back(variable.value);
  SLUICE_ASSIGN_OR_RETURN(std::vector<Grad> grads, AddGradients(scope, gradients, {loss}, values));

  Endpoint default_rate = scope.SubScope(training::kLearningRate).Named("default").Scalar<float>(options.rate);
  Endpoint rate = ops::PlaceholderWithDefault(scope.Named(training::kLearningRate), default_rate,
                                              {.dtype = DataType::kFloat, .shape = Shape{}});
  Updates updates(network, options, rate);
  for (size_t i = 0; i < grads.size(); ++i) {
    const NetworkVariable& variable = trainable[i];
    if (!HasGrad(grads[i])) {
      return absl::InvalidArgumentError(absl::StrCat("the loss does not depend on variable '", variable.name, "'"));
    }
    GradScope dense(scope.SubScope("gradients").SubScope(variable.name), scope.graph().node(variable.value.node));
    updates.Add(variable, dense.Dense(grads[i]));
  }

  Variable step = AddZeros(scope, training::kGlobalStep, DataType::kInt64, Shape{});
  updates.assigns.push_back(step.assign);
  Scope count = scope.SubScope(training::kTrain).SubScope(training::kGlobalStep);
  updates.steps.push_back(ops::AssignAddVariableOp(count, step.handle, count.Named("one").Scalar<int64_t>(1)));
  ops::NoOp(scope.WithControl(updates.steps).Named(training::kTrain));
  network.AddInit(updates.assigns);
  return scope.status();
}

absl::Status CheckTrainingGraph(const Graph& graph) {
  std::vector<std::string> missing;
  for (const char* name : kAllNames) {
    if (graph.Find(name) == nullptr) missing.push_back(name);
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("not a training graph: it has no node ", absl::StrJoin(missing, ", ")));
}

}  // namespace sluice
