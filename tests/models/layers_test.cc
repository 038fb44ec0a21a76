// Layers: what they add to the graph, first values, what they refuse.
#include "models/layers.h"

#include <cmath>
#include <gmock/gmock.h>

#include "graph/builders.h"
#include "tests/models/built_network.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using testing::Fetch;
using ::testing::HasSubstr;
using testing::SharedRuntime;

class Layers : public ::testing::Test {
 protected:
  Layer Input(std::vector<int64_t> shape) { return InputData(network_, {.shape = std::move(shape)}); }

  std::string Shape(const Layer& layer) {
    EXPECT_TRUE(network_.status().ok()) << network_.status();
    return layer.shape().ToString();
  }

  std::vector<std::string> Variables() {
    std::vector<std::string> names;
    for (const NetworkVariable& variable : network_.variables()) {
      names.push_back(absl::StrCat(variable.name, variable.shape.ToString(), variable.trainable ? "" : " fixed",
                                   variable.decays ? " decays" : ""));
    }
    return names;
  }

  std::unique_ptr<Session> Open() {
    network_.AddInit();
    auto session = NewSession(SharedRuntime(), {.threads = 1});
    EXPECT_TRUE((*session)->Create(graph_).ok());
    absl::Status status = (*session)->Run({}, {}, {"init"}, nullptr);
    EXPECT_TRUE(status.ok()) << status;
    return *std::move(session);
  }

  Graph graph_{SharedRuntime().ops()};
  Network network_{graph_, 3};
};

// tflearn's listing of VGG-16 for 17 classes of flowers, line for line.
TEST_F(Layers, TheListingOfVgg16ReadsAsInTflearn) {
  Layer network = InputData(network_, {.shape = {224, 224, 3}});

  network = Conv2D(network, 64, 3, {.activation = "relu"});
  network = Conv2D(network, 64, 3, {.activation = "relu"});
  network = MaxPool2D(network, 2, {.stride = 2});

  network = Conv2D(network, 128, 3, {.activation = "relu"});
  network = Conv2D(network, 128, 3, {.activation = "relu"});
  network = MaxPool2D(network, 2, {.stride = 2});

  network = Conv2D(network, 256, 3, {.activation = "relu"});
  network = Conv2D(network, 256, 3, {.activation = "relu"});
  network = Conv2D(network, 256, 3, {.activation = "relu"});
  network = MaxPool2D(network, 2, {.stride = 2});

  network = Conv2D(network, 512, 3, {.activation = "relu"});
  network = Conv2D(network, 512, 3, {.activation = "relu"});
  network = Conv2D(network, 512, 3, {.activation = "relu"});
  network = MaxPool2D(network, 2, {.stride = 2});

  network = Conv2D(network, 512, 3, {.activation = "relu"});
  network = Conv2D(network, 512, 3, {.activation = "relu"});
  network = Conv2D(network, 512, 3, {.activation = "relu"});
  network = MaxPool2D(network, 2, {.stride = 2});

  network = FullyConnected(network, 4096, {.activation = "relu"});
  network = Dropout(network, 0.5);
  network = FullyConnected(network, 4096, {.activation = "relu"});
  network = Dropout(network, 0.5);
  network = FullyConnected(network, 17, {.activation = "softmax"});

  EXPECT_EQ(Shape(network), "[?,17]");
  EXPECT_EQ(network_.num_parameters(), 134330193);
  EXPECT_EQ(network_.training_spots().size(), 2u);
  EXPECT_EQ(network_.layers()[1].name, "conv2d");
  EXPECT_EQ(network_.layers()[2].name, "conv2d_1");
}

TEST_F(Layers, Convolutions) {
  Layer x = Input({15, 12, 8});
  EXPECT_EQ(Shape(Conv2D(x, 6, 3)), "[?,15,12,6]");
  EXPECT_EQ(Shape(Conv2D(x, 6, 3, {.stride = 2})), "[?,8,6,6]");
  EXPECT_EQ(Shape(Conv2D(x, 6, 3, {.stride = 2, .padding = "VALID"})), "[?,7,5,6]");
  EXPECT_EQ(Shape(Conv2D(x, 6, 5, {.pad = 1})), "[?,13,10,6]");
  EXPECT_EQ(Shape(Conv2D(x, 6, 3, {.groups = 2, .bias = false, .regularize = false, .name = "grouped"})),
            "[?,15,12,6]");
  EXPECT_EQ(Shape(DepthwiseConv2D(x, 3, {.multiplier = 2, .stride = 2, .pad = 1, .name = "depth"})), "[?,8,6,16]");
  EXPECT_EQ(Shape(Conv2DTranspose(x, 4, 3, {.stride = 2, .name = "up"})), "[?,30,24,4]");
  EXPECT_EQ(Shape(Conv2DTranspose(x, 4, 5, {.stride = 2, .padding = "VALID", .bias = false})), "[?,33,27,4]");
  EXPECT_EQ(Shape(ZeroPad(x, {.top = 1, .bottom = 2, .left = 3, .right = 4})), "[?,18,19,8]");
  EXPECT_THAT(Variables(), ::testing::IsSupersetOf({"conv2d/weights[3,3,8,6] decays", "conv2d/biases[6]",
                                                    "grouped/weights[3,3,4,6]", "depth/weights[3,3,8,2] decays",
                                                    "depth/biases[16]", "up/weights[3,3,4,8] decays"}));
}

TEST_F(Layers, PoolsAndMerges) {
  Layer x = Input({15, 12, 8});
  EXPECT_EQ(Shape(MaxPool2D(x, 3)), "[?,5,4,8]");
  EXPECT_EQ(Shape(MaxPool2D(x, 3, {.stride = 2, .padding = "SAME"})), "[?,8,6,8]");
  EXPECT_EQ(Shape(AvgPool2D(x, 5, {.stride = 3})), "[?,4,3,8]");
  EXPECT_EQ(Shape(GlobalAvgPool(x)), "[?,8]");
  EXPECT_EQ(Shape(Flatten(x)), "[?,1440]");
  EXPECT_EQ(Shape(Concat({x, x, x})), "[?,15,12,24]");
  EXPECT_EQ(Shape(SplitChannels(x, 4)[3]), "[?,15,12,2]");
  EXPECT_EQ(Shape(Add(x, x, "relu")), "[?,15,12,8]");
  EXPECT_EQ(Shape(LRN(x)), "[?,15,12,8]");
  EXPECT_TRUE(network_.variables().empty());
  BatchNorm(x, {.name = "bn"});
  InstanceNorm(x, {.name = "in"});
  EXPECT_THAT(Variables(), ElementsAre("bn/gamma[8]", "bn/beta[8]", "bn/moving_mean[8] fixed",
                                       "bn/moving_variance[8] fixed", "in/gamma[8]", "in/beta[8]"));
  EXPECT_EQ(network_.num_parameters(), 32);
}

TEST_F(Layers, ResidualBlocks) {
  Layer x = Input({8, 8, 4});
  EXPECT_EQ(Shape(BasicBlock(x, 4, {.name = "same"})), "[?,8,8,4]");
  EXPECT_EQ(network_.variables().size(), 2u * 5);
  EXPECT_EQ(Shape(BasicBlock(x, 8, {.stride = 2, .shortcut = Shortcut::kPad, .name = "pad"})), "[?,4,4,8]");
  EXPECT_EQ(network_.variables().size(), 4u * 5);
  EXPECT_EQ(Shape(BottleneckBlock(x, 4, {.stride = 2, .name = "project"})), "[?,4,4,16]");
  EXPECT_EQ(network_.variables().size(), 8u * 5);
  EXPECT_EQ(Shape(BasicBlock(x, 8, {.stride = 2, .shortcut = Shortcut::kNone})), "[?,4,4,8]");
}

TEST_F(Layers, EveryActivationIsAnOp) {
  Layer x = Input({4});
  for (const char* name :
       {"linear", "relu", "relu6", "tanh", "sigmoid", "softmax", "elu", "selu", "leaky_relu", "softplus"}) {
    EXPECT_EQ(Shape(Activation(x, name)), "[?,4]") << name;
  }
  Activation(x, "rectify");
  EXPECT_THAT(std::string(network_.status().message()), HasSubstr("no activation 'rectify': there are linear, relu"));
}

TEST_F(Layers, InputsAreCentredAndScaled) {
  Layer x = InputData(network_, {.shape = {2}, .dtype = DataType::kUint8, .scale = 0.5F, .mean = {10, 20}});
  Output(x, "seen");
  auto session = Open();
  Tensor bytes(DataType::kUint8, {1, 2});
  bytes.data<uint8_t>()[0] = 14;
  bytes.data<uint8_t>()[1] = 14;
  EXPECT_THAT(Fetch(*session, {{"images", bytes}}, "seen").values<float>(), ElementsAre(2, -3));
}

TEST_F(Layers, InstanceNormCentresEachPicture) {
  Layer x = InstanceNorm(Input({4, 4, 3}), {.epsilon = 0});
  Output(x, "y");
  auto session = Open();
  Tensor y = Fetch(*session, {{"images", testing::FixedTensor("x", {2, 4, 4, 3}, 3, 9)}}, "y");
  for (int64_t picture = 0; picture < 2; ++picture) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < 16; ++i) {
      const double value = y.data<float>()[(picture * 16 + i) * 3];
      sum += value;
      squares += value * value;
    }
    EXPECT_NEAR(sum, 0, 1e-4);
    EXPECT_NEAR(squares / 16, 1, 1e-4);
  }
}

TEST_F(Layers, FirstValues) {
  const struct {
    Initializer init;
    double deviation, limit;
  } cases[] = {{Initializer::Normal(0.01F), 0.01, 0.06},
               {Initializer::TruncatedNormal(0.1F), 0.088, 0.2},
               {Initializer::Uniform(0.3F), 0.3 / std::sqrt(3.0), 0.3},
               {Initializer::Glorot(), std::sqrt(2.0 / (300 + 200)), std::sqrt(6.0 / 500)},
               {Initializer::He(), std::sqrt(2.0 / 300), 0.5}};
  Layer x = Input({300});
  for (const auto& c : cases) FullyConnected(x, 200, {.weights_init = c.init, .bias_init = Initializer::Constant(1)});
  auto session = Open();
  for (size_t i = 0; i < std::size(cases); ++i) {
    Tensor weights = *session->ReadVariable(network_.variables()[2 * i].name);
    double sum = 0, squares = 0, largest = 0;
    for (float value : weights.values<float>()) {
      sum += value;
      squares += value * value;
      largest = std::max<double>(largest, std::abs(value));
    }
    const auto n = static_cast<double>(weights.num_elements());
    EXPECT_NEAR(sum / n, 0, 4 * cases[i].deviation / std::sqrt(n)) << i;
    EXPECT_NEAR(std::sqrt(squares / n), cases[i].deviation, 0.02 * cases[i].deviation) << i;
    EXPECT_LE(largest, cases[i].limit * 1.0001) << i;
    EXPECT_EQ(session->ReadVariable(network_.variables()[2 * i + 1].name)->data<float>()[7], 1);
  }
}

TEST_F(Layers, TrainingFormsAreThoseOfThePapers) {
  Layer x = Input({6, 6, 50});
  Layer normal = BatchNorm(x, {.momentum = 0.75F});
  Layer dropped = Dropout(x, 0.4F);
  Scope scope = network_.scope().SubScope("training");
  const auto& spots = network_.training_spots();
  ASSERT_EQ(spots.size(), 2u);
  EXPECT_EQ(spots[0].inference, normal.output);
  EXPECT_EQ(spots[1].inference, dropped.output);
  Endpoint y = spots[0].form(scope, {x.output}), z = spots[1].form(scope, {x.output});
  ops::NoOp(network_.scope().WithControl(network_.updates()).Named("update"));
  auto session = Open();
  Tensor images = testing::FixedTensor("x", {8, 6, 6, 50}, 2, 4);
  std::vector<Tensor> outputs;
  absl::Status status = session->Run({{"images", images}}, {graph_.NameOf(y), graph_.NameOf(z)}, {"update"}, &outputs);
  ASSERT_TRUE(status.ok()) << status;
  double sum = 0, zeros = 0, kept = 0;
  for (float value : outputs[0].values<float>()) sum += value;
  for (int64_t i = 0; i < images.num_elements(); ++i) {
    const float value = outputs[1].data<float>()[i];
    if (value == 0) {
      ++zeros;
    } else {
      kept = std::max<double>(kept, std::abs(value - images.data<float>()[i] / 0.6F));
    }
  }
  const auto n = static_cast<double>(images.num_elements());
  EXPECT_NEAR(sum / n, 0, 1e-4) << "centred by the batch";
  EXPECT_NEAR(zeros / n, 0.4, 0.02);
  EXPECT_LE(kept, 1e-5);
  // A quarter of the way from 0 and 1 to the batch's mean of 3 and variance of 1/3.
  EXPECT_NEAR(session->ReadVariable("batch_norm/moving_mean")->data<float>()[0], 0.75, 0.03);
  EXPECT_NEAR(session->ReadVariable("batch_norm/moving_variance")->data<float>()[0], 0.75 + 0.25 / 3, 0.02);
}

TEST_F(Layers, PartsOfALayerGetTheWholesFirstValues) {
  Layer x = Input({10});
  FullyConnected(x, 7, {.name = "whole"});
  Graph graph(SharedRuntime().ops());
  Network parts(graph, 3);
  Layer y = InputData(parts, {.shape = {10}});
  FullyConnected(y, 4, {.part = {.whole = "whole", .begin = 0, .extent = 7}, .name = "first"});
  FullyConnected(y, 3, {.part = {.whole = "whole", .begin = 4, .extent = 7}, .name = "second"});
  parts.AddInit();
  auto session = Open();
  auto of_parts = *NewSession(SharedRuntime(), {.threads = 1});
  ASSERT_TRUE(of_parts->Create(graph).ok());
  ASSERT_TRUE(of_parts->Run({}, {}, {"init"}, nullptr).ok());
  Tensor whole = *session->ReadVariable("whole/weights"), first = *of_parts->ReadVariable("first/weights"),
         second = *of_parts->ReadVariable("second/weights");
  for (int64_t row = 0; row < 10; ++row) {
    for (int64_t column = 0; column < 7; ++column) {
      EXPECT_EQ(whole.data<float>()[row * 7 + column],
                column < 4 ? first.data<float>()[row * 4 + column] : second.data<float>()[row * 3 + column - 4]);
    }
  }
}

TEST_F(Layers, WhatCannotBeBuiltNamesTheLayer) {
  const struct {
    std::function<void(Layer)> build;
    const char* message;
  } cases[] = {
      {[](Layer x) { Conv2D(x, 4, 3, {.groups = 3, .name = "bad"}); }, "layer 'bad'"},
      {[](Layer x) { Conv2D(x, 4, 3, {.padding = "FULL", .name = "bad"}); }, "bad/Conv2D"},
      {[](Layer x) { Conv2D(x, 4, 9, {.padding = "VALID", .name = "bad"}).shape(); }, "bad/Conv2D"},
      {[](Layer x) { Conv2D(Flatten(x), 4, 3, {.name = "bad"}); }, "layer 'bad'"},
      {[](Layer x) { BatchNorm(Flatten(x), {.name = "bad"}); }, "layer 'bad'"},
      {[](Layer x) { Dropout(x, 1, "bad"); }, "layer 'bad'"},
      {[](Layer x) { Add(x, Flatten(x), "linear", "bad").shape(); }, "bad/AddV2"},
      {[](Layer x) {
         Concat({x, Flatten(x)}, "bad").shape();
       },
       "bad/ConcatV2"},
      {[](Layer x) { SplitChannels(x, 3, "bad")[2].shape(); }, "bad/Split"},
      {[](Layer x) { FullyConnected(x, 3, {.activation = "none", .name = "bad"}); }, "no activation 'none'"},
  };
  for (const auto& c : cases) {
    Graph graph(SharedRuntime().ops());
    Network network(graph);
    c.build(InputData(network, {.shape = {4, 4, 4}}));
    EXPECT_FALSE(network.status().ok()) << c.message;
    EXPECT_THAT(std::string(network.status().message()), HasSubstr(c.message));
    // What follows does nothing.
    const int nodes = graph.num_nodes();
    EXPECT_EQ(FullyConnected({&network, {}}, 3).output.node, -1);
    EXPECT_EQ(graph.num_nodes(), nodes);
  }
  Layer unknown = InputData(network_, {.shape = {-1, -1, 3}});
  Flatten(unknown, "flat");
  EXPECT_THAT(std::string(network_.status().message()), HasSubstr("layer 'flat': cannot flatten"));
}

}  // namespace
}  // namespace sluice
