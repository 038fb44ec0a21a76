// AlexNet as two towers: what crosses between the devices, and that they compute what the one-device network does.
#include <algorithm>
#include <gmock/gmock.h>
#include <map>

#include "graph/builders.h"
#include "graph/flops.h"
#include "graph/gradients.h"
#include "models/training.h"
#include "runtime/devices.h"
#include "runtime/prepare.h"
#include "tests/graph/compare.h"
#include "tests/models/built_network.h"

namespace sluice {
namespace {

using testing::BuiltNetwork;
using ::testing::ElementsAre;
using testing::Fetch;
using testing::SharedRuntime;
using ::testing::UnorderedElementsAre;

// Names of what crosses, larger than a scalar, as "layer from>to" with the bytes for a batch.
using Crossings = std::multimap<std::string, int64_t>;

class TwoDevices : public ::testing::Test {
 protected:
  static NetworkOptions Small() { return {.classes = 10, .width = 0.125}; }

  struct Compiled {
    std::unique_ptr<SessionState> state;
    PreparedGraph prepared;
    std::shared_ptr<const Plan> plan;
  };
  static Compiled Compile(const Graph& graph, const std::vector<std::string>& feeds,
                          const std::vector<std::string>& fetches, const std::vector<std::string>& targets,
                          const std::vector<Shape>& shapes) {
    const SessionOptions options{.devices = "cpu:2", .threads = 1};
    auto devices = MakeDevices(SharedRuntime(), options);
    EXPECT_TRUE(devices.ok()) << devices.status();
    Compiled compiled{
        .state = std::make_unique<SessionState>(options, *std::move(devices)), .prepared = {}, .plan = {}};
    PrepareOptions prepare{.feeds = feeds, .fetches = fetches, .targets = targets};
    prepare.allow_soft_placement = false;
    auto prepared = PrepareGraph(graph, prepare, compiled.state->device_pointers(), SharedRuntime());
    EXPECT_TRUE(prepared.ok()) << prepared.status();
    compiled.prepared = *std::move(prepared);
    std::vector<DataType> types = {DataType::kFloat, DataType::kInt32};
    types.resize(feeds.size());
    auto plan = CompilePlan(compiled.prepared, types, shapes, *compiled.state, SharedRuntime().cpu_kernels());
    EXPECT_TRUE(plan.ok()) << plan.status();
    compiled.plan = *std::move(plan);
    return compiled;
  }

  static Crossings CrossingsOf(const Graph& graph, const std::vector<std::string>& feeds,
                               const std::vector<std::string>& fetches, const std::vector<std::string>& targets,
                               const std::vector<Shape>& shapes) {
    const Compiled compiled = Compile(graph, feeds, fetches, targets, shapes);
    Crossings crossings;
    for (const ChannelSpec& channel : compiled.plan->channels) {
      if (channel.source.index == kControl || channel.bytes == 0) continue;
      const std::string tensor = compiled.prepared.graph->NameOf(channel.source);
      if (channel.shape.num_elements() == 1) continue;
      crossings.emplace(absl::StrCat(tensor, " ", channel.from_device, ">", channel.to_device), channel.bytes);
    }
    return crossings;
  }
};

TEST_F(TwoDevices, WhatCrossesIsWhatThePaperSays) {
  BuiltNetwork net("alexnet_2dev");
  const int64_t pool2 = 13 * 13 * 128 * 4, pool5 = 6 * 6 * 128 * 4, fc = 2048 * 4;
  EXPECT_THAT(
      CrossingsOf(net.graph, {"images"}, {"logits"}, {}, {Shape{1, 227, 227, 3}}),
      UnorderedElementsAre(std::pair("tower1/pool2/MaxPool 0>1", pool2), std::pair("tower2/pool2/MaxPool 1>0", pool2),
                           std::pair("tower1/pool5/MaxPool 0>1", pool5), std::pair("tower2/pool5/MaxPool 1>0", pool5),
                           std::pair("tower1/fc6/Relu 0>1", fc), std::pair("tower2/fc6/Relu 1>0", fc),
                           std::pair("tower1/fc7/Relu 0>1", fc), std::pair("tower2/fc7/Relu 1>0", fc),
                           std::pair("tower1/fc8/BiasAdd 0>1", 500 * 4)));
}

TEST_F(TwoDevices, InTrainingTheGradientsCrossTooAndNothingElse) {
  BuiltNetwork net("alexnet_2dev", Small());
  TrainingOptions options;
  options.device = net.graph.node(net.result.output.node).device;
  absl::Status added = AddTraining(net.result, options, SharedRuntime().gradients());
  ASSERT_TRUE(added.ok()) << added;
  Crossings crossings = CrossingsOf(net.graph, {"images", "labels"}, {training::kTrainingLoss}, {"train"},
                                    {Shape{4, 227, 227, 3}, Shape{4}});
  std::vector<int64_t> bytes[2];
  for (const auto& [name, size] : crossings) bytes[absl::EndsWith(name, "0>1") ? 0 : 1].push_back(size / 4 / 4);
  for (auto& list : bytes) std::sort(list.begin(), list.end());
  const int64_t pool2 = 13 * 13 * 16, pool5 = 6 * 6 * 16, fc = 256, fc8 = 5;
  // Each tensor one way and, in training, its gradient the other way.
  EXPECT_THAT(bytes[0], ElementsAre(fc8, fc, fc, fc, fc, pool5, pool5, pool2, pool2))
      << ::testing::PrintToString(crossings);
  EXPECT_THAT(bytes[1], ElementsAre(fc8, fc, fc, fc, fc, pool5, pool5, pool2, pool2))
      << ::testing::PrintToString(crossings);
}

// How long a step would take, and how long both devices would be busy, if each did as much arithmetic a second.
TEST_F(TwoDevices, BothWorkAtTheSameTime) {
  BuiltNetwork net("alexnet_2dev", Small());
  TrainingOptions options;
  options.device = net.graph.node(net.result.output.node).device;
  ASSERT_TRUE(AddTraining(net.result, options, SharedRuntime().gradients()).ok());
  const Compiled step =
      Compile(net.graph, {"images", "labels"}, {training::kTrainingLoss}, {"train"}, {Shape{4, 227, 227, 3}, Shape{4}});
  std::vector<double> finished(static_cast<size_t>(step.prepared.graph->id_limit()), 0);
  double clocks[2] = {}, work = 0;
  for (NodeId id : step.prepared.partition.order) {
    const Node& node = step.prepared.graph->node(id);
    double start = clocks[node.assigned_device];
    for (Endpoint e : node.inputs) start = std::max(start, finished[static_cast<size_t>(e.node)]);
    for (NodeId c : node.control_inputs) start = std::max(start, finished[static_cast<size_t>(c)]);
    const double flops = NodeFlops(node, step.plan->infos);
    work += flops;
    clocks[node.assigned_device] = finished[static_cast<size_t>(id)] = start + flops;
  }
  EXPECT_GT(work, 1e7);
  EXPECT_LT(std::max(clocks[0], clocks[1]), 1.05 * work / 2);
}

TEST_F(TwoDevices, EachHoldsHalfOfTheWeights) {
  BuiltNetwork net("alexnet_2dev");
  std::map<std::string, int64_t> elements;
  for (const NetworkVariable& variable : net.network.variables()) {
    elements[variable.device] += variable.shape.num_elements();
  }
  ASSERT_EQ(elements.size(), 2u);
  EXPECT_EQ(elements["/device:CPU:0"], 60965224 / 2);
  EXPECT_EQ(elements["/device:CPU:1"], 60965224 / 2);
}

// Two tensors behind each other along the last axis.
Tensor Joined(const Tensor& first, const Tensor& second) {
  Dims dims(first.shape().dims().begin(), first.shape().dims().end());
  const int64_t a = dims.back(), b = second.shape().dims().back();
  dims.back() = a + b;
  Tensor whole(DataType::kFloat, Shape(dims));
  float* out = whole.data<float>();
  for (int64_t row = 0; row < whole.num_elements() / (a + b); ++row) {
    out = std::copy_n(first.data<float>() + row * a, a, out);
    out = std::copy_n(second.data<float>() + row * b, b, out);
  }
  return whole;
}

// The largest difference, relative to the largest element.
double Error(const Tensor& actual, const Tensor& expected) {
  EXPECT_TRUE(actual.shape() == expected.shape()) << actual.shape().ToString() << expected.shape().ToString();
  double largest = 0, difference = 0;
  for (int64_t i = 0; i < expected.num_elements(); ++i) {
    const double e = expected.data<float>()[i];
    largest = std::max(largest, std::abs(e));
    difference = std::max(difference, std::abs(actual.data<float>()[i] - e));
  }
  EXPECT_GT(largest, 0);
  return difference / largest;
}

// The mean cross-entropy of the network as it infers (so without dropout's randomness), differentiated: the names of
// the gradients by variable.
std::map<std::string, std::string> AddPlainGradients(BuiltNetwork& net) {
  const std::string device = net.graph.node(net.result.output.node).device;
  Scope scope = net.network.scope(), head = device.empty() ? scope : scope.WithDevice(device);
  Endpoint labels = ops::Placeholder(head.Named("labels"), {.dtype = DataType::kInt32, .shape = {-1}});
  Endpoint each = ops::SparseSoftmaxCrossEntropyWithLogits(head, net.result.output, labels).loss;
  Endpoint loss = ops::Mean(head, each, head.Ints({0}));
  std::vector<Endpoint> values;
  for (const NetworkVariable& variable : net.network.variables()) values.push_back(variable.value);
  auto gradients = AddGradients(scope, SharedRuntime().gradients(), {loss}, values);
  EXPECT_TRUE(gradients.ok()) << gradients.status();
  net.network.AddInit();
  std::map<std::string, std::string> names;
  for (size_t i = 0; i < values.size(); ++i) {
    names[net.network.variables()[i].name] = net.graph.NameOf(std::get<Endpoint>((*gradients)[i]));
  }
  return names;
}

void CompareWithOneDevice(const NetworkOptions& options, const SessionOptions& where) {
  BuiltNetwork one("alexnet", options), two("alexnet_2dev", options);
  const auto gradients_of_one = AddPlainGradients(one), gradients_of_two = AddPlainGradients(two);
  auto one_device = one.Open({.threads = where.threads}), two_devices = two.Open(where);
  for (Session* session : {one_device.get(), two_devices.get()}) {
    absl::Status init = session->Run({}, {}, {"init"}, nullptr);
    ASSERT_TRUE(init.ok()) << init;
  }
  const Session::Feeds feeds = {{"images", testing::FixedTensor("pictures", Shape{2, 227, 227, 3}, -120, 120)},
                                {"labels", Tensor::Vector<int32_t>({1, 4})}};
  EXPECT_LE(Error(Fetch(*two_devices, feeds, "logits"), Fetch(*one_device, feeds, "logits")), 1e-5);
  for (const auto& [name, gradient] : gradients_of_one) {
    const std::string first = "tower1/" + name, second = "tower2/" + name;
    Tensor values = Joined(*two_devices->ReadVariable(first), *two_devices->ReadVariable(second));
    EXPECT_EQ(testing::Difference(values, *one_device->ReadVariable(name), {0, 0}), "") << name << " at first";
    Tensor whole = Joined(Fetch(*two_devices, feeds, gradients_of_two.at(first)),
                          Fetch(*two_devices, feeds, gradients_of_two.at(second)));
    EXPECT_LE(Error(whole, Fetch(*one_device, feeds, gradient)), 1e-5) << name;
  }
}

TEST_F(TwoDevices, ComputesAndLearnsWhatOneDeviceDoes) {
  CompareWithOneDevice(Small(), {.devices = "cpu:2", .threads = 1, .allow_soft_placement = false});
}

TEST_F(TwoDevices, ComputesAndLearnsWhatOneDeviceDoesAtFullWidth) {
  if (std::getenv("SLUICE_LONG_TESTS") == nullptr) GTEST_SKIP() << "takes 3 GB: set SLUICE_LONG_TESTS";
  CompareWithOneDevice({}, {.devices = "cpu:2", .threads = 2, .allow_soft_placement = false});
}

// The dropout of two towers is on both devices; the loss falls all the same.
std::vector<float> Losses(const std::vector<std::string>& devices, const SessionOptions& where, int steps) {
  NetworkOptions network{.classes = 10, .width = 0.125, .devices = devices};
  network.input = {67, 67};  // 1x1 after the last pool
  BuiltNetwork net("alexnet_2dev", network);
  TrainingOptions options;
  options.optimizer = TrainingOptions::kSgd;
  options.rate = 0.01F;
  options.device = devices.back();
  absl::Status added = AddTraining(net.result, options, SharedRuntime().gradients());
  EXPECT_TRUE(added.ok()) << added;
  auto session = net.Open(where);
  absl::Status status = session->Run({}, {}, {"init"}, nullptr);
  EXPECT_TRUE(status.ok()) << status;
  Tensor images = testing::FixedTensor("pictures", Shape{8, 67, 67, 3}, -60, 60);
  Tensor labels = Tensor::Vector<int32_t>({0, 1, 2, 3, 4, 5, 6, 7});
  std::vector<float> losses;
  for (int step = 0; step < steps; ++step) {
    std::vector<Tensor> outputs;
    status = session->Run({{"images", images}, {"labels", labels}}, {training::kTrainingLoss}, {"train"}, &outputs);
    EXPECT_TRUE(status.ok()) << status;
    if (!status.ok()) break;
    losses.push_back(outputs[0].data<float>()[0]);
  }
  return losses;
}

SessionOptions Deterministic(const std::string& devices) {
  return {.devices = devices,
          .threads = 1,
          .deterministic = true,
          .allow_soft_placement = false,
          .plugins = {SLUICE_SIMULATED_PLUGIN}};
}

TEST_F(TwoDevices, TrainsOnTwoCpusAndOnTwoSimulatedDevicesAlike) {
  const int steps = 6;
  std::vector<float> one = Losses({"/cpu:0", "/cpu:0"}, Deterministic("cpu:1"), steps);
  ASSERT_EQ(one.size(), static_cast<size_t>(steps));
  EXPECT_LT(one.back(), one.front());
  EXPECT_EQ(Losses({"/cpu:0", "/cpu:1"}, Deterministic("cpu:2"), steps), one);
  for (int seed = 0; seed < 2; ++seed) {
    setenv("SLUICE_SIM", absl::StrCat("delay_us=30,seed=", seed).c_str(), 1);
    EXPECT_EQ(Losses({"/sim:0", "/sim:1"}, Deterministic("sim:2"), steps), one) << "seed " << seed;
  }
  // The GPU's kernels as they are compiled for the host: convolutions and products are the CPU's still.
  setenv("SLUICE_SIM", "delay_us=30,gpu_kernels=1", 1);
  std::vector<float> by_gpu_kernels = Losses({"/sim:0", "/sim:1"}, Deterministic("sim:2"), steps);
  ASSERT_EQ(by_gpu_kernels.size(), one.size());
  for (int step = 0; step < steps; ++step) EXPECT_NEAR(by_gpu_kernels[step], one[step], 1e-4 * one[step]) << step;
}

}  // namespace
}  // namespace sluice
