#include "tests/gpu_check/network_run.h"

#include <cmath>

#include "tests/models/fixed_values.h"

namespace sluice::gpu_check {
namespace {

constexpr int64_t kOpenSize = 64;  // of pictures, for a network that takes any
constexpr uint64_t kSeed = 7;

Tensor Labels(int64_t batch, int64_t classes) {
  Tensor labels(DataType::kInt32, Shape{batch});
  for (int64_t i = 0; i < batch; ++i) labels.data<int32_t>()[i] = static_cast<int32_t>(i * 7 % classes);
  return labels;
}

}  // namespace

NetworkRun::NetworkRun(const Runtime& runtime, const CatalogNetwork& entry, NetworkOptions options, DataType precision)
    : runtime_(runtime), entry_(entry), graph_(runtime.ops()), network_(graph_, kSeed) {
  picture_ = entry.input;
  for (size_t i = 0; i < 2; ++i) {
    if (picture_[i] <= 0) picture_[i] = kOpenSize;
  }
  options.dtype = DataType::kFloat;
  options.scale = 1;
  answer_ = entry.Build(network_, options);
  status_ = network_.status();
  if (!status_.ok() || !can_train()) return;
  TrainingOptions training;
  training.rate = 0.01F;
  training.mixed_precision.type = precision;
  training.device = graph_.node(answer_.output.node).device;
  status_ = AddTraining(answer_, training, runtime.gradients());
}

absl::Status NetworkRun::SetWeights(Session& session) const {
  for (const NetworkVariable& variable : network_.variables()) {
    SLUICE_RETURN_IF_ERROR(session.WriteVariable(variable.name, testing::FixedVariable(variable.name, variable.shape)));
  }
  return absl::OkStatus();
}

absl::StatusOr<NetworkResult> NetworkRun::Run(const SessionOptions& where, int64_t batch, int runs) const {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, NewSession(runtime_, where));
  SLUICE_RETURN_IF_ERROR(session->Create(Graph(graph_)));
  if (can_train()) SLUICE_RETURN_IF_ERROR(session->Run({}, {}, {training::kInit}, nullptr));
  SLUICE_RETURN_IF_ERROR(SetWeights(*session));
  NetworkResult result;
  const Tensor pictures = testing::FixedPictures(Shape{batch, picture_[0], picture_[1], picture_[2]});
  const Session::Feeds feeds = {{training::kImages, pictures},
                                {training::kLabels, Labels(batch, std::max<int64_t>(entry_.classes, 1))}};
  std::vector<Tensor> outputs;
  for (int run = 0; run < runs; ++run) {
    SLUICE_RETURN_IF_ERROR(session->Run({feeds[0]}, {graph_.NameOf(answer_.output)}, {}, &outputs));
  }
  SLUICE_ASSIGN_OR_RETURN(result.answer, outputs[0].Clone());
  for (int step = 0; step < runs && can_train(); ++step) {
    if (step > 0) SLUICE_RETURN_IF_ERROR(SetWeights(*session));
    SLUICE_RETURN_IF_ERROR(session->Run(feeds, {training::kTrainingLoss}, {training::kTrain}, &outputs));
    result.losses.push_back(outputs[0].data<float>()[0]);
  }
  for (const NetworkVariable& variable : network_.variables()) {
    SLUICE_ASSIGN_OR_RETURN(result.variables[variable.name], session->ReadVariable(variable.name));
  }
  result.warnings = session->warnings();
  SLUICE_RETURN_IF_ERROR(session->Close());
  return result;
}

double NetworkRun::Drift(const NetworkResult& expected, const NetworkResult& actual) const {
  double moved = 0, apart = 0;
  for (const NetworkVariable& variable : network_.variables()) {
    const Tensor start = testing::FixedVariable(variable.name, variable.shape);
    const auto from = start.values<float>(), to = expected.variables.at(variable.name).values<float>(),
               other = actual.variables.at(variable.name).values<float>();
    for (size_t i = 0; i < to.size(); ++i) {
      moved += std::pow(static_cast<double>(to[i]) - from[i], 2);
      apart += std::pow(static_cast<double>(other[i]) - to[i], 2);
    }
  }
  return std::sqrt(apart / moved);
}

}  // namespace sluice::gpu_check
