// The training graph: losses, the twin, what is updated, what crosses between devices.
#include "models/training.h"

#include <cmath>

#include "absl/strings/match.h"

#include "graph/propagate.h"
#include "runtime/prepare.h"
#include "tests/models/training_fixture.h"

namespace sluice {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// A spot that in training multiplies by a factor.
Layer Times(Layer x, float factor, const std::string& name) {
  Network* network = x.network;
  Endpoint same = ops::Identity(network->scope().Named(name), x.output);
  network->OnTraining(same, {x.output}, [=](Scope scope, absl::Span<const Endpoint> inputs) {
    return ops::Mul(scope.Named(name), inputs[0], scope.Named(name + "/factor").Scalar<float>(factor));
  });
  return {network, same};
}

class TrainingTest : public ::testing::Test {
 protected:
  Layer Input() { return InputData(network_, {.shape = {3}}); }
  std::unique_ptr<Session> Finish(Layer x, const TrainingOptions& options = {}, const std::string& devices = "cpu:1") {
    absl::Status status = AddTraining(Output(x, "logits"), options, TheRuntime().gradients());
    EXPECT_TRUE(status.ok()) << status;
    return MakeSession(graph_, devices);
  }
  // Names without the prefix "training/", sorted.
  std::vector<std::string> TwinNodes(absl::string_view op) const {
    std::vector<std::string> names;
    for (NodeId id : graph_.node_ids()) {
      const Node& node = graph_.node(id);
      if (absl::StartsWith(node.name, "training/") && node.op() == op) names.push_back(node.name.substr(9));
    }
    return names;
  }

  Graph graph_{TheRuntime().ops()};
  Network network_{graph_};
};

TEST_F(TrainingTest, ANetworkWithoutSpotsHasNoTwin) {
  auto session = Finish(FullyConnected(Input(), 3, {.name = "fc"}));
  EXPECT_THAT(TwinNodes("MatMul"), IsEmpty());
  EXPECT_EQ(Fetch(*session, training::kTrainingLoss), Fetch(*session, training::kLoss));
  EXPECT_EQ(Fetch(*session, training::kTrainingCorrect), Fetch(*session, training::kCorrect));
}

TEST_F(TrainingTest, WhatDependsOnASpotIsClonedVariablesAreShared) {
  Layer x = FullyConnected(Input(), 4, {.activation = "relu", .name = "fc1"});
  x = Times(x, 3, "spot1");
  x = FullyConnected(x, 3, {.name = "fc2"});
  x = Times(x, 2, "spot2");
  auto session = Finish(x);
  EXPECT_THAT(TwinNodes("MatMul"), ElementsAre("fc2/MatMul"));
  EXPECT_THAT(TwinNodes("BiasAdd"), ElementsAre("fc2/BiasAdd"));
  EXPECT_THAT(TwinNodes("ReadVariableOp"), IsEmpty());
  const Node* clone = graph_.Find("training/fc2/MatMul");
  ASSERT_NE(clone, nullptr);
  EXPECT_EQ(graph_.NameOf(clone->inputs[0]), "training/spot1");
  EXPECT_EQ(graph_.NameOf(clone->inputs[1]), "fc2/weights/Read");

  // The same by hand: twice (three times relu(...) · w2), as the biases are 0.
  std::vector<Tensor> outputs;
  ASSERT_TRUE(session->Run(SomeExamples(), {training::kLogits}, {}, &outputs).ok());
  double loss = 0;
  const int32_t labels[] = {0, 1, 2, 1};
  for (int r = 0; r < 4; ++r) {
    const float* row = outputs[0].data<float>() + 3 * r;
    double sum = 0;
    for (int c = 0; c < 3; ++c) sum += std::exp(6.0 * row[c]);
    loss += std::log(sum) - 6.0 * row[labels[r]];
  }
  EXPECT_NEAR(Fetch(*session, training::kTrainingLoss), loss / 4, 1e-5);
  EXPECT_NE(Fetch(*session, training::kTrainingLoss), Fetch(*session, training::kLoss));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(TrainOnce(*session).ok());
  EXPECT_LT(Fetch(*session, training::kLoss), 0.8f);
}

// A spot of which two branches are made, and one whose tensor nothing uses.
TEST_F(TrainingTest, ASpotIsBuiltOnceAndOnlyWhereItIsUsed) {
  Layer x = Input();
  int calls = 0;
  Endpoint same = ops::Identity(network_.scope().Named("spot"), x.output);
  network_.OnTraining(same, {x.output}, [&](Scope scope, absl::Span<const Endpoint> inputs) {
    ++calls;
    return ops::Neg(scope, inputs[0]);
  });
  Endpoint unused = ops::Identity(network_.scope().Named("unused"), x.output);
  network_.OnTraining(unused, {x.output}, [&](Scope, absl::Span<const Endpoint>) -> Endpoint {
    ADD_FAILURE() << "nothing uses it";
    return {};
  });
  Layer a = FullyConnected({&network_, same}, 3, {.name = "a"}),
        b = FullyConnected({&network_, same}, 3, {.name = "b"});
  Finish({&network_, ops::Add(network_.scope().Named("sum"), a.output, b.output)});
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(TwinNodes("MatMul"), UnorderedElementsAre("a/MatMul", "b/MatMul"));
}

TEST_F(TrainingTest, AFormOfAnotherTypeIsAnError) {
  Layer x = FullyConnected(Input(), 3);
  network_.OnTraining(x.output, {x.output}, [](Scope scope, absl::Span<const Endpoint> inputs) {
    return ops::Cast(scope, inputs[0], {.DstT = DataType::kDouble});
  });
  absl::Status status = AddTraining(Output(x, "logits"), {}, TheRuntime().gradients());
  EXPECT_THAT(std::string(status.message()), HasSubstr("is double, expected float"));
}

TEST_F(TrainingTest, MovingAveragesFollowTheBatch) {
  Layer x = Input();
  Endpoint average = network_.AddVariable("average", Shape{3}, Initializer::Constant(1), {.trainable = false});
  Endpoint shifted = ops::Sub(network_.scope().Named("shifted"), x.output, average);
  network_.OnTraining(shifted, {x.output}, [&](Scope scope, absl::Span<const Endpoint> inputs) {
    Endpoint mean = ops::Mean(scope, inputs[0], scope.Ints({0}));
    network_.AddMovingAverage(scope.SubScope("average"), average, mean, 0.75f);
    return ops::Sub(scope, inputs[0], mean);
  });
  auto session = Finish(FullyConnected({&network_, shifted}, 3, {.name = "fc"}));
  EXPECT_EQ(network_.num_parameters(), 12);
  ASSERT_TRUE(TrainOnce(*session).ok());
  // The means are 0, 1.125 and 1.
  EXPECT_THAT(Values(*session, "average"), ElementsAre(0.75f, 1 + 0.125f / 4, 1));
  Fetch(*session, training::kLoss);
  EXPECT_THAT(Values(*session, "average"), ElementsAre(0.75f, 1 + 0.125f / 4, 1)) << "not by an evaluation";
}

TEST_F(TrainingTest, LabelsAreSmoothedInTrainingAlone) {
  TrainingOptions options;
  options.label_smoothing = 0.3f;
  auto session = Finish(FullyConnected(Input(), 3, {.name = "fc"}), options);
  std::vector<Tensor> outputs;
  ASSERT_TRUE(session->Run(SomeExamples(), {training::kProbabilities}, {}, &outputs).ok());
  double smooth = 0, plain = 0;
  const int32_t labels[] = {0, 1, 2, 1};
  for (int r = 0; r < 4; ++r) {
    for (int c = 0; c < 3; ++c) {
      double log_p = std::log(outputs[0].data<float>()[3 * r + c]);
      smooth -= log_p * (0.3 / 3 + (c == labels[r] ? 0.7 : 0)) / 4;
      plain -= c == labels[r] ? log_p / 4 : 0;
    }
  }
  EXPECT_NEAR(Fetch(*session, training::kTrainingLoss), smooth, 1e-5);
  EXPECT_NEAR(Fetch(*session, training::kLoss), plain, 1e-5);
}

TEST_F(TrainingTest, AuxiliaryLossesCountWeighted) {
  Layer x = Input();
  Layer hidden = FullyConnected(x, 4, {.activation = "relu", .name = "hidden"});
  Layer side = Times(FullyConnected(hidden, 3, {.name = "side"}), 2, "spot");
  network_.AddAuxiliaryLoss(side.output, 0.3f);
  auto session = Finish(FullyConnected(hidden, 3, {.name = "main"}));
  EXPECT_NEAR(Fetch(*session, training::kTrainingLoss),
              Fetch(*session, training::kLoss) + 0.3f * Fetch(*session, "training/auxiliary_loss_1"), 1e-6);
  std::vector<float> before = Values(*session, "side/weights");
  ASSERT_TRUE(TrainOnce(*session).ok());
  EXPECT_NE(before, Values(*session, "side/weights"));
}

TEST_F(TrainingTest, RightAnswersAmongTheFirstFive) {
  Layer x = InputData(network_, {.shape = {7}});
  absl::Status status =
      AddTraining(Output(Times(FullyConnected(x, 7), 1, "s"), "logits"), {}, TheRuntime().gradients());
  ASSERT_TRUE(status.ok()) << status;
  auto session = MakeSession(graph_);
  Session::Feeds feeds = {
      {training::kLogits, Tensor::Of<float>({1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7}, Shape{2, 7})},
      {training::kLabels, Tensor::Vector<int32_t>({6, 2})}};
  EXPECT_EQ(Fetch(*session, training::kCorrect, feeds), 1);
  EXPECT_EQ(Fetch(*session, training::kCorrectTop5, feeds), 2);
}

TEST_F(TrainingTest, AVariableOutOfReachIsAnError) {
  Layer x = Input();
  FullyConnected(x, 5, {.name = "forgotten"});
  absl::Status status = AddTraining(Output(FullyConnected(x, 3), "logits"), {}, TheRuntime().gradients());
  EXPECT_THAT(std::string(status.message()), HasSubstr("does not depend on variable 'forgotten/weights'"));
}

// Two towers that exchange once. Whatever the options, only the activations that the towers exchange, their gradients
// and scalars cross.
TEST_F(TrainingTest, NothingLargeCrossesThatTheNetworkDoesNotSend) {
  const char* devices[] = {"/cpu:0", "/cpu:1"};
  std::vector<Layer> towers;
  for (int i : {0, 1}) {
    Layer x = InputData(network_, {.name = i == 0 ? "images" : "images2", .shape = {3}, .device = devices[i]});
    x = FullyConnected(x, 50, {.activation = "relu", .name = i == 0 ? "a" : "b", .device = devices[i]});
    towers.push_back(x);
  }
  std::vector<Layer> tops;
  for (int i : {0, 1}) {
    Layer both{&network_, ops::Add(network_.scope().WithDevice(devices[i]), towers[0].output, towers[1].output)};
    both = Times({&network_, both.output}, 2, i == 0 ? "s" : "t");
    network_.graph().node(both.output.node).device = devices[i];
    tops.push_back(FullyConnected(both, 3, {.name = i == 0 ? "c" : "d", .device = devices[i]}));
  }
  Scope head = network_.scope().WithDevice(devices[1]);
  TrainingOptions options;
  ASSERT_TRUE(SetOptimizer("adam", options).ok());
  options.weight_decay = 0.1f;
  options.clip_norm = 1;
  options.clip_value = 1;
  options.label_smoothing = 0.1f;
  options.device = devices[1];
  Layer logits{&network_, ops::Add(head.Named("logits"), tops[0].output, tops[1].output)};
  absl::Status status = AddTraining(logits, options, TheRuntime().gradients());
  ASSERT_TRUE(status.ok()) << status;

  auto session = MakeSession(graph_, "cpu:2");
  PrepareOptions prepare;
  prepare.feeds = {training::kImages, "images2", training::kLabels, training::kLearningRate};
  prepare.fetches = {training::kTrainingLoss};
  prepare.targets = {training::kTrain};
  auto prepared = PrepareGraph(graph_, prepare, session->devices(), TheRuntime());
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  auto infos = PropagateShapes(*prepared->graph);
  ASSERT_TRUE(infos.ok());
  int large = 0;
  for (const auto& edge : prepared->partition.channels) {
    if (edge.source.index == kControl) continue;
    const TensorInfo& info = (*infos)[edge.source.node][edge.source.index];
    if (!info.shape.has_rank() || info.shape.rank() == 0) continue;
    ++large;
    EXPECT_EQ(info.shape.rank(), 2) << prepared->graph->NameOf(edge.source) << " " << info.shape.ToString();
  }
  // Two activations, two of their gradients, the logits of one tower and their gradient.
  EXPECT_EQ(large, 6);
}

}  // namespace
}  // namespace sluice
