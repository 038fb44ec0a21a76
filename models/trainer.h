// Training a network of layers in a few lines:
//
//   Layer network = InputData(net, {.shape = {224, 224, 3}});
//   …
//   network = FullyConnected(network, 17, {.activation = "softmax"});
//   network = Regression(network, {.optimizer = "rmsprop", .loss = "categorical_crossentropy", .learning_rate = 0.001});
//   Trainer model(network, {.directory = "vgg"});
//   absl::Status status = model.Fit(data, {.epochs = 500, .shuffle = true, .batch = 32, .snapshot_step = 500,
//                                          .max_checkpoints = 1, .run_id = "vgg_oxflowers17"});
#pragma once

#include <memory>
#include <string>

#include "models/layers.h"
#include "models/training.h"
#include "models/training_loop.h"
#include "runtime/runtime.h"

namespace SLUICE_API sluice {

struct RegressionOptions {
  std::string optimizer = "momentum";             // see SetOptimizer
  std::string loss = "categorical_crossentropy";  // the only one
  float learning_rate = 0.05f;
  float weight_decay = 0;
  TrainingOptions more = {};  // what else AddTraining understands; those above win
};

// Makes the network a classifier that trains: `logits`, losses, gradients and updates (AddTraining). A softmax at its
// end is left out of the loss, which has one of its own. Returns `logits`. An error is the network's.
Layer Regression(Layer network, const RegressionOptions& options = {});

struct TrainerOptions {
  std::string directory = "sluice-run";  // checkpoints are in the folder of the run's id below it
  SessionOptions session = {};
};

struct FitOptions {
  int64_t epochs = 10;
  bool shuffle = true;
  int64_t batch = 64;
  int64_t snapshot_step = 0;  // 0: a checkpoint after each epoch only
  int max_checkpoints = 5;    // 0: all are kept
  std::string run_id = "run";
  std::string schedule = "constant";         // of the learning rate, see Schedule::Parse
  uint64_t seed = 1;                         // of the order of the examples
  const ImageDataset* validation = nullptr;  // evaluated after each epoch
  bool keep_best = false;                    // needs validation, as does patience
  int64_t patience = 0;
  bool resume = false;  // from the newest checkpoint, where there is one
  TrainingObserver* observer = nullptr;
};

// Owns a session of the network's graph. Not thread-safe.
class Trainer {
 public:
  // `network` is what Regression returned; its graph is copied, the registries behind it must outlive the trainer.
  // What is wrong with network or options is the status of the first call.
  explicit Trainer(Layer network, const TrainerOptions& options = {});

  // Trains, beginning with the values that there are: first ones, loaded ones, or those of the last Fit. Data must
  // outlive the call. The batch's examples are bytes or floats as the network's `images` takes them.
  absl::Status Fit(const ImageDataset& data, const FitOptions& options);
  // The same from any source; `test` may be null. options.batch, seed and shuffle are the source's business.
  absl::Status Fit(BatchSource& data, BatchSource* test, const FitOptions& options);

  absl::StatusOr<Evaluation> Evaluate(const ImageDataset& data, int64_t batch = 250);
  absl::StatusOr<Evaluation> Evaluate(BatchSource& data);
  // [n, classes] probabilities of pictures [n, …] of the dtype of `images`.
  absl::StatusOr<Tensor> Predict(const Tensor& images);

  // All variables, the optimiser's included: a checkpoint at PREFIX, which is replaced. Load takes the variables that
  // the network has; NotFound names one that is missing.
  absl::Status Save(const std::string& prefix);
  absl::Status Load(const std::string& prefix);

  // nullptr where the network is wrong.
  Session* session() { return session_.get(); }

 private:
  absl::Status Open();
  // The dtype of the images that the network takes.
  DataType images_type() const;

  const TrainerOptions options_;
  Graph graph_;
  const Runtime runtime_;
  std::unique_ptr<Session> session_;
  absl::Status status_;  // of the network, then of the session
};

}  // namespace sluice
