// Training in half precision: it learns what float learns, its scale keeps gradients alive, and overflows cost a step.
#include "models/mixed_precision.h"

#include <cmath>
#include <cstdlib>

#include "io/checkpoint_reader.h"
#include "models/trainer.h"
#include "models/training_loop.h"
#include "tests/io/memory_file_system.h"
#include "tests/models/built_network.h"
#include "tests/models/training_fixture.h"

namespace sluice {
namespace {

using namespace testing;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// --- Whole networks ---

struct Trained {
  std::vector<float> losses;
  std::unique_ptr<BuiltNetwork> net;
};

Trained Train(const std::string& name, const NetworkOptions& shape, const Shape& images, MixedPrecision precision,
              int steps, const SessionOptions& where = {.devices = "cpu:1", .threads = 1, .deterministic = true},
              const std::string& device = "", bool recompute = false) {
  Trained trained;
  trained.net = std::make_unique<BuiltNetwork>(name, shape);
  TrainingOptions options;
  options.rate = 0.02F;
  options.mixed_precision = precision;
  options.device = device;
  options.recompute = recompute;
  absl::Status added = AddTraining(trained.net->result, options, SharedRuntime().gradients());
  EXPECT_TRUE(added.ok()) << added;
  if (!added.ok()) return trained;
  auto session = trained.net->Open(where);
  absl::Status status = session->Run({}, {}, {"init"}, nullptr);
  EXPECT_TRUE(status.ok()) << status;
  Tensor labels(DataType::kInt32, Shape{images.dim(0)});
  for (int64_t i = 0; i < labels.num_elements(); ++i) labels.data<int32_t>()[i] = static_cast<int32_t>(i % 10);
  const Session::Feeds feeds = {{"images", FixedTensor("pictures", images, 0, 1)}, {"labels", labels}};
  for (int step = 0; step < steps && status.ok(); ++step) {
    std::vector<Tensor> outputs;
    status = session->Run(feeds, {training::kTrainingLoss}, {"train"}, &outputs);
    EXPECT_TRUE(status.ok()) << status;
    if (status.ok()) trained.losses.push_back(outputs[0].data<float>()[0]);
  }
  return trained;
}

void ExpectNear(const std::vector<float>& losses, const std::vector<float>& expected, double tolerance) {
  ASSERT_EQ(losses.size(), expected.size());
  for (size_t i = 0; i < losses.size(); ++i) {
    EXPECT_NEAR(losses[i], expected[i], tolerance * std::max(1.0F, expected[i])) << "step " << i;
  }
  EXPECT_LT(losses.back(), losses.front());
}

// bfloat16 has 8 bits, half has 11.
void ExpectSimilar(const std::vector<float>& half, const std::vector<float>& single, double tolerance) {
  ExpectNear(half, single, tolerance);
  EXPECT_NE(half, single) << "nothing was computed in half precision";
}

const Shape kDigits = {16, 28, 28, 1};

TEST(MixedPrecision, LeNetLearnsAsInFloat) {
  const NetworkOptions options{.classes = 10};
  const auto single = Train("lenet", options, kDigits, {}, 12).losses;
  ExpectSimilar(Train("lenet", options, kDigits, {.type = DataType::kBfloat16}, 12).losses, single, 0.03);
  ExpectSimilar(Train("lenet", options, kDigits, {.type = DataType::kHalf}, 12).losses, single, 0.005);
}

TEST(MixedPrecision, ResNetLearnsAsInFloat) {
  const NetworkOptions options{.classes = 10, .width = 0.25};
  const Shape images = {8, 32, 32, 3};
  const auto single = Train("cifar_resnet20", options, images, {}, 6).losses;
  ExpectSimilar(Train("cifar_resnet20", options, images, {.type = DataType::kBfloat16}, 6).losses, single, 0.1);
  ExpectSimilar(Train("cifar_resnet20", options, images, {.type = DataType::kHalf}, 6).losses, single, 0.02);
}

TEST(MixedPrecision, RecomputationGivesTheSameBits) {
  const NetworkOptions options{.classes = 10, .width = 0.25};
  const Shape images = {4, 32, 32, 3};
  const SessionOptions where{.devices = "cpu:1", .threads = 1, .deterministic = true};
  const MixedPrecision half{.type = DataType::kHalf};
  EXPECT_EQ(Train("cifar_resnet20", options, images, half, 3, where, "", true).losses,
            Train("cifar_resnet20", options, images, half, 3, where).losses);
}

TEST(MixedPrecision, SimulatedDevicesLearnTheSame) {
  const MixedPrecision half{.type = DataType::kHalf};
  const auto expected = Train("lenet", {.classes = 10, .devices = {"/cpu:0", "/cpu:0"}}, kDigits, half, 5).losses;
  const SessionOptions simulated{.devices = "sim:2",
                                 .threads = 1,
                                 .deterministic = true,
                                 .allow_soft_placement = false,
                                 .plugins = {SLUICE_SIMULATED_PLUGIN}};
  setenv("SLUICE_SIM", "delay_us=5", 1);
  const NetworkOptions options{.classes = 10, .devices = {"/sim:0", "/sim:1"}};
  EXPECT_EQ(Train("lenet", options, kDigits, half, 5, simulated, "/sim:1").losses, expected);
  setenv("SLUICE_SIM", "gpu_kernels=1", 1);
  ExpectNear(Train("lenet", options, kDigits, half, 5, simulated, "/sim:1").losses, expected, 0.005);
  unsetenv("SLUICE_SIM");
}

// What computes in which type.
TEST(MixedPrecision, ConvolutionsAreHalfAndLossesAndVariablesFloat) {
  const Trained trained =
      Train("cifar_resnet20", {.classes = 10, .width = 0.25}, Shape{2, 32, 32, 3}, {.type = DataType::kBfloat16}, 1);
  const Graph& graph = trained.net->graph;
  int convolutions = 0, gradients = 0, norms = 0, weight_casts = 0;
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    const bool is_twin = absl::StartsWith(node.name, "training/");
    const DataType type = node.output_types.empty() ? DataType::kInvalid : node.output_types[0];
    if (node.op() == "Conv2D") {
      EXPECT_EQ(type, is_twin ? DataType::kBfloat16 : DataType::kFloat) << node.name;
      convolutions += is_twin;
    }
    if (node.op() == "Conv2DBackpropFilter") {
      EXPECT_EQ(type, DataType::kBfloat16) << node.name;
      ++gradients;
    }
    if (node.op() == "FusedBatchNormV3" && is_twin) {
      EXPECT_EQ(type, DataType::kBfloat16) << node.name;
      EXPECT_EQ(node.output_types[1], DataType::kFloat);
      ++norms;
    }
    if (node.op() == "SparseSoftmaxCrossEntropyWithLogits") {
      EXPECT_EQ(type, DataType::kFloat) << node.name;
    }
    if (node.op() == "Cast" && graph.node(node.inputs[0].node).op() == "ReadVariableOp") ++weight_casts;
  }
  EXPECT_GT(convolutions, 15);
  EXPECT_EQ(gradients, convolutions);
  EXPECT_EQ(norms, convolutions);
  EXPECT_EQ(weight_casts, convolutions + 2) << "one of each kernel, and of the last layer's weights and biases";
}

// --- The loss's scale ---

// Two layers with everything that a step may have.
struct SmallNet {
  explicit SmallNet(const TrainingOptions& options) {
    Network network(graph);
    Layer x = InputData(network, {.shape = {3}});
    x = FullyConnected(x, 5, {.activation = "relu", .name = "hidden"});
    x = Dropout(x, 0.2F, "drop");
    x = FullyConnected(x, 3, {.name = "last"});
    absl::Status status = AddTraining(Output(x, "logits"), options, TheRuntime().gradients());
    EXPECT_TRUE(status.ok()) << status;
    session = MakeSession(graph);
  }
  float scale() const { return Values(*session, training::kLossScale)[0]; }
  int32_t good_steps() const { return session->ReadVariable(training::kGoodSteps)->values<int32_t>()[0]; }
  // Of all variables but the scale's and the count of the steps.
  std::map<std::string, std::vector<float>> Others() const {
    std::map<std::string, std::vector<float>> all;
    for (const std::string& name : session->InitializedVariables()) {
      if (!absl::StartsWith(name, training::kLossScale) && name != training::kGlobalStep) {
        all[name] = Values(*session, name);
      }
    }
    return all;
  }

  Graph graph{TheRuntime().ops()};
  std::unique_ptr<Session> session;
};

TrainingOptions HalfWith(float scale, int32_t growth_steps = 2000) {
  TrainingOptions options;
  options.mixed_precision = {.type = DataType::kHalf, .loss_scale = scale, .growth_steps = growth_steps};
  return options;
}

TEST(LossScale, AnOverflowHalvesItAndChangesNothingElse) {
  for (const char* optimizer : {"sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam"}) {
    for (bool with_momentum : {false, true}) {
      TrainingOptions options = HalfWith(1024);
      ASSERT_TRUE(SetOptimizer(optimizer, options).ok());
      if (with_momentum) options.momentum = 0.8F;
      options.centered = with_momentum;
      options.weight_decay = 0.01F;
      options.clip_norm = 5;
      SmallNet net(options);
      // Slots that are not as they began.
      for (int step = 0; step < 3; ++step) ASSERT_TRUE(TrainOnce(*net.session).ok());
      EXPECT_EQ(net.good_steps(), 3) << optimizer;
      ASSERT_TRUE(net.session->WriteVariable(training::kLossScale, Tensor::Scalar<float>(1e30F)).ok());
      const auto before = net.Others();
      ASSERT_TRUE(TrainOnce(*net.session).ok());
      EXPECT_EQ(net.Others(), before) << optimizer;
      EXPECT_EQ(net.scale(), 5e29F) << optimizer;
      EXPECT_EQ(net.good_steps(), 0) << optimizer;
      ASSERT_TRUE(net.session->WriteVariable(training::kLossScale, Tensor::Scalar<float>(1024)).ok());
      ASSERT_TRUE(TrainOnce(*net.session).ok());
      EXPECT_NE(net.Others(), before) << optimizer;
    }
  }
}

TEST(LossScale, FindsItsWayDownAndUpAgain) {
  SmallNet net(HalfWith(1e12F, 4));
  int skipped = 0;
  for (auto before = net.Others();; ++skipped) {
    ASSERT_TRUE(TrainOnce(*net.session).ok());
    if (net.Others() != before) break;
    ASSERT_LT(skipped, 60);
  }
  EXPECT_GT(skipped, 10);
  const float scale = net.scale();
  EXPECT_FLOAT_EQ(scale, std::ldexp(1e12F, -skipped));
  // The first good step is behind; after the fourth the scale doubles.
  for (int step = 0; step < 2; ++step) ASSERT_TRUE(TrainOnce(*net.session).ok());
  EXPECT_EQ(net.scale(), scale);
  EXPECT_EQ(net.good_steps(), 3);
  ASSERT_TRUE(TrainOnce(*net.session).ok());
  EXPECT_EQ(net.scale(), 2 * scale);
  EXPECT_EQ(net.good_steps(), 0);
}

TEST(LossScale, DoesNotChangeWhatFloatCanHold) {
  // A power of two, and numbers far from both ends of the exponents.
  TrainingOptions plain = HalfWith(0), scaled = HalfWith(256);
  plain.mixed_precision.type = scaled.mixed_precision.type = DataType::kFloat;
  SmallNet a(plain), b(scaled);
  for (int step = 0; step < 5; ++step) {
    ASSERT_TRUE(TrainOnce(*a.session).ok());
    ASSERT_TRUE(TrainOnce(*b.session).ok());
  }
  EXPECT_EQ(a.Others(), b.Others());
}

TEST(LossScale, KeepsSmallGradientsAlive) {
  // Gradients of some 1e-10 are nothing in half.
  Session::Feeds feeds = SomeExamples();
  for (float& x : absl::MakeSpan(feeds[0].second.data<float>(), 12)) x *= 1e-4F;
  for (float scale : {0.0F, 65536.0F}) {
    SmallNet net(HalfWith(scale));
    Tensor last = *net.session->ReadVariable("last/weights");
    for (float& w : absl::MakeSpan(last.data<float>(), 15)) w *= 1e-4F;
    ASSERT_TRUE(net.session->WriteVariable("last/weights", last).ok());
    const std::vector<float> before = Values(*net.session, "hidden/weights");
    ASSERT_TRUE(TrainOnce(*net.session, feeds, 1e5F).ok());
    EXPECT_EQ(Values(*net.session, "hidden/weights") == before, scale == 0) << scale;
  }
}

TEST(LossScale, ResumesWithTheSameBits) {
  ImageDataset data{Tensor(DataType::kUint8, Shape{64, 4, 1, 1}), Tensor(DataType::kInt32, Shape{64}), 3};
  for (int64_t i = 0; i < 256; ++i) data.images.data<uint8_t>()[i] = static_cast<uint8_t>(i * 37 % 251);
  for (int64_t i = 0; i < 64; ++i) data.labels.data<int32_t>()[i] = static_cast<int32_t>(i % 3);
  auto make = [&](Graph& graph) {
    Network network(graph);
    Layer x = InputData(network, {.shape = {4, 1, 1}, .dtype = DataType::kUint8, .scale = 1.0F / 255});
    x = FullyConnected(FullyConnected(x, 8, {.activation = "relu"}), 3, {});
    absl::Status status = AddTraining(Output(x, "logits"), HalfWith(1e9F, 3), TheRuntime().gradients());
    EXPECT_TRUE(status.ok()) << status;
  };
  auto run = [&](std::vector<int64_t> epochs) {
    MemoryFileSystem fs;
    std::map<std::string, Tensor> variables;
    for (size_t i = 0; i < epochs.size(); ++i) {
      Graph graph(TheRuntime().ops());
      make(graph);
      auto session = MakeSession(graph);
      auto batches = *NewImageBatches(data, {.batch = 8, .seed = 3});
      TrainingLoopOptions options{.epochs = epochs[i], .directory = "run"};
      auto loop = TrainingLoop::Create(*session, graph, *batches, nullptr, options, fs);
      EXPECT_TRUE(loop.ok()) << loop.status();
      absl::Status begun = i == 0 ? (*loop)->Initialize() : (*loop)->Resume();
      EXPECT_TRUE(begun.ok()) << begun;
      TrainingObserver silent;
      EXPECT_TRUE((*loop)->Train(silent).ok());
      variables.clear();
      for (const std::string& name : session->InitializedVariables()) variables[name] = *session->ReadVariable(name);
    }
    return variables;
  };
  const auto whole = run({4}), interrupted = run({3, 4});
  EXPECT_EQ(whole.size(), interrupted.size());
  for (const auto& [name, value] : whole) EXPECT_EQ(interrupted.at(name), value) << name;
  EXPECT_LT(whole.at(training::kLossScale).data<float>()[0], 1e9F);
}

TEST(MixedPrecision, WrongOptionsAreErrors) {
  EXPECT_THAT(std::string(ParsePrecision("int8").status().message()), HasSubstr("expected float, bf16 or f16"));
  for (MixedPrecision wrong :
       {MixedPrecision{.type = DataType::kDouble}, MixedPrecision{.loss_scale = -1.0F},
        MixedPrecision{.loss_scale = INFINITY}, MixedPrecision{.type = DataType::kHalf, .growth_steps = 0}}) {
    Graph graph(TheRuntime().ops());
    Network network(graph);
    Layer x = FullyConnected(InputData(network, {.shape = {3}}), 3, {});
    TrainingOptions options;
    options.mixed_precision = wrong;
    EXPECT_TRUE(absl::IsInvalidArgument(AddTraining(Output(x, "logits"), options, TheRuntime().gradients())));
  }
}

}  // namespace
}  // namespace sluice
