// The lines of the tflearn listing, at a size for a test.
#include "models/trainer.h"

#include <random>

#include "tests/io/temporary_folder.h"
#include "tests/models/training_fixture.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using testing::TheRuntime;

// Two classes: a bright picture, a dark one.
ImageDataset Pictures(int64_t n) {
  ImageDataset data{Tensor(DataType::kUint8, Shape{n, 8, 8, 3}), Tensor(DataType::kInt32, Shape{n}), 2};
  std::mt19937 random(5);
  for (int64_t i = 0; i < n; ++i) {
    data.labels.data<int32_t>()[i] = static_cast<int32_t>(i % 2);
    for (int64_t p = 0; p < 8 * 8 * 3; ++p) {
      data.images.data<uint8_t>()[i * 192 + p] = static_cast<uint8_t>(random() % 128 + (i % 2 == 0 ? 128 : 0));
    }
  }
  return data;
}

Layer SmallVgg(Network& net) {
  Layer network = InputData(net, {.shape = {8, 8, 3}, .dtype = DataType::kUint8, .scale = 1.0f / 255});

  network = Conv2D(network, 4, 3, {.activation = "relu"});
  network = Conv2D(network, 4, 3, {.activation = "relu"});
  network = MaxPool2D(network, 2, {.stride = 2});

  network = FullyConnected(network, 16, {.activation = "relu"});
  network = Dropout(network, 0.5);
  network = FullyConnected(network, 2, {.activation = "softmax"});

  return network;
}

TEST(TrainerTest, TheListing) {
  TemporaryFolder folder;
  Graph graph(TheRuntime().ops());
  Network net(graph);
  const ImageDataset data = Pictures(64);

  Layer network = SmallVgg(net);
  network = Regression(network, {.optimizer = "rmsprop", .loss = "categorical_crossentropy", .learning_rate = 0.001});
  Trainer model(network, {.directory = folder.path()});
  absl::Status status = model.Fit(data, {.epochs = 150,
                                         .shuffle = true,
                                         .batch = 32,
                                         .snapshot_step = 500,
                                         .max_checkpoints = 1,
                                         .run_id = "vgg_oxflowers17"});
  ASSERT_TRUE(status.ok()) << status;

  auto evaluation = model.Evaluate(data);
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_GT(evaluation->accuracy, 0.9);
  auto probabilities = model.Predict(data.images);
  ASSERT_TRUE(probabilities.ok()) << probabilities.status();
  EXPECT_EQ(probabilities->shape().ToString(), "[64,2]");
  EXPECT_NEAR(probabilities->data<float>()[0] + probabilities->data<float>()[1], 1, 1e-5);
  EXPECT_TRUE(LatestCheckpoint(folder.path() + "/vgg_oxflowers17").ok());

  // Saved and loaded into another one, the answers are the same.
  ASSERT_TRUE(model.Save(folder.path() + "/saved").ok());
  Trainer other(network, {.directory = folder.path()});
  ASSERT_FALSE(*other.Predict(data.images) == *probabilities);
  ASSERT_TRUE(other.Load(folder.path() + "/saved").ok());
  EXPECT_TRUE(*other.Predict(data.images) == *probabilities);
  EXPECT_FALSE(other.Load(folder.path() + "/nothing").ok());
}

TEST(TrainerTest, WhatIsWrongIsTheFirstCallsStatus) {
  for (const auto& [options, text] : std::vector<std::pair<RegressionOptions, const char*>>{
           {{.optimizer = "magic"}, "no optimizer 'magic'"}, {{.loss = "hinge"}, "no loss 'hinge'"}}) {
    Graph graph(TheRuntime().ops());
    Network net(graph);
    Trainer model(Regression(SmallVgg(net), options));
    EXPECT_THAT(std::string(model.Fit(Pictures(4), {}).message()), HasSubstr(text));
    EXPECT_THAT(std::string(model.Predict(Pictures(4).images).status().message()), HasSubstr(text));
  }
  Graph graph(TheRuntime().ops());
  Network net(graph);
  Trainer model(SmallVgg(net));
  EXPECT_THAT(std::string(model.Fit(Pictures(4), {}).message()), HasSubstr("not a training graph"));
}

}  // namespace
}  // namespace sluice
