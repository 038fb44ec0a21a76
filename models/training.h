// From a network's logits to a graph that trains itself: losses, gradients, updates and first values are nodes
// of the one graph, under names that stay.
#pragma once

#include <string>
#include <vector>

#include "graph/gradients.h"
#include "models/layers.h"
#include "models/mixed_precision.h"
#include "models/training_optimizer.h"

namespace SLUICE_API sluice {

// The names, for whoever runs such a graph.
namespace training {
inline constexpr const char* kImages = "images";                // fed
inline constexpr const char* kLabels = "labels";                // fed: int32 [batch]
inline constexpr const char* kLearningRate = "learning_rate";   // may be fed: float
inline constexpr const char* kMomentum = "momentum";            // may be fed: float; where the optimiser has one
inline constexpr const char* kLogits = "logits";                // float [batch, classes]
inline constexpr const char* kProbabilities = "probabilities";  // their softmax
// Of the network as it is used, for evaluation: the batch's mean cross-entropy, and how many of the batch have their
// label at, or among the five of, the largest logits; float.
inline constexpr const char* kLoss = "loss";
inline constexpr const char* kCorrect = "correct";
inline constexpr const char* kCorrectTop5 = "correct_top5";
// Of the network as it trains: what is minimised but for weight decay (smoothing and auxiliary losses included), and
// how many are right. The same as above where nothing differs.
inline constexpr const char* kTrainingLoss = "training/loss";
inline constexpr const char* kTrainingCorrect = "training/correct";
inline constexpr const char* kTrain = "train";             // target: one step, as fed
inline constexpr const char* kInit = "init";               // target: first values for every variable
inline constexpr const char* kGlobalStep = "global_step";  // variable: int64, how often `train` ran

// Scopes: clones for training, clones that compute activations again, clipping.
inline constexpr const char* kTwinScope = "training";
inline constexpr const char* kRecomputeScope = "recompute";
inline constexpr const char* kClip = "clip";
}  // namespace training

struct TrainingOptions : OptimizerOptions {
  float label_smoothing = 0;
  // Computes activations again in the backward pass instead of keeping them (models/recompute.h).
  bool recompute = false;
  // What is trained computes in half precision (models/mixed_precision.h); the network itself stays float.
  MixedPrecision mixed_precision = {};
};

// Adds all of these to the network's graph. The network's placeholder must be called `images`, and what is given must
// be the node `logits`. Loss and accuracy are on `options.device`. Errors are those of the graph and of its gradients,
// naming nodes.
absl::Status AddTraining(Layer logits, const TrainingOptions& options, const GradientRegistry& gradients);

// NotFound naming every one that is missing where `graph` is not such a graph.
absl::Status CheckTrainingGraph(const Graph& graph);

}  // namespace sluice
