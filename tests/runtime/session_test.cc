#include "runtime/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "graph/builders.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Runtime& SharedRuntime() {
  static const Runtime& runtime = *new Runtime;
  return runtime;
}

std::unique_ptr<Session> SessionOf(Graph graph, const SessionOptions& options = {}) {
  auto session = NewSession(SharedRuntime(), options);
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE((*session)->Create(std::move(graph)).ok());
  return *std::move(session);
}

Tensor Vector(std::vector<float> values) { return Tensor::Vector<float>(values); }

std::vector<float> Values(const Tensor& t) { return {t.values<float>().begin(), t.values<float>().end()}; }

// y = relu(x + bias) with a placeholder x of unknown length.
Graph AddGraph() {
  Graph graph(SharedRuntime().ops());
  Scope scope(graph);
  Endpoint x = ops::Placeholder(scope.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{-1}});
  Endpoint sum = ops::AddV2(scope.Named("sum"), x, scope.Named("one").Scalar<float>(1));
  ops::Relu(scope.Named("y"), sum);
  EXPECT_TRUE(scope.status().ok()) << scope.status();
  return graph;
}

TEST(SessionTest, RunsForEveryFeedShape) {
  auto session = SessionOf(AddGraph());
  std::vector<Tensor> outputs;
  ASSERT_TRUE(session->Run({{"x", Vector({-3, 1})}}, {"y", "sum:0"}, {}, &outputs).ok());
  EXPECT_THAT(Values(outputs[0]), ElementsAre(0, 2));
  EXPECT_THAT(Values(outputs[1]), ElementsAre(-2, 2));
  ASSERT_TRUE(session->Run({{"x", Vector({5})}}, {"y"}, {}, &outputs).ok());
  EXPECT_THAT(Values(outputs[0]), ElementsAre(6));
}

// A convolution adds its own input to its result: the result must not lie over what is still read.
TEST(SessionTest, AShortcutAroundOneConvolution) {
  Graph graph(SharedRuntime().ops());
  Scope scope(graph);
  Endpoint x = ops::Placeholder(scope.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{-1, 8, 8, 3}});
  Tensor filter(DataType::kFloat, Shape{3, 3, 3, 3});
  for (int64_t i = 0; i < filter.num_elements(); ++i) filter.data<float>()[i] = static_cast<float>(i % 7) - 3;
  Endpoint in = ops::Relu(scope, x);
  Endpoint conv = ops::Conv2D(scope, in, scope.Const(filter), {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  ops::Relu(scope.Named("y"), ops::AddV2(scope, conv, in));
  ASSERT_TRUE(scope.status().ok()) << scope.status();
  Tensor fed(DataType::kFloat, Shape{2, 8, 8, 3});
  for (int64_t i = 0; i < fed.num_elements(); ++i) fed.data<float>()[i] = static_cast<float>(i * 37 % 11) - 4;
  std::vector<Tensor> expected, actual;
  auto apart = SessionOf(graph, {.disabled_passes = {"fuse"}}), fused = SessionOf(graph);
  ASSERT_TRUE(apart->Run({{"x", fed}}, {"y"}, {}, &expected).ok());
  absl::Status status = fused->Run({{"x", fed}}, {"y"}, {}, &actual);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Values(actual[0]), Values(expected[0]));  // small integers: exact
}

TEST(SessionTest, FeedsReplaceAnyTensor) {
  auto session = SessionOf(AddGraph());
  std::vector<Tensor> outputs;
  ASSERT_TRUE(session->Run({{"sum", Vector({-1, 7})}}, {"y", "sum"}, {}, &outputs).ok());
  EXPECT_THAT(Values(outputs[0]), ElementsAre(0, 7));
  EXPECT_THAT(Values(outputs[1]), ElementsAre(-1, 7));
}

TEST(SessionTest, FetchesConstantsAndFeeds) {
  auto session = SessionOf(AddGraph());
  std::vector<Tensor> outputs;
  ASSERT_TRUE(session->Run({{"x", Vector({4})}}, {"one", "x", "x"}, {}, &outputs).ok());
  EXPECT_THAT(Values(outputs[0]), ElementsAre(1));
  EXPECT_THAT(Values(outputs[1]), ElementsAre(4));
  EXPECT_THAT(Values(outputs[2]), ElementsAre(4));
}

TEST(SessionTest, AFetchedTensorStaysWhatItWas) {
  auto session = SessionOf(AddGraph());
  std::vector<Tensor> first, second;
  ASSERT_TRUE(session->Run({{"x", Vector({1})}}, {"y"}, {}, &first).ok());
  ASSERT_TRUE(session->Run({{"x", Vector({2})}}, {"y"}, {}, &second).ok());
  EXPECT_THAT(Values(first[0]), ElementsAre(2));
  EXPECT_THAT(Values(second[0]), ElementsAre(3));
}

TEST(SessionTest, AFetchedTensorOutlivesTheSession) {
  std::vector<Tensor> outputs;
  {
    auto session = SessionOf(AddGraph());
    ASSERT_TRUE(session->Run({{"x", Vector({1})}}, {"y"}, {}, &outputs).ok());
  }
  EXPECT_THAT(Values(outputs[0]), ElementsAre(2));
  outputs.clear();  // gave memory back to an allocator that was gone
}

struct BadRun {
  const char* name;
  Session::Feeds feeds;
  std::vector<std::string> fetches;
  absl::StatusCode code;
  const char* message;
};

TEST(SessionTest, BadRequestsSayWhatIsWrong) {
  auto session = SessionOf(AddGraph());
  const BadRun rows[] = {
      {"not fed", {}, {"y"}, absl::StatusCode::kInvalidArgument, "placeholder 'x'"},
      {"no such fetch", {}, {"yy"}, absl::StatusCode::kNotFound, "no node 'yy'"},
      {"no such output", {}, {"y:3"}, absl::StatusCode::kNotFound, "has 1 outputs, asked for output 3"},
      {"fed twice", {{"x", Vector({1})}, {"x", Vector({1})}}, {"y"}, absl::StatusCode::kInvalidArgument, "fed twice"},
      {"dtype", {{"x", Tensor::Scalar<int32_t>(1)}}, {"y"}, absl::StatusCode::kInvalidArgument, "expected float"},
      {"shape", {{"x", Tensor::Scalar<float>(1)}}, {"y"}, absl::StatusCode::kInvalidArgument, "expected [?]"},
      {"not a name", {}, {"y:z"}, absl::StatusCode::kInvalidArgument, "not a tensor name"},
  };
  for (const BadRun& row : rows) {
    std::vector<Tensor> outputs;
    absl::Status status = session->Run(row.feeds, row.fetches, {}, &outputs);
    EXPECT_EQ(status.code(), row.code) << row.name << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.message)) << row.name;
  }
}

TEST(SessionTest, CallablesAndClosing) {
  auto session = SessionOf(AddGraph());
  Session::CallableHandle handle = 0;
  ASSERT_TRUE(session->MakeCallable({.feed = {"x"}, .fetch = {"y"}, .target = {}, .run_options = {}}, &handle).ok());
  std::vector<Tensor> outputs;
  ASSERT_TRUE(session->RunCallable(handle, {Vector({1, 2, 3})}, &outputs).ok());
  EXPECT_THAT(Values(outputs[0]), ElementsAre(2, 3, 4));
  ASSERT_TRUE(session->ReleaseCallable(handle).ok());
  EXPECT_FALSE(session->RunCallable(handle, {Vector({1})}, &outputs).ok());
  EXPECT_FALSE(session->Create(AddGraph()).ok());
  ASSERT_TRUE(session->Close().ok());
  EXPECT_EQ(session->Run({{"x", Vector({1})}}, {"y"}, {}, &outputs).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SessionTest, SeveralThreadsRunAtATime) {
  auto session = SessionOf(AddGraph());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        std::vector<Tensor> outputs;
        auto x = static_cast<float>(t * 100 + i);
        ASSERT_TRUE(session->Run({{"x", Vector(std::vector<float>(1 + i % 3, x))}}, {"y"}, {}, &outputs).ok());
        ASSERT_EQ(outputs[0].data<float>()[0], x + 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SessionTest, TheMemoryLimitHoldsForArenas) {
  SessionOptions options;
  options.memory_limit = 1 << 20;
  auto session = SessionOf(AddGraph(), options);
  std::vector<Tensor> outputs;
  absl::Status status = session->Run({{"x", Vector(std::vector<float>(1 << 20))}}, {"y"}, {}, &outputs);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(session->Run({{"x", Vector({1})}}, {"y"}, {}, &outputs).ok());
}

TEST(SessionTest, CancelledRunsStop) {
  auto session = SessionOf(AddGraph());
  CancellationFlag cancelled{true};
  RunOptions options;
  options.cancellation = &cancelled;
  std::vector<Tensor> outputs;
  absl::Status status = session->Run(options, {{"x", Vector({1})}}, {"y"}, {}, &outputs, nullptr);
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST(SessionTest, TracesNameNodesAndDevices) {
  auto session = SessionOf(AddGraph());
  RunOptions options;
  options.trace_level = RunOptions::FULL_TRACE;
  RunMetadata metadata;
  std::vector<Tensor> outputs;
  ASSERT_TRUE(session->Run(options, {{"x", Vector({1})}}, {"y"}, {}, &outputs, &metadata).ok());
  ASSERT_EQ(metadata.nodes.size(), 2U);
  EXPECT_EQ(metadata.nodes[0].node, "sum");
  EXPECT_THAT(metadata.nodes[1].device, HasSubstr("CPU:0"));
}

}  // namespace
}  // namespace sluice
