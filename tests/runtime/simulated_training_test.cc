// Small networks that train on one CPU, split over two, and split over two simulated devices: the same numbers. And the
// test of these tests: without the waits between devices the numbers differ.
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "graph/builders.h"
#include "graph/gradients.h"
#include "runtime/session.h"

namespace sluice {
namespace {

constexpr int kBatch = 16, kSide = 10, kHidden = 33, kClasses = 5, kSteps = 20;

const Runtime& SharedRuntime() {
  static const Runtime& runtime = *new Runtime;
  return runtime;
}

Tensor RandomTensor(Shape shape, int seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.3F);
  Tensor t(DataType::kFloat, std::move(shape));
  for (int64_t i = 0; i < t.num_elements(); ++i) t.data<float>()[i] = normal(random);
  return t;
}

// Builds a network whose first half is on `first` and whose second on `second`: targets "init" and "train", fetch
// "loss", feeds "x" [n, kSide, kSide, 1] and "labels" [n].
class Network {
 public:
  Network(std::string first, std::string second)
      : first_(std::move(first)), second_(std::move(second)), graph_(SharedRuntime().ops()), scope_(graph_) {
    x_ = ops::Placeholder(scope_.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{-1, kSide, kSide, 1}});
    labels_ = ops::Placeholder(scope_.Named("labels"), {.dtype = DataType::kInt32, .shape = PartialShape{-1}});
  }

  Graph TwoDenseLayers() {
    Scope one = scope_.WithDevice(first_).SubScope("one"), two = scope_.WithDevice(second_).SubScope("two");
    Endpoint flat = ops::Reshape(one, x_, one.Ints({-1, kSide * kSide}));
    Endpoint hidden = ops::Tanh(one, Dense(one, flat, kSide * kSide, kHidden));
    return Finish(two, Dense(two, hidden, kHidden, kClasses));
  }

  // Convolution, pooling and activation on the first device, two dense layers on the second, as LeNet.
  Graph Convolutional() {
    Scope one = scope_.WithDevice(first_).SubScope("one"), two = scope_.WithDevice(second_).SubScope("two");
    Endpoint filter = Variable(one, "filter", Shape{3, 3, 1, 6}), bias = Variable(one, "bias", Shape{6});
    Endpoint y = ops::Conv2D(one, x_, filter, {.strides = {1, 1, 1, 1}, .padding = "SAME"});
    y = ops::Relu(one, ops::BiasAdd(one, y, bias));
    y = ops::MaxPool(one, y, {.ksize = {1, 2, 2, 1}, .strides = {1, 2, 2, 1}, .padding = "VALID"});
    constexpr int kFlat = kSide / 2 * (kSide / 2) * 6;
    Endpoint flat = ops::Reshape(two, y, two.Ints({-1, kFlat}));
    Endpoint hidden = ops::Relu(two, Dense(two.SubScope("hidden"), flat, kFlat, kHidden));
    return Finish(two, Dense(two.SubScope("out"), hidden, kHidden, kClasses));
  }

 private:
  // The value of a new variable.
  Endpoint Variable(Scope s, const char* name, const Shape& shape) {
    Endpoint handle = ops::VarHandleOp(s.Named(name), {.dtype = DataType::kFloat, .shape = PartialShape(shape)});
    Tensor start = RandomTensor(shape, static_cast<int>(handles_.size()) + 1);
    init_.push_back(ops::AssignVariableOp(s, handle, s.Const(start)));
    handles_.push_back(handle);
    reads_.push_back(ops::ReadVariableOp(s, handle, {.dtype = DataType::kFloat}));
    return reads_.back();
  }

  Endpoint Dense(Scope s, Endpoint x, int64_t in, int64_t out) {
    Endpoint w = Variable(s, "w", Shape{in, out}), b = Variable(s, "b", Shape{out});
    return ops::BiasAdd(s, ops::MatMul(s, x, w), b);
  }

  Graph Finish(Scope s, Endpoint logits) {
    Endpoint each = ops::SparseSoftmaxCrossEntropyWithLogits(s, logits, labels_).loss;
    Endpoint loss = ops::Identity(scope_.WithDevice(second_).Named("loss"), ops::Mean(s, each, s.Ints({0})));
    auto grads = AddGradients(scope_, SharedRuntime().gradients(), {loss}, reads_);
    EXPECT_TRUE(grads.ok()) << grads.status();
    std::vector<NodeId> updates;
    for (size_t i = 0; i < handles_.size(); ++i) {
      Scope update = scope_.WithDevice(graph_.node(handles_[i].node).device).SubScope("update");
      updates.push_back(ops::ResourceApplyGradientDescent(update, handles_[i], update.Scalar<float>(0.1F),
                                                          std::get<Endpoint>((*grads)[i])));
    }
    ops::NoOp(scope_.WithControl(init_).Named("init"));
    ops::NoOp(scope_.WithControl(updates).Named("train"));
    EXPECT_TRUE(scope_.status().ok()) << scope_.status();
    return graph_;
  }

  const std::string first_, second_;
  Graph graph_;
  Scope scope_;
  Endpoint x_, labels_;
  std::vector<NodeId> init_;
  std::vector<Endpoint> handles_, reads_;
};

Session::Feeds Batch(int step) {
  Tensor labels(DataType::kInt32, Shape{kBatch});
  for (int i = 0; i < kBatch; ++i) labels.data<int32_t>()[i] = (i * 7 + step) % kClasses;
  return {{"x", RandomTensor(Shape{kBatch, kSide, kSide, 1}, 100 + step)}, {"labels", labels}};
}

enum Kind { kDense, kConvolutional };

Graph Build(Kind kind, const std::string& first, const std::string& second) {
  Network network(first, second);
  return kind == kDense ? network.TwoDenseLayers() : network.Convolutional();
}

// The losses of all steps and the weights at the end, in one list. Every step sees the same batch. Where steps may fail,
// one that does has no loss.
std::vector<float> Train(Kind kind, const std::string& devices, const std::string& first, const std::string& second,
                         const std::string& simulated = "", bool may_fail = false) {
  setenv("SLUICE_SIM", simulated.c_str(), 1);
  auto session = NewSession(SharedRuntime(), {.devices = devices,
                                              .threads = 1,
                                              .deterministic = true,
                                              .allow_soft_placement = false,
                                              .plugins = {SLUICE_SIMULATED_PLUGIN}});
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE((*session)->Create(Build(kind, first, second)).ok());
  absl::Status status = (*session)->Run({}, {}, {"init"}, nullptr);
  EXPECT_TRUE(status.ok()) << status;
  std::vector<float> numbers;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<Tensor> outputs;
    status = (*session)->Run(Batch(0), {"loss"}, {"train"}, &outputs);
    EXPECT_TRUE(status.ok() || may_fail) << status;
    numbers.push_back(outputs.empty() ? 0.F : outputs[0].data<float>()[0]);
  }
  for (const std::string& name : (*session)->InitializedVariables()) {
    auto value = (*session)->ReadVariable(name);
    EXPECT_TRUE(value.ok()) << value.status();
    numbers.insert(numbers.end(), value->values<float>().begin(), value->values<float>().end());
  }
  return numbers;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class SimulatedTrainingTest : public ::testing::TestWithParam<Kind> {
 protected:
  const std::vector<float> expected_ = Train(GetParam(), "cpu:1", "/cpu:0", "/cpu:0");
};
INSTANTIATE_TEST_SUITE_P(Networks, SimulatedTrainingTest, ::testing::Values(kDense, kConvolutional),
                         [](const auto& info) { return info.param == kDense ? "Dense" : "Convolutional"; });

TEST_P(SimulatedTrainingTest, LearnsAtAll) { EXPECT_LT(expected_[kSteps - 1], expected_[0]); }

TEST_P(SimulatedTrainingTest, TwoCpusComputeTheSameBits) {
  EXPECT_TRUE(SameBits(Train(GetParam(), "cpu:2", "/cpu:0", "/cpu:1"), expected_));
}

TEST_P(SimulatedTrainingTest, SimulatedDevicesComputeTheSameBits) {
  EXPECT_TRUE(SameBits(Train(GetParam(), "sim:1", "/sim:0", "/sim:0"), expected_));
  EXPECT_TRUE(SameBits(Train(GetParam(), "cpu:1,sim:1", "/sim:0", "/cpu:0", "delay_us=20"), expected_));
  for (int seed = 0; seed < 5; ++seed) {
    EXPECT_TRUE(
        SameBits(Train(GetParam(), "sim:2", "/sim:0", "/sim:1", absl::StrCat("delay_us=30,seed=", seed)), expected_))
        << "seed " << seed;
  }
}

TEST_P(SimulatedTrainingTest, AMissingWaitShows) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "a race on purpose";
#endif
  int differ = 0;
  for (int seed = 0; seed < 5; ++seed) {
    std::string options = absl::StrCat("delay_us=30,skip_wait=1,seed=", seed);
    differ += SameBits(Train(GetParam(), "sim:2", "/sim:0", "/sim:1", options, true), expected_) ? 0 : 1;
  }
  EXPECT_GE(differ, 1);
}

TEST_P(SimulatedTrainingTest, AFaultEndsTheRunAndNotTheSession) {
  for (const char* fault : {"fail_copy=40", "fail_run=60"}) {
    setenv("SLUICE_SIM", absl::StrCat("delay_us=10,", fault).c_str(), 1);
    auto session =
        NewSession(SharedRuntime(), {.devices = "sim:2", .threads = 1, .plugins = {SLUICE_SIMULATED_PLUGIN}});
    ASSERT_TRUE((*session)->Create(Build(GetParam(), "/sim:0", "/sim:1")).ok());
    ASSERT_TRUE((*session)->Run({}, {}, {"init"}, nullptr).ok());
    int failures = 0;
    for (int step = 0; step < 20; ++step) {
      std::vector<Tensor> outputs;
      absl::Status status = (*session)->Run(Batch(step), {"loss"}, {"train"}, &outputs);
      if (status.ok()) continue;
      ++failures;
      EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("failed, as asked for"));
    }
    EXPECT_GE(failures, 1) << fault;
    EXPECT_LE(failures, 2) << fault << ": once on each device";
  }
}

TEST_P(SimulatedTrainingTest, WithoutMemoryItSaysSo) {
  setenv("SLUICE_SIM", "limit=1024", 1);
  auto session = NewSession(SharedRuntime(), {.devices = "sim:2", .threads = 1, .plugins = {SLUICE_SIMULATED_PLUGIN}});
  ASSERT_TRUE((*session)->Create(Build(GetParam(), "/sim:0", "/sim:1")).ok());
  absl::Status status = (*session)->Run({}, {}, {"init"}, nullptr);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
}

}  // namespace
}  // namespace sluice
