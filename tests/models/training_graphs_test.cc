// Every network trains: its training graph, at reduced size, takes steps and its loss falls.
#include <cmath>

#include "models/training.h"
#include "tests/models/built_network.h"

namespace sluice {
namespace {

using testing::BuiltNetwork;
using testing::Fetch;

class TrainingGraph : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> Classifiers() {
  std::vector<std::string> names;
  for (const CatalogNetwork& network : Catalog()) {
    // Those of the deepest are the same nodes again.
    bool is_deep = absl::StrContains(network.name, "1202") || absl::StrContains(network.name, "110");
    if (network.classes > 0 && !is_deep) names.push_back(network.name);
  }
  return names;
}

TEST_P(TrainingGraph, TakesSteps) {
  const CatalogNetwork& entry = *FindNetwork(GetParam());
  NetworkOptions options{.classes = 4, .width = 0.125, .aux = entry.Understands("aux")};
  const bool is_large = entry.input[0] > 32;
  // The auxiliary classifiers of GoogLeNet pool 5×5 at a sixteenth of the size.
  if (is_large) options.input = {options.aux ? 96 : 67, options.aux ? 96 : 67};
  if (absl::StartsWith(entry.name, "vgg")) options.input = {32, 32};
  BuiltNetwork net(entry.name, options);
  TrainingOptions training;
  training.rate = 1e-3F;
  training.device = net.graph.node(net.result.output.node).device;
  absl::Status added = AddTraining(net.result, training, testing::SharedRuntime().gradients());
  ASSERT_TRUE(added.ok()) << added;
  for (const AuxiliaryLoss& aux : net.network.auxiliary_losses()) EXPECT_FLOAT_EQ(aux.weight, 0.3F);
  auto session = net.Open({.devices = "cpu:2", .threads = 1, .deterministic = true});
  absl::Status status = session->Run({}, {}, {"init"}, nullptr);
  ASSERT_TRUE(status.ok()) << status;
  Shape shape{8, options.input.empty() ? entry.input[0] : options.input[0],
              options.input.empty() ? entry.input[1] : options.input[1], entry.input[2]};
  Session::Feeds feeds = {{"images", testing::FixedTensor("pictures", shape, -1, 1)},
                          {"labels", Tensor::Vector<int32_t>({0, 1, 2, 3, 3, 2, 1, 0})}};
  for (int step = 0; step < 3; ++step) {
    std::vector<Tensor> outputs;
    status = session->Run(feeds, {training::kTrainingLoss}, {"train"}, &outputs);
    ASSERT_TRUE(status.ok()) << status;
    const float loss = outputs[0].data<float>()[0];
    EXPECT_TRUE(std::isfinite(loss)) << loss;
    EXPECT_LT(loss, options.aux ? 16.0F : 10.0F) << "of the order of log 4";
  }
  Tensor loss = Fetch(*session, feeds, "loss");
  EXPECT_TRUE(std::isfinite(loss.data<float>()[0]));
  for (const std::string& name : session->InitializedVariables()) {
    auto value = session->ReadVariable(name);
    ASSERT_TRUE(value.ok()) << value.status();
    if (value->dtype() != DataType::kFloat) continue;
    for (float x : value->values<float>()) ASSERT_TRUE(std::isfinite(x)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, TrainingGraph, ::testing::ValuesIn(Classifiers()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace sluice
