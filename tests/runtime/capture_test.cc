// Stretches of a program that a device captures and issues at once: how often, with what results, and what becomes of
// errors, of variables that move and of random numbers.
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"

#include "graph/builders.h"
#include "tests/runtime/grow_graph.h"
#include "tests/runtime/simulated_device.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

class CaptureTest : public ::testing::Test {
 protected:
  ~CaptureTest() override { unsetenv("SLUICE_SIM"); }

  // A session of the graph on one simulated device.
  std::unique_ptr<Session> Open(const std::string& options) {
    EXPECT_TRUE(scope_.status().ok()) << scope_.status();
    setenv("SLUICE_SIM", options.c_str(), 1);
    auto session = NewSession(SharedRuntime(), {.devices = "sim:1",
                                                .threads = 1,
                                                .deterministic = true,
                                                .allow_soft_placement = false,
                                                .disabled_passes = {"chains"},  // a kernel for each node
                                                .plugins = {SLUICE_SIMULATED_PLUGIN}});
    EXPECT_TRUE(session.ok()) << session.status();
    EXPECT_TRUE((*session)->Create(Graph(graph_)).ok());
    return *std::move(session);
  }

  struct Result {
    absl::Status status;
    std::vector<float> y;
    int64_t launches = 0;
  };
  static Result Run(Session& session, const std::vector<float>& x, const std::vector<std::string>& targets = {},
                    RunOptions options = {}) {
    std::vector<Tensor> outputs;
    RunMetadata metadata;
    Result result;
    result.status = session.Run(options, {{"x", Tensor::Vector<float>(x)}}, {"y"}, targets, &outputs, &metadata);
    if (result.status.ok()) result.y.assign(outputs[0].values<float>().begin(), outputs[0].values<float>().end());
    result.launches = metadata.launches;
    return result;
  }

  // y = a chain of `n` kernels from x.
  void MakeChain(int n) {
    Endpoint y = x_;
    for (int i = 0; i < n; ++i) {
      Scope s = scope_.Named(i + 1 == n ? "y" : absl::StrCat("kernel", i));
      y = i % 2 == 0 ? ops::Tanh(s, y) : ops::Add(s, y, x_);
    }
  }

  // y = x · w, and "train": w += x, w *= 0.9 through a momentum update.
  void MakeTraining() {
    Endpoint w = ops::VarHandleOp(on_.Named("w"), {.dtype = DataType::kFloat, .shape = PartialShape{4}});
    Endpoint slot = ops::VarHandleOp(on_.Named("slot"), {.dtype = DataType::kFloat, .shape = PartialShape{4}});
    NodeId a = ops::AssignVariableOp(on_, w, on_.Const(Tensor::Vector<float>({1, 2, 3, 4})));
    NodeId b = ops::AssignVariableOp(on_, slot, on_.Const(Tensor::Vector<float>({0, 0, 0, 0})));
    ops::NoOp(scope_.WithControl({a, b}).Named("init"));
    Endpoint value = ops::ReadVariableOp(on_, w, {.dtype = DataType::kFloat});
    Endpoint y = ops::Mul(on_.Named("y"), value, x_);
    Endpoint gradient = ops::Tanh(on_.Named("gradient"), ops::Sub(on_, y, value));
    ops::ResourceApplyMomentum(on_.Named("train"), w, slot, on_.Scalar<float>(0.1F), gradient, on_.Scalar<float>(0.9F));
  }

  Graph graph_{SharedRuntime().ops()};
  Scope scope_{graph_};
  Scope on_ = scope_.WithDevice("/sim:0");
  Endpoint x_ = ops::Placeholder(scope_.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{4}});
};

TEST_F(CaptureTest, FromTheSecondRunOnAStepIsOneLaunch) {
  scope_ = on_;
  MakeChain(9);
  auto captured = Open("delay_us=10"), plain = Open("delay_us=10,graphs=0");
  for (int run = 0; run < 5; ++run) {
    const std::vector<float> x = {static_cast<float>(run), 0.5F, -0.25F, 1.F / static_cast<float>(run + 1)};
    const Result a = Run(*captured, x), b = Run(*plain, x);
    ASSERT_TRUE(a.status.ok() && b.status.ok()) << a.status << b.status;
    EXPECT_EQ(a.y, b.y) << run;
    EXPECT_EQ(a.launches, run == 0 ? 9 : 1) << run;
    EXPECT_EQ(b.launches, 9) << run;
  }
}

TEST_F(CaptureTest, VariablesAreReadAndUpdated) {
  MakeTraining();
  for (const char* kernels : {"", "gpu_kernels=1,"}) {
    auto captured = Open(absl::StrCat(kernels, "delay_us=10")), plain = Open(absl::StrCat(kernels, "graphs=0"));
    for (Session* session : {captured.get(), plain.get()}) {
      EXPECT_TRUE(absl::IsFailedPrecondition(Run(*session, {1, 2, 3, 4}, {"train"}).status)) << "no value yet";
      ASSERT_TRUE(session->Run({}, {}, {"init"}, nullptr).ok());
    }
    for (int run = 0; run < 6; ++run) {
      const std::vector<float> x = {1, 0.5F * static_cast<float>(run), -2, 0.3F};
      const Result a = Run(*captured, x, {"train"}), b = Run(*plain, x, {"train"});
      ASSERT_TRUE(a.status.ok() && b.status.ok()) << a.status << b.status;
      EXPECT_EQ(a.y, b.y) << run;
      if (run > 0) {
        EXPECT_EQ(a.launches, 1) << run;
      }
      EXPECT_GT(b.launches, 3) << run;
      for (const char* name : {"w", "slot"}) EXPECT_EQ(*captured->ReadVariable(name), *plain->ReadVariable(name));
    }
    // What is written from outside is what the next run reads.
    for (Session* session : {captured.get(), plain.get()}) {
      ASSERT_TRUE(session->WriteVariable("w", Tensor::Vector<float>({9, 8, 7, 6})).ok());
    }
    EXPECT_EQ(Run(*captured, {1, 1, 1, 1}).y, std::vector<float>({9, 8, 7, 6}));
  }
}

TEST_F(CaptureTest, AVariableMayMove) {
  Endpoint w = ops::VarHandleOp(on_.Named("w"), {.dtype = DataType::kFloat, .shape = PartialShape{-1}});
  Endpoint value = ops::ReadVariableOp(on_, w, {.dtype = DataType::kFloat});
  Endpoint sum = ops::Sum(on_, ops::Square(on_, value), on_.Ints({0}));
  ops::Mul(on_.Named("y"), x_, sum);
  auto session = Open("");
  for (int64_t n : {4, 4, 4, 100000, 100000, 4, 4, 4, 100000}) {
    Tensor ones(DataType::kFloat, Shape{n});
    std::fill_n(ones.data<float>(), n, 0.5F);
    ASSERT_TRUE(session->WriteVariable("w", ones).ok());
    const Result result = Run(*session, {1, 2, 3, 4});
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_FLOAT_EQ(result.y[1], static_cast<float>(n) / 2);
  }
}

TEST_F(CaptureTest, RandomNumbersAreNotRepeated) {
  Endpoint noise = ops::RandomUniform(on_, on_.Ints({4}), {.seed = 3, .seed2 = 5, .dtype = DataType::kFloat});
  Endpoint left = ops::Tanh(on_, ops::Square(on_, x_));
  ops::Mul(on_.Named("y"), ops::Square(on_, ops::Add(on_, left, noise)), left);
  auto captured = Open("delay_us=10"), plain = Open("graphs=0");
  std::vector<float> last;
  for (int run = 0; run < 5; ++run) {
    const Result a = Run(*captured, {1, 2, 3, 4}), b = Run(*plain, {1, 2, 3, 4});
    ASSERT_TRUE(a.status.ok()) << a.status;
    EXPECT_EQ(a.y, b.y) << run;
    EXPECT_NE(a.y, last) << run;
    last = a.y;
    EXPECT_LT(a.launches, run == 0 ? 7 : 4);
  }
}

TEST_F(CaptureTest, AnErrorSaysInWhichStretch) {
  scope_ = on_;
  MakeChain(6);
  // Kernels 13 to 18 are those of the third run.
  auto session = Open("fail_run=15");
  for (int run = 0; run < 2; ++run) ASSERT_TRUE(Run(*session, {1, 2, 3, 4}).status.ok());
  const absl::Status status = Run(*session, {1, 2, 3, 4}).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("node 'kernel0' (Tanh) or one of those up to node 'y' (Add), 6 kernels"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("failed, as asked for"));
  EXPECT_TRUE(Run(*session, {1, 2, 3, 4}).status.ok()) << "the next run is whole";
  for (const char* way : {"nameless=1,graphs=0,", "nameless=1,blocking=1,"}) {
    auto other = Open(absl::StrCat(way, "fail_run=15"));
    for (int run = 0; run < 2; ++run) ASSERT_TRUE(Run(*other, {1, 2, 3, 4}).status.ok());
    const Result failed = Run(*other, {1, 2, 3, 4});
    EXPECT_THAT(std::string(failed.status.message()),
                HasSubstr(absl::StrContains(way, "blocking")
                              ? "node 'kernel2' (Tanh): "
                              : "node 'kernel0' (Tanh) or one of those up to node 'y' (Add), 6 kernels"));
    EXPECT_TRUE(Run(*other, {1, 2, 3, 4}).status.ok()) << way;
  }
  auto plain = Open("fail_run=15,graphs=0");
  for (int run = 0; run < 2; ++run) ASSERT_TRUE(Run(*plain, {1, 2, 3, 4}).status.ok());
  EXPECT_THAT(std::string(Run(*plain, {1, 2, 3, 4}).status.message()), HasSubstr("node 'kernel2' (Tanh): "));
}

// What a kernel itself finds wrong is told with its node.
TEST_F(CaptureTest, AWrongValueSaysAtWhichNode) {
  Endpoint labels = ops::Cast(on_, x_, {.DstT = DataType::kInt32});
  Endpoint logits = ops::Reshape(on_, ops::Tile(on_, ops::Square(on_, x_), on_.Ints({3})), on_.Ints({4, 3}));
  Endpoint loss = ops::SparseSoftmaxCrossEntropyWithLogits(on_.Named("loss"), logits, labels).loss;
  ops::Square(on_.Named("y"), loss);
  auto session = Open("");
  for (int run = 0; run < 3; ++run) ASSERT_TRUE(Run(*session, {0, 1, 2, 0}).status.ok());
  EXPECT_EQ(Run(*session, {0, 1, 2, 0}).launches, 1);
  const absl::Status status = Run(*session, {0, 1, 7, 0}).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("node 'loss' (SparseSoftmaxCrossEntropyWithLogits)"));
  EXPECT_TRUE(Run(*session, {0, 1, 2, 0}).status.ok());
}

TEST_F(CaptureTest, CancellationAndTimeOutsWork) {
  scope_ = on_;
  MakeChain(6);
  auto session = Open("");
  for (int run = 0; run < 3; ++run) ASSERT_TRUE(Run(*session, {1, 2, 3, 4}).status.ok());
  CancellationFlag cancelled{true};
  EXPECT_TRUE(absl::IsCancelled(Run(*session, {1, 2, 3, 4}, {}, {.cancellation = &cancelled}).status));
  cancelled = false;
  EXPECT_TRUE(Run(*session, {1, 2, 3, 4}, {}, {.timeout_in_ms = 60000, .cancellation = &cancelled}).status.ok());
}

TEST_F(CaptureTest, ATracedRunShowsEveryKernel) {
  scope_ = on_;
  MakeChain(6);
  auto session = Open("");
  for (int run = 0; run < 4; ++run) {
    std::vector<Tensor> outputs;
    RunMetadata metadata;
    const RunOptions options{.trace_level = run == 2 ? RunOptions::FULL_TRACE : RunOptions::NO_TRACE};
    ASSERT_TRUE(
        session->Run(options, {{"x", Tensor::Vector<float>({1, 2, 3, 4})}}, {"y"}, {}, &outputs, &metadata).ok());
    EXPECT_EQ(metadata.launches, run == 0 || run == 2 ? 6 : 1) << run;
    if (run == 2) {
      EXPECT_GE(metadata.nodes.size(), 6U);
    }
  }
}

TEST(SimulatedCapture, RecordsWorkAndSpoilsWithEvents) {
  KernelRegistry kernels;
  auto devices = MakeSimulatedDevices(1, "delay_us=100", kernels);
  Device& device = *devices[0];
  ASSERT_TRUE(device.captures_graphs());
  auto stream = *device.NewStream();
  ScopedMemory a(device.allocator(), 16), b(device.allocator(), 16);
  Upload(device, a.get(), {1, 2, 3, 4});
  Upload(device, b.get(), {0, 0, 0, 0});
  auto copy = [&] { return stream->Copy(b.get(), MemoryKind::kDevice, a.get(), MemoryKind::kDevice, 16); };
  ASSERT_TRUE(stream->BeginCapture().ok());
  ASSERT_TRUE(copy().ok());
  auto graph = stream->EndCapture();
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_TRUE(stream->Synchronize().ok());
  EXPECT_EQ(Download(device, b.get(), 4), std::vector<float>({0, 0, 0, 0})) << "recorded, not done";
  for (float value : {1.F, 5.F}) {
    Upload(device, a.get(), std::vector<float>(4, value));
    ASSERT_TRUE(stream->Launch(**graph).ok());
    ASSERT_TRUE(stream->Synchronize().ok());
    EXPECT_EQ(Download(device, b.get(), 4), std::vector<float>(4, value));
  }
  auto event = device.NewEvent();
  ASSERT_TRUE(stream->BeginCapture().ok());
  EXPECT_FALSE(stream->Record(*event).ok());
  EXPECT_TRUE(copy().ok());
  EXPECT_THAT(std::string(stream->EndCapture().status().message()),
              HasSubstr("Record on a stream that is being captured"));
  EXPECT_TRUE(stream->Record(*event).ok());
  EXPECT_TRUE(event->Synchronize().ok());
  // What a graph would read when it is launched may be another value by then.
  const std::vector<float> on_stack(4, 2.F);
  ASSERT_TRUE(stream->BeginCapture().ok());
  EXPECT_FALSE(stream->Copy(b.get(), MemoryKind::kDevice, on_stack.data(), MemoryKind::kHost, 16).ok());
  EXPECT_FALSE(stream->EndCapture().ok());
}

TEST(SimulatedCapture, CanBeTurnedOff) {
  KernelRegistry kernels;
  auto devices = MakeSimulatedDevices(1, "graphs=0", kernels);
  EXPECT_FALSE(devices[0]->captures_graphs());
  EXPECT_FALSE((*devices[0]->NewStream())->BeginCapture().ok());
}

}  // namespace
}  // namespace sluice
