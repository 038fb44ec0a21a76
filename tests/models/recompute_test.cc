#include "models/recompute.h"

#include "absl/strings/match.h"

#include "models/catalog.h"
#include "tests/models/training_fixture.h"

namespace sluice {
namespace {

using namespace testing;

struct Trained {
  std::vector<float> losses;
  std::vector<std::vector<float>> variables;
  int64_t arena_bytes = 0;
  int clones = 0;
};

// A few steps of a network at a small size.
Trained Train(const std::string& name, bool recompute, const NetworkOptions& options, int64_t batch) {
  Graph graph(TheRuntime().ops());
  Network network(graph);
  Layer logits = FindNetwork(name)->Build(network, options);
  TrainingOptions training;
  training.rate = 0.01f;
  training.recompute = recompute;
  absl::Status status = AddTraining(logits, training, TheRuntime().gradients());
  EXPECT_TRUE(status.ok()) << name << ": " << status;
  Trained trained;
  if (!status.ok()) return trained;
  for (NodeId id : graph.node_ids()) trained.clones += absl::StartsWith(graph.node(id).name, "recompute/") ? 1 : 0;
  auto session = MakeSession(graph);
  Dims dims = network.ShapeOf({graph.Find(training::kImages)->id, 0}).dims();
  dims[0] = batch;
  Tensor images(DataType::kUint8, Shape(dims)), labels(DataType::kInt32, Shape{batch});
  for (int64_t i = 0; i < images.num_elements(); ++i) images.data<uint8_t>()[i] = static_cast<uint8_t>(i * 37 % 251);
  for (int64_t i = 0; i < batch; ++i) labels.data<int32_t>()[i] = static_cast<int32_t>(i % 10);
  for (int step = 0; step < 3; ++step) {
    std::vector<Tensor> outputs;
    RunMetadata metadata;
    status = session->Run({}, {{training::kImages, images}, {training::kLabels, labels}}, {training::kTrainingLoss},
                          {training::kTrain}, &outputs, &metadata);
    EXPECT_TRUE(status.ok()) << name << ": " << status;
    if (!status.ok()) return trained;
    trained.losses.push_back(*outputs[0].data<float>());
    trained.arena_bytes = metadata.arena_bytes;
  }
  for (const NetworkVariable& v : network.variables()) trained.variables.push_back(Values(*session, v.name));
  return trained;
}

// Same bits, less memory: with dropout (VGG), batch normalisation and shortcuts (ResNet), branches (SqueezeNet).
TEST(RecomputeTest, SameBitsInLessMemory) {
  struct Row {
    const char* name;
    NetworkOptions options;
    double at_most;  // of the peak without
  };
  NetworkOptions vgg{.classes = 10, .width = 0.125}, resnet{.classes = 10, .width = 0.5}, squeeze{.classes = 10};
  vgg.input = {64, 64};
  squeeze.width = 0.25;
  squeeze.input = {67, 67};
  for (const Row& row :
       {Row{"vgg16", vgg, 0.9}, Row{"cifar_resnet32", resnet, 0.6}, Row{"squeezenet1_1", squeeze, 0.9}}) {
    Trained keeping = Train(row.name, false, row.options, 16), again = Train(row.name, true, row.options, 16);
    EXPECT_EQ(keeping.clones, 0);
    EXPECT_GT(again.clones, 5) << row.name;
    EXPECT_EQ(keeping.losses, again.losses) << row.name;
    EXPECT_TRUE(keeping.variables == again.variables) << row.name;
    EXPECT_LT(static_cast<double>(again.arena_bytes), row.at_most * static_cast<double>(keeping.arena_bytes))
        << row.name << ": " << again.arena_bytes << " of " << keeping.arena_bytes;
  }
}

TEST(RecomputeTest, CutsAreWhereLittleIsAlive) {
  Graph graph(TheRuntime().ops());
  Network network(graph);
  NetworkOptions options;
  Layer logits = FindNetwork("cifar_resnet20")->Build(network, options);
  Endpoint loss = ops::Sum(network.scope(), logits.output, network.scope().Ints({0, 1}));
  std::vector<RecomputeCut> cuts = ChooseCuts(network, loss);
  ASSERT_GT(cuts.size(), 2u);
  for (const RecomputeCut& cut : cuts) EXPECT_EQ(cut.alive.size(), 1u) << graph.node(cut.last).name;
}

TEST(RecomputeTest, ANetworkTooSmallToCutIsLeftAlone) {
  Graph graph(TheRuntime().ops());
  Network network(graph);
  Layer x = FullyConnected(InputData(network, {.shape = {3}}), 3, {.name = "fc"});
  TrainingOptions options;
  options.recompute = true;
  ASSERT_TRUE(AddTraining(Output(x, "logits"), options, TheRuntime().gradients()).ok());
  EXPECT_TRUE(TrainOnce(*MakeSession(graph)).ok());
}

}  // namespace
}  // namespace sluice
