#include "models/training.h"

#include <cmath>

#include "absl/strings/str_join.h"

#include "graph/builders.h"
#include "models/recompute.h"
#include "models/training_loss.h"
#include "models/training_twin.h"

namespace sluice {
namespace {

constexpr const char* kAllNames[] = {training::kImages,      training::kLabels,       training::kLearningRate,
                                     training::kLogits,      training::kLoss,         training::kCorrect,
                                     training::kCorrectTop5, training::kTrainingLoss, training::kTrainingCorrect,
                                     training::kTrain,       training::kInit,         training::kGlobalStep};

class TrainingHead {
 public:
  TrainingHead(Layer logits, const TrainingOptions& options)
      : network_(*logits.network), logits_(logits.output), options_(options), head_(network_.scope()) {
    if (!options.device.empty()) head_ = head_.WithDevice(options.device);
  }

  // Returns what is minimised.
  absl::StatusOr<Endpoint> AddLosses() {
    Endpoint labels = ops::Placeholder(head_.Named(training::kLabels),
                                       {.dtype = DataType::kInt32, .shape = {PartialShape::kUnknown}});
    ops::Softmax(head_.Named(training::kProbabilities), logits_);
    Endpoint loss = AddCrossEntropy(head_, training::kLoss, logits_, labels, 0);
    Endpoint correct = AddCorrect(head_, training::kCorrect, logits_, labels);
    AddCorrectTopK(head_, training::kCorrectTop5, logits_, labels, 5);
    SLUICE_RETURN_IF_ERROR(network_.status());

    std::vector<Endpoint> tensors = {logits_};
    for (const AuxiliaryLoss& auxiliary : network_.auxiliary_losses()) tensors.push_back(auxiliary.logits);
    SLUICE_ASSIGN_OR_RETURN(std::vector<Endpoint> twins,
                            BuildTrainingTwin(network_, tensors, options_.mixed_precision.type));
    const bool has_twin = !(twins[0] == logits_);
    Endpoint trained = correct;
    if (has_twin) trained = AddCorrect(head_, "training/correct_of_twin", twins[0], labels);
    ops::Identity(head_.Named(training::kTrainingCorrect), trained);

    Endpoint total = loss;
    if (has_twin || options_.label_smoothing > 0) {
      total = AddCrossEntropy(head_, "training/main_loss", twins[0], labels, options_.label_smoothing);
    }
    for (size_t i = 1; i < twins.size(); ++i) {
      Scope inner = head_.SubScope(training::kTwinScope);
      Endpoint more =
          AddCrossEntropy(inner, absl::StrCat("auxiliary_loss_", i), twins[i], labels, options_.label_smoothing);
      Endpoint weight =
          inner.Named(absl::StrCat("auxiliary_weight_", i)).Scalar<float>(network_.auxiliary_losses()[i - 1].weight);
      total = ops::Add(inner, total, ops::Mul(inner, more, weight));
    }
    total = ops::Identity(head_.Named(training::kTrainingLoss), total);
    SLUICE_RETURN_IF_ERROR(network_.status());
    return total;
  }

  // `scale` may be null.
  absl::Status AddUpdates(const std::vector<NetworkVariable>& variables, const std::vector<Grad>& grads,
                          LossScale* scale) {
    Scope scope = network_.scope();
    std::vector<Endpoint> gradients;
    for (size_t i = 0; i < variables.size(); ++i) {
      if (!HasGrad(grads[i])) {
        return absl::InvalidArgumentError(
            absl::StrCat("the loss does not depend on variable '", variables[i].name, "'"));
      }
      GradScope dense(scope.SubScope("gradients").SubScope(variables[i].name),
                      scope.graph().node(variables[i].value.node));
      gradients.push_back(dense.Dense(grads[i]));
    }
    std::optional<Endpoint> is_finite;
    if (scale != nullptr) is_finite = scale->Unscale(variables, gradients);
    OptimizerNodes nodes = AddOptimizer(network_, options_, variables, std::move(gradients), is_finite);
    if (scale != nullptr) scale->AddUpdate(*is_finite, nodes);
    nodes.steps.insert(nodes.steps.end(), network_.updates().begin(), network_.updates().end());

    OptimizerSlot step = AddSlot(scope, training::kGlobalStep, Shape{}, Tensor::Scalar<int64_t>(0));
    nodes.assigns.push_back(step.assign);
    Scope count = scope.SubScope(training::kTrain).SubScope(training::kGlobalStep);
    nodes.steps.push_back(ops::AssignAddVariableOp(count, step.handle, count.Named("one").Scalar<int64_t>(1)));
    ops::NoOp(scope.WithControl(nodes.steps).Named(training::kTrain));
    network_.AddInit(nodes.assigns);
    return scope.status();
  }

 private:
  Network& network_;
  const Endpoint logits_;
  const TrainingOptions& options_;
  Scope head_;
};

}  // namespace

absl::Status AddTraining(Layer logits, const TrainingOptions& options, const GradientRegistry& gradients) {
  Network& network = *logits.network;
  SLUICE_RETURN_IF_ERROR(network.status());
  const MixedPrecision& precision = options.mixed_precision;
  if (precision.type != DataType::kFloat && !IsHalfPrecision(precision.type)) {
    return absl::InvalidArgumentError(
        absl::StrCat("mixed precision with ", DataTypeName(precision.type), ": expected float, half or bfloat16"));
  }
  if (!(precision.initial_scale() >= 0) || !std::isfinite(precision.initial_scale()) || precision.growth_steps < 1) {
    return absl::InvalidArgumentError(absl::StrCat("a loss scale of ", precision.initial_scale(),
                                                   " that doubles after ", precision.growth_steps, " steps"));
  }
  TrainingHead head(logits, options);
  SLUICE_ASSIGN_OR_RETURN(Endpoint loss, head.AddLosses());
  std::unique_ptr<LossScale> scale;
  if (precision.initial_scale() > 0) {
    scale = std::make_unique<LossScale>(network, precision, options.device);
    loss = scale->Scaled(loss);
    SLUICE_RETURN_IF_ERROR(network.status());
  }

  std::vector<NetworkVariable> variables = network.variables();
  std::erase_if(variables, [](const NetworkVariable& variable) { return !variable.trainable; });
  std::vector<Endpoint> values;
  for (const NetworkVariable& variable : variables) values.push_back(variable.value);
  std::vector<Grad> grads;
  if (options.recompute) {
    SLUICE_ASSIGN_OR_RETURN(grads, AddGradientsWithRecompute(network, gradients, loss, values));
  } else {
    SLUICE_ASSIGN_OR_RETURN(grads, AddGradients(network.scope(), gradients, {loss}, values));
  }
  return head.AddUpdates(variables, grads, scale.get());
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
