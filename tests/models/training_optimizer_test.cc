// What `train` does to variables, for every optimiser, with decay and clipping.
#include "models/training_optimizer.h"

#include <cmath>

#include "tests/models/training_fixture.h"

namespace sluice {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Pointwise;

class OptimizerTest : public ::testing::Test {
 protected:
  // logits = images · w + b.
  std::unique_ptr<Session> Make(const TrainingOptions& options) {
    Graph graph(TheRuntime().ops());
    Network network(graph);
    Layer x = InputData(network, {.shape = {3}});
    x = FullyConnected(x, 3, {.name = "fc"});
    absl::Status status = AddTraining(Output(x, "logits"), options, TheRuntime().gradients());
    EXPECT_TRUE(status.ok()) << status;
    return MakeSession(graph);
  }
  static TrainingOptions Options(const char* optimizer, float rate = 0.1f) {
    TrainingOptions options;
    EXPECT_TRUE(SetOptimizer(optimizer, options).ok());
    options.rate = rate;
    return options;
  }
  // The gradient of fc/weights, by one step of plain descent.
  std::vector<float> Gradient(const std::string& variable, float clip_value = 0, float clip_norm = 0) {
    TrainingOptions options = Options("sgd", 1);
    options.clip_value = clip_value;
    options.clip_norm = clip_norm;
    auto session = Make(options);
    std::vector<float> before = Values(*session, variable);
    EXPECT_TRUE(TrainOnce(*session).ok());
    std::vector<float> after = Values(*session, variable);
    for (size_t i = 0; i < after.size(); ++i) after[i] = before[i] - after[i];
    return after;
  }
  static double Norm(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (float x : a) sum += x * x;
    for (float x : b) sum += x * x;
    return std::sqrt(sum);
  }
};

TEST_F(OptimizerTest, EachOneLearns) {
  for (const char* name : {"sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam"}) {
    auto session = Make(Options(name, 0.05f));
    float before = Fetch(*session, training::kLoss);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(TrainOnce(*session).ok());
    EXPECT_LT(Fetch(*session, training::kLoss), 0.6f * before) << name;
    EXPECT_EQ(session->ReadVariable(training::kGlobalStep)->IntAt(0), 50);
  }
  TrainingOptions centered = Options("rmsprop", 0.01f);
  centered.centered = true;
  centered.momentum = 0.5f;
  auto session = Make(centered);
  float before = Fetch(*session, training::kLoss);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(TrainOnce(*session).ok());
  EXPECT_LT(Fetch(*session, training::kLoss), 0.6f * before);
}

TEST_F(OptimizerTest, SlotsHaveTensorFlowsNamesAndFirstValues) {
  const std::vector<std::pair<const char*, std::vector<std::pair<std::string, float>>>> cases = {
      {"momentum", {{"fc/weights/Momentum", 0}}},
      {"rmsprop", {{"fc/weights/RMSProp", 1}, {"fc/weights/RMSProp_1", 0}}},
      {"adagrad", {{"fc/biases/Adagrad", 0.1f}}},
      {"adam", {{"fc/weights/Adam", 0}, {"fc/weights/Adam_1", 0}, {"beta1_power", 0.9f}, {"beta2_power", 0.999f}}},
  };
  for (const auto& [name, slots] : cases) {
    auto session = Make(Options(name));
    for (const auto& [slot, first] : slots) EXPECT_EQ(Values(*session, slot)[0], first) << slot;
  }
}

// Adam's first step is the rate times the gradient's sign, its powers go on, and the rate that is fed counts.
TEST_F(OptimizerTest, AdamsFirstSteps) {
  auto session = Make(Options("adam"));
  std::vector<float> gradient = Gradient("fc/weights"), before = Values(*session, "fc/weights");
  ASSERT_TRUE(TrainOnce(*session, SomeExamples(), 0.25f).ok());
  std::vector<float> after = Values(*session, "fc/weights");
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_NEAR(after[i], before[i] - std::copysign(0.25f, gradient[i]), 1e-4f);
  }
  EXPECT_FLOAT_EQ(Values(*session, "beta1_power")[0], 0.81f);
  EXPECT_FLOAT_EQ(Values(*session, "beta2_power")[0], 0.998001f);
}

TEST_F(OptimizerTest, MomentumMayBeFed) {
  auto session = Make(Options("momentum"));
  std::vector<float> gradient = Gradient("fc/weights");
  Session::Feeds feeds = SomeExamples();
  feeds.push_back({training::kMomentum, Tensor::Scalar<float>(0)});
  ASSERT_TRUE(TrainOnce(*session, feeds, 0).ok());
  ASSERT_TRUE(TrainOnce(*session, feeds, 0).ok());
  EXPECT_THAT(Values(*session, "fc/weights/Momentum"), Pointwise(::testing::FloatNear(1e-6f), gradient));
}

TEST_F(OptimizerTest, WeightsDecayBiasesDoNot) {
  TrainingOptions plain = Options("sgd", 0.5f), decaying = plain;
  decaying.weight_decay = 0.25f;
  auto a = Make(plain), b = Make(decaying);
  std::vector<float> expected = Values(*a, "fc/weights");
  for (auto* session : {a.get(), b.get()}) ASSERT_TRUE(TrainOnce(*session).ok());
  std::vector<float> first = expected, step = Values(*a, "fc/weights");
  for (size_t i = 0; i < expected.size(); ++i) expected[i] = step[i] - 0.5f * 0.25f * first[i];
  EXPECT_THAT(Values(*b, "fc/weights"), Pointwise(::testing::FloatNear(1e-6f), expected));
  EXPECT_EQ(Values(*a, "fc/biases"), Values(*b, "fc/biases"));
}

TEST_F(OptimizerTest, GradientsAreCutByValue) {
  std::vector<float> gradient = Gradient("fc/weights");
  for (float& g : gradient) g = std::clamp(g, -0.1f, 0.1f);
  EXPECT_THAT(Gradient("fc/weights", 0.1f), Pointwise(::testing::FloatNear(1e-6f), gradient));
}

TEST_F(OptimizerTest, GradientsAreScaledByTheNormOfAllOfThem) {
  std::vector<float> weights = Gradient("fc/weights"), biases = Gradient("fc/biases");
  const double norm = Norm(weights, biases);
  std::vector<float> expected = weights;
  for (float& g : expected) g *= static_cast<float>(0.25 / norm);
  EXPECT_THAT(Gradient("fc/weights", 0, 0.25f), Pointwise(::testing::FloatNear(1e-6f), expected));
  EXPECT_NEAR(Norm(Gradient("fc/weights", 0, 0.25f), Gradient("fc/biases", 0, 0.25f)), 0.25, 1e-5);
  EXPECT_THAT(Gradient("fc/weights", 0, 2 * static_cast<float>(norm)), Pointwise(::testing::FloatNear(1e-6f), weights))
      << "a norm that is small enough is left alone";
}

TEST_F(OptimizerTest, AnUnknownNameListsTheKnown) {
  OptimizerOptions options;
  EXPECT_THAT(std::string(SetOptimizer("magic", options).message()), HasSubstr("sgd, momentum, nesterov, rmsprop"));
}

}  // namespace
}  // namespace sluice
