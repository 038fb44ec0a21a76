#include "models/trainer.h"

#include <algorithm>

#include "absl/strings/match.h"

#include "graph/builders.h"
#include "io/checkpoint_reader.h"
#include "io/checkpoint_writer.h"

namespace sluice {
namespace {

absl::Status Train(Layer logits, const RegressionOptions& options) {
  if (options.loss != "categorical_crossentropy") {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no loss '", options.loss, "': expected categorical_crossentropy"));
  }
  TrainingOptions training = options.more;
  SLUICE_RETURN_IF_ERROR(SetOptimizer(options.optimizer, training));
  training.rate = options.learning_rate;
  training.weight_decay = options.weight_decay;
  GradientRegistry gradients;
  RegisterAllGradients(gradients);
  return AddTraining(logits, training, gradients);
}

}  // namespace

Layer Regression(Layer network, const RegressionOptions& options) {
  Network& net = *network.network;
  if (!net.status().ok()) return network;
  Graph& graph = net.graph();
  const Node& last = graph.node(network.output.node);
  if (last.name != training::kLogits) {
    const Endpoint logits = last.op() == "Softmax" ? last.inputs[0] : network.output;
    Scope scope = net.scope();
    const std::string device = graph.node(logits.node).device;
    if (!device.empty()) scope = scope.WithDevice(device);
    network = {&net, ops::Identity(scope.Named(training::kLogits), logits)};
  }
  net.scope().Fail(Train(network, options));
  return network;
}

Trainer::Trainer(Layer network, const TrainerOptions& options)
    : options_(options), graph_(network.network->graph()), status_(network.network->status()) {
  if (status_.ok()) status_ = Open();
}

absl::Status Trainer::Open() {
  SLUICE_RETURN_IF_ERROR(CheckTrainingGraph(graph_));
  SLUICE_ASSIGN_OR_RETURN(session_, NewSession(runtime_, options_.session));
  SLUICE_RETURN_IF_ERROR(session_->Create(graph_));
  std::vector<Tensor> none;
  return session_->Run({}, {}, {training::kInit}, &none);
}

DataType Trainer::images_type() const { return graph_.Find(training::kImages)->output_types[0]; }

absl::Status Trainer::Fit(const ImageDataset& data, const FitOptions& options) {
  SLUICE_RETURN_IF_ERROR(status_);
  ImageBatchOptions batches{
      .batch = options.batch, .dtype = images_type(), .shuffle = options.shuffle, .seed = options.seed};
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<BatchSource> source, NewImageBatches(data, batches));
  std::unique_ptr<BatchSource> test;
  if (options.validation != nullptr) {
    ImageBatchOptions all{.batch = 250, .dtype = images_type(), .shuffle = false, .drop_remainder = false};
    SLUICE_ASSIGN_OR_RETURN(test, NewImageBatches(*options.validation, all));
  }
  return Fit(*source, test.get(), options);
}

absl::Status Trainer::Fit(BatchSource& data, BatchSource* test, const FitOptions& options) {
  SLUICE_RETURN_IF_ERROR(status_);
  TrainingLoopOptions loop_options{.epochs = options.epochs,
                                   .directory = JoinPath(options_.directory, options.run_id),
                                   .keep = options.max_checkpoints,
                                   .snapshot_steps = options.snapshot_step,
                                   .keep_best = options.keep_best,
                                   .patience = options.patience};
  std::vector<Tensor> rate;
  SLUICE_RETURN_IF_ERROR(session_->Run({}, {training::kLearningRate}, {}, &rate));
  loop_options.rate = *rate[0].data<float>();
  SLUICE_ASSIGN_OR_RETURN(loop_options.schedule, Schedule::Parse(options.schedule));
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<TrainingLoop> loop,
                          TrainingLoop::Create(*session_, graph_, data, test, loop_options));
  if (options.resume) {
    absl::Status resumed = loop->Resume();
    if (!resumed.ok() && !absl::IsNotFound(resumed)) return resumed;
  }
  TrainingObserver silent;
  return loop->Train(options.observer != nullptr ? *options.observer : silent).status();
}

absl::StatusOr<Evaluation> Trainer::Evaluate(const ImageDataset& data, int64_t batch) {
  SLUICE_RETURN_IF_ERROR(status_);
  ImageBatchOptions all{.batch = batch, .dtype = images_type(), .shuffle = false, .drop_remainder = false};
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<BatchSource> source, NewImageBatches(data, all));
  return Evaluate(*source);
}

absl::StatusOr<Evaluation> Trainer::Evaluate(BatchSource& data) {
  SLUICE_RETURN_IF_ERROR(status_);
  Session::CallableHandle callable = 0;
  SLUICE_RETURN_IF_ERROR(session_->MakeCallable(EvaluationCallable(), &callable));
  auto evaluation = EvaluateBatches(*session_, callable, data);
  SLUICE_RETURN_IF_ERROR(session_->ReleaseCallable(callable));
  return evaluation;
}

absl::StatusOr<Tensor> Trainer::Predict(const Tensor& images) {
  SLUICE_RETURN_IF_ERROR(status_);
  std::vector<Tensor> outputs;
  SLUICE_RETURN_IF_ERROR(session_->Run({{training::kImages, images}}, {training::kProbabilities}, {}, &outputs));
  return std::move(outputs[0]);
}

absl::Status Trainer::Save(const std::string& prefix) {
  SLUICE_RETURN_IF_ERROR(status_);
  std::vector<NamedTensor> tensors;
  for (const std::string& name : session_->InitializedVariables()) {
    SLUICE_ASSIGN_OR_RETURN(Tensor value, session_->ReadVariable(name));
    tensors.push_back({name, std::move(value)});
  }
  return WriteCheckpoint(prefix, tensors, IfExists::kReplace);
}

absl::Status Trainer::Load(const std::string& prefix) {
  SLUICE_RETURN_IF_ERROR(status_);
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<CheckpointReader> reader, CheckpointReader::Open(prefix));
  // All are read before one is written: an error leaves the values as they were.
  std::vector<NamedTensor> tensors;
  for (const std::string& name : session_->InitializedVariables()) {
    SLUICE_ASSIGN_OR_RETURN(Tensor value, reader->Read(name));
    tensors.push_back({name, std::move(value)});
  }
  for (const NamedTensor& t : tensors) SLUICE_RETURN_IF_ERROR(session_->WriteVariable(t.name, t.tensor));
  return absl::OkStatus();
}

}  // namespace sluice
