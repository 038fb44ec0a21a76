// LeNet of the catalog, split over two simulated devices, learns what one CPU does: the same bits, whichever way values
// take between the devices. (The two-tower AlexNet: tests/models/alexnet_test.cc.)
#include <cstdlib>
#include <gmock/gmock.h>
#include <map>

#include "models/training.h"
#include "runtime/prepare.h"
#include "tests/models/built_network.h"

namespace sluice {
namespace {

using testing::BuiltNetwork;
using ::testing::HasSubstr;
using testing::SharedRuntime;

constexpr int kClasses = 10;

std::unique_ptr<BuiltNetwork> LeNet(const std::vector<std::string>& devices) {
  auto net = std::make_unique<BuiltNetwork>("lenet", NetworkOptions{.classes = kClasses, .devices = devices});
  TrainingOptions options;
  options.optimizer = TrainingOptions::kSgd;
  options.rate = 0.05F;
  options.device = devices.back();
  absl::Status added = AddTraining(net->result, options, SharedRuntime().gradients());
  EXPECT_TRUE(added.ok()) << added;
  return net;
}

SessionOptions On(const std::string& devices) {
  return {.devices = devices,
          .threads = 1,
          .deterministic = true,
          .allow_soft_placement = false,
          .plugins = {SLUICE_SIMULATED_PLUGIN}};
}

Session::Feeds Batch(int64_t n) {
  Tensor labels(DataType::kInt32, Shape{n});
  for (int64_t i = 0; i < n; ++i) labels.data<int32_t>()[i] = static_cast<int32_t>(i % kClasses);
  return {{"images", testing::FixedTensor("pictures", Shape{n, 28, 28, 1}, 0, 1)}, {"labels", labels}};
}

absl::Status Step(Session& session, int64_t batch, std::vector<float>* losses) {
  std::vector<Tensor> outputs;
  SLUICE_RETURN_IF_ERROR(session.Run(Batch(batch), {training::kTrainingLoss}, {"train"}, &outputs));
  losses->push_back(outputs[0].data<float>()[0]);
  return absl::OkStatus();
}

std::vector<float> Losses(const std::vector<std::string>& devices, const SessionOptions& where) {
  auto net = LeNet(devices);
  auto session = net->Open(where);
  absl::Status status = session->Run({}, {}, {"init"}, nullptr);
  std::vector<float> losses;
  for (int step = 0; step < 5 && status.ok(); ++step) status = Step(*session, 8, &losses);
  EXPECT_TRUE(status.ok()) << status;
  return losses;
}

TEST(SimulatedDevices, LeNetLearnsWhatOneCpuDoes) {
  const std::vector<float> expected = Losses({"/cpu:0", "/cpu:0"}, On("cpu:1"));
  ASSERT_EQ(expected.size(), 5U);
  EXPECT_LT(expected.back(), expected.front());
  for (const char* way : {"", "peers=0,", "copy_streams=0,"}) {
    setenv("SLUICE_SIM", absl::StrCat(way, "delay_us=20").c_str(), 1);
    EXPECT_EQ(Losses({"/sim:0", "/sim:1"}, On("sim:2")), expected) << way;
  }
}

// The GPU's kernels sum in another order.
TEST(SimulatedDevices, LeNetLearnsWithTheKernelsOfTheGpu) {
  const std::vector<float> expected = Losses({"/cpu:0", "/cpu:0"}, On("cpu:1"));
  setenv("SLUICE_SIM", "gpu_kernels=1,delay_us=20", 1);
  const std::vector<float> losses = Losses({"/sim:0", "/sim:1"}, On("sim:2"));
  ASSERT_EQ(losses.size(), expected.size());
  for (size_t i = 0; i < losses.size(); ++i) EXPECT_NEAR(losses[i], expected[i], 1e-4 * expected[i]) << i;
}

// Updates of a device in one op, and chains of elementwise ops, change no bit.
TEST(SimulatedDevices, FewerLargerOpsComputeTheSame) {
  for (const char* kernels : {"gpu_kernels=0", "gpu_kernels=1"}) {
    setenv("SLUICE_SIM", kernels, 1);
    SessionOptions apart = On("sim:2");
    apart.disabled_passes = {"updates", "chains"};
    const std::vector<float> expected = Losses({"/sim:0", "/sim:1"}, apart);
    EXPECT_EQ(Losses({"/sim:0", "/sim:1"}, On("sim:2")), expected) << kernels;
  }
}

// Fire modules: two convolutions into one concat.
TEST(SimulatedDevices, ConvolutionsIntoTheSlicesOfAConcat) {
  setenv("SLUICE_SIM", "gpu_kernels=1", 1);
  BuiltNetwork net("squeezenet1_1", {.classes = 10});
  const std::string logits = net.graph.NameOf(net.result.output);
  const Session::Feeds feeds = {{"images", testing::FixedPictures(Shape{1, 224, 224, 3})}};
  const Tensor expected = testing::Fetch(*net.OpenWithFixedValues(On("cpu:1")), feeds, logits);
  auto session = net.OpenWithFixedValues(On("sim:1"));
  const Tensor actual = testing::Fetch(*session, feeds, logits);
  ASSERT_EQ(actual.shape(), expected.shape());
  for (int64_t i = 0; i < expected.num_elements(); ++i) {
    EXPECT_NEAR(actual.data<float>()[i], expected.data<float>()[i], 1e-4) << i;
  }

  PrepareOptions options{.feeds = {"images"}, .fetches = {logits}};
  auto prepared = PrepareGraph(net.graph, options, session->devices(), SharedRuntime());
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  std::map<std::string, int> ops;
  for (NodeId id : prepared->graph->node_ids()) ++ops[prepared->graph->node(id).op()];
  EXPECT_EQ(ops["_ConcatConv2D"], 8);
  EXPECT_EQ(ops["ConcatV2"], 0);
}

// A device that is too small says how much of the batch it has room for, and has it.
TEST(SimulatedDevices, ATooSmallOneSaysWhatWouldFit) {
  setenv("SLUICE_SIM", "limit=12582912", 1);
  auto net = LeNet({"/sim:0", "/sim:0"});
  auto session = net->Open(On("sim:1"));
  ASSERT_TRUE(session->Run({}, {}, {"init"}, nullptr).ok());
  std::vector<float> losses;
  absl::Status status = Step(*session, 1024, &losses);
  ASSERT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("device:SIM:0 has 12582912 bytes"));
  EXPECT_THAT(message, HasSubstr("of the feeds' 1024 rows"));
  const size_t at = message.find("enough for about ");
  ASSERT_NE(at, std::string::npos) << message;
  const int64_t fitting = std::atoi(message.c_str() + at + 17);
  EXPECT_GT(fitting, 8) << message;
  status = Step(*session, fitting, &losses);
  EXPECT_TRUE(status.ok()) << fitting << ": " << status;
}

}  // namespace
}  // namespace sluice
