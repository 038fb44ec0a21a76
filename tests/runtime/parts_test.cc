// Graphs over several logical devices: what crosses, and that it arrives.
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builders.h"
#include "runtime/prepare.h"
#include "runtime/session.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

const Runtime& SharedRuntime() {
  static const Runtime& runtime = *new Runtime;
  return runtime;
}

// A ladder: in each rung both devices use what both made in the rung before.
Graph Ladder(int rungs) {
  Graph graph(SharedRuntime().ops());
  Scope scope(graph);
  Endpoint x = ops::Placeholder(scope.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{-1}});
  Endpoint left = x, right = x;
  for (int i = 0; i < rungs; ++i) {
    Scope rung = scope.SubScope(absl::StrCat("rung", i));
    Endpoint new_left = ops::AddV2(rung.WithDevice("/cpu:0"), left, right);
    Endpoint new_right = ops::Relu(rung.WithDevice("/cpu:1"), left);
    left = new_left;
    right = new_right;
  }
  ops::AddV2(scope.Named("y").WithDevice("/cpu:1"), left, right);
  EXPECT_TRUE(scope.status().ok()) << scope.status();
  return graph;
}

float Expected(float x, int rungs) {
  float left = x, right = x;
  for (int i = 0; i < rungs; ++i) {
    float old_left = left;
    left = left + right;
    right = old_left > 0 ? old_left : 0;
  }
  return left + right;
}

TEST(PartsTest, ValuesCrossBothWays) {
  constexpr int kRungs = 20;
  SessionOptions options;
  options.devices = "cpu:2";
  auto session = NewSession(SharedRuntime(), options);
  ASSERT_TRUE(session.ok());
  ASSERT_TRUE((*session)->Create(Ladder(kRungs)).ok());
  for (int run = 0; run < 50; ++run) {
    auto x = static_cast<float>(run - 10);
    std::vector<Tensor> outputs;
    absl::Status status = (*session)->Run({{"x", Tensor::Vector<float>({x, 1})}}, {"y"}, {}, &outputs);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_FLOAT_EQ(outputs[0].data<float>()[0], Expected(x, kRungs));
    ASSERT_FLOAT_EQ(outputs[0].data<float>()[1], Expected(1, kRungs));
  }
}

TEST(PartsTest, OneChannelForATensorHoweverManyConsumers) {
  Graph graph(SharedRuntime().ops());
  Scope scope(graph);
  Endpoint x = ops::Placeholder(scope.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{2}});
  Endpoint a = ops::Relu(scope.Named("a").WithDevice("/cpu:0"), x);
  Endpoint b = ops::Relu(scope.Named("b").WithDevice("/cpu:1"), a);
  Endpoint c = ops::Neg(scope.Named("c").WithDevice("/cpu:1"), a);
  ops::AddV2(scope.Named("y").WithDevice("/cpu:1"), b, c);
  ASSERT_TRUE(scope.status().ok());
  SessionOptions options;
  options.devices = "cpu:2";
  auto session = NewSession(SharedRuntime(), options);
  PrepareOptions prepare;
  prepare.feeds = {"x"};
  prepare.fetches = {"y"};
  auto prepared = PrepareGraph(graph, prepare, (*session)->devices(), SharedRuntime());
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ(prepared->partition.channels.size(), 1U);
}

TEST(PartsTest, AFailureInOnePartEndsTheRun) {
  Graph graph(SharedRuntime().ops());
  Scope scope(graph);
  Endpoint x = ops::Placeholder(scope.Named("x"), {.dtype = DataType::kInt32, .shape = PartialShape{1}});
  Endpoint bad = ops::FloorDiv(scope.Named("bad").WithDevice("/cpu:1"), x, x);
  ops::AddV2(scope.Named("y").WithDevice("/cpu:0"), bad, x);
  ASSERT_TRUE(scope.status().ok()) << scope.status();
  SessionOptions options;
  options.devices = "cpu:2";
  auto session = NewSession(SharedRuntime(), options);
  ASSERT_TRUE((*session)->Create(std::move(graph)).ok());
  std::vector<Tensor> outputs;
  absl::Status status = (*session)->Run({{"x", Tensor::Vector<int32_t>({0})}}, {"y"}, {}, &outputs);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("'bad'"));
  // The session goes on.
  ASSERT_TRUE((*session)->Run({{"x", Tensor::Vector<int32_t>({5})}}, {"y"}, {}, &outputs).ok());
  EXPECT_EQ(outputs[0].data<int32_t>()[0], 6);
}

// Two chains of products, one a device, that have nothing to do with each other until the end.
Graph TwoChains(int64_t side, int length) {
  Graph graph(SharedRuntime().ops());
  Scope scope(graph);
  Endpoint x = ops::Placeholder(scope.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{side, side}});
  std::vector<Endpoint> ends;
  for (const char* device : {"/cpu:0", "/cpu:1"}) {
    Endpoint chain = x;
    for (int i = 0; i < length; ++i) chain = ops::MatMul(scope.WithDevice(device), chain, x);
    ends.push_back(chain);
  }
  ops::AddV2(scope.Named("y").WithDevice("/cpu:0"), ends[0], ends[1]);
  EXPECT_TRUE(scope.status().ok()) << scope.status();
  return graph;
}

TEST(PartsTest, InterThreadsCapsTheDevicesThatComputeAtTheSameTime) {
  constexpr int64_t kSide = 200;
  constexpr int kLength = 10;
  SessionOptions options;
  options.devices = "cpu:2";
  options.inter_threads = 1;
  auto session = NewSession(SharedRuntime(), options);
  ASSERT_TRUE((*session)->Create(TwoChains(kSide, kLength)).ok());
  Tensor x(DataType::kFloat, Shape{kSide, kSide});
  for (int64_t i = 0; i < kSide; ++i) {
    for (int64_t j = 0; j < kSide; ++j) x.data<float>()[i * kSide + j] = i == j ? 1.5F : 0;
  }
  RunOptions traced;
  traced.trace_level = RunOptions::FULL_TRACE;
  std::vector<Tensor> outputs;
  RunMetadata metadata;
  for (int run = 0; run < 20; ++run) {
    absl::Status status = (*session)->Run(traced, {{"x", x}}, {"y"}, {}, &outputs, &metadata);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_FLOAT_EQ(outputs[0].data<float>()[0], 2 * std::pow(1.5F, kLength + 1));
    int64_t computed = 0;
    for (const NodeTrace& a : metadata.nodes) {
      if (a.op != "MatMul") continue;
      ++computed;
      for (const NodeTrace& b : metadata.nodes) {
        if (b.op != "MatMul" || b.device == a.device) continue;
        EXPECT_TRUE(a.end_us <= b.start_us || b.end_us <= a.start_us)
            << a.device << " computed from " << a.start_us << " to " << a.end_us << " us, " << b.device << " from "
            << b.start_us << " to " << b.end_us;
      }
    }
    EXPECT_EQ(computed, 2 * kLength);
  }
}

TEST(PartsTest, ACapOnDevicesAtATimeIsNoDeadlock) {
  constexpr int kRungs = 20;
  for (int cap : {1, 2, 3}) {
    SessionOptions options;
    options.devices = "cpu:2";
    options.inter_threads = cap;
    auto session = NewSession(SharedRuntime(), options);
    ASSERT_TRUE((*session)->Create(Ladder(kRungs)).ok());
    std::vector<Tensor> outputs;
    ASSERT_TRUE((*session)->Run({{"x", Tensor::Vector<float>({2, 1})}}, {"y"}, {}, &outputs).ok());
    EXPECT_FLOAT_EQ(outputs[0].data<float>()[0], Expected(2, kRungs));
  }
}

}  // namespace
}  // namespace sluice
