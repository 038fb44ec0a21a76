// Which node made the first number that is not finite.
#include "models/training_inspect.h"

#include "tests/models/training_fixture.h"

namespace sluice {
namespace {

using namespace testing;

class NonfiniteTest : public ::testing::Test {
 protected:
  // The logarithm of the input, between two layers' worth of others.
  void SetUp() override {
    Network network(graph_);
    Layer x = InputData(network, {.shape = {3}});
    x = {&network, ops::Add(network.scope().Named("before"), x.output, network.scope().Scalar<float>(1))};
    x = {&network, ops::Log(network.scope().Named("middle"), x.output)};
    x = Dropout(x, 0.5, "drop");
    x = FullyConnected(x, 3, {.name = "fc"});
    absl::Status status = AddTraining(Output(x, "logits"), {}, TheRuntime().gradients());
    ASSERT_TRUE(status.ok()) << status;
    session_ = MakeSession(graph_);
  }
  std::string Find(float value) {
    NonfiniteFinder finder(*session_, graph_, {training::kImages, training::kLabels});
    auto found = finder.Find({Tensor::Of<float>({1, 2, value}, Shape{1, 3}), Tensor::Vector<int32_t>({0})});
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or("");
  }

  Graph graph_{TheRuntime().ops()};
  std::unique_ptr<Session> session_;
};

TEST_F(NonfiniteTest, TheFirstNodeIsNamedAndNothingChanges) {
  const std::vector<float> before = Values(*session_, "fc/weights");
  const auto counters = session_->RandomCounters();
  EXPECT_EQ(Find(0.5f), "");
  EXPECT_EQ(Find(-1), "node 'middle' (Log)") << "the logarithm of 0";
  EXPECT_EQ(Find(-2), "node 'middle' (Log)") << "not a number";
  EXPECT_EQ(Find(NAN), "node 'images' (Placeholder)");
  EXPECT_EQ(Values(*session_, "fc/weights"), before);
  for (const auto& [node, blocks] : session_->RandomCounters()) {
    EXPECT_EQ(blocks, node == "training/drop/RandomUniform" ? 0u : counters.at(0).second) << node;
  }
}

TEST_F(NonfiniteTest, VariablesAreFound) {
  NonfiniteFinder finder(*session_, graph_, {training::kImages, training::kLabels});
  EXPECT_EQ(*finder.FindVariable(), "");
  Tensor biases = Tensor::Vector<float>({0, NAN, 0});
  ASSERT_TRUE(session_->WriteVariable("fc/biases/Momentum", biases).ok());
  EXPECT_EQ(*finder.FindVariable(), "fc/biases/Momentum");
}

}  // namespace
}  // namespace sluice
