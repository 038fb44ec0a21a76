// Every allocation, copy and kernel of a training step over two simulated devices and a CPU fails in turn, and each device
// is lost at every piece of its work: the error says where, nothing hangs, the session closes.
#include <cstdlib>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builders.h"
#include "tests/runtime/grow_graph.h"

namespace sluice {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// Two layers, one a device; what the CPU makes of the second comes back to it. Gradients go the other way.
Graph TwoLayers() {
  Graph graph(SharedRuntime().ops());
  Scope scope(graph), cpu = scope.WithDevice("/cpu:0");
  Scope first = scope.WithDevice("/sim:0"), second = scope.WithDevice("/sim:1");
  auto variable = [&](Scope s, const char* name) {
    Endpoint handle = ops::VarHandleOp(s.Named(name), {.dtype = DataType::kFloat, .shape = PartialShape{4, 4}});
    Tensor start = Tensor::Of<float>(std::vector<float>(16, 0.125F), Shape{4, 4});
    ops::AssignVariableOp(s.Named(absl::StrCat("init_", name)), handle, s.Const(start));
    return handle;
  };
  Endpoint w1 = variable(first, "w1"), w2 = variable(second, "w2");
  Endpoint x = ops::Placeholder(scope.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{8, 4}});
  Endpoint h =
      ops::Tanh(first.Named("h"), ops::MatMul(first, x, ops::ReadVariableOp(first, w1, {.dtype = DataType::kFloat})));
  Endpoint y = ops::MatMul(second.Named("y"), h, ops::ReadVariableOp(second, w2, {.dtype = DataType::kFloat}));
  Endpoint half = ops::Mul(cpu.Named("half"), y, cpu.Scalar<float>(0.5F));
  Endpoint loss = ops::Sum(second.Named("loss"), ops::AddV2(second, y, half), second.Ints({0, 1}));
  Endpoint back = ops::MatMul(second.Named("back"), y, ops::ReadVariableOp(second, w2, {.dtype = DataType::kFloat}),
                              {.transpose_b = true});
  Endpoint g2 = ops::MatMul(second, h, y, {.transpose_a = true});
  Endpoint g1 = ops::MatMul(first, x, back, {.transpose_a = true});
  NodeId u1 = ops::ResourceApplyGradientDescent(first, w1, first.Scalar<float>(1e-3F), g1);
  NodeId u2 = ops::ResourceApplyGradientDescent(second, w2, second.Scalar<float>(1e-3F), g2);
  ops::NoOp(scope.WithControl({u1, u2}).Named("train"));
  (void)loss;
  EXPECT_TRUE(scope.status().ok()) << scope.status();
  return graph;
}

// The first error of two steps, after which the session does what it can.
struct Outcome {
  absl::Status first;
  int failures = 0;
};

Outcome Train(const std::string& simulated) {
  setenv("SLUICE_SIM", absl::StrCat("limit=1048576,", simulated).c_str(), 1);
  Outcome outcome;
  auto session =
      NewSession(SharedRuntime(), {.devices = "cpu:1,sim:2", .threads = 1, .plugins = {SLUICE_SIMULATED_PLUGIN}});
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE((*session)->Create(TwoLayers()).ok());
  auto count = [&](const absl::Status& status) {
    if (status.ok()) return;
    ++outcome.failures;
    if (outcome.first.ok()) outcome.first = status;
  };
  RunOptions options;
  options.timeout_in_ms = 60000;
  const Session::Feeds feeds = {{"x", Tensor::Of<float>(std::vector<float>(32, 1), Shape{8, 4})}};
  count((*session)->Run({}, {}, {"init_w1", "init_w2"}, nullptr));
  for (int step = 0; step < 2; ++step) {
    std::vector<Tensor> outputs;
    count((*session)->Run(options, feeds, {"loss", "half"}, {"train"}, &outputs, nullptr));
  }
  EXPECT_TRUE((*session)->Close().ok());
  return outcome;
}

struct Faults {
  const char* name;
  const char* options;  // of all devices
};

class SimulatedFaultsTest : public ::testing::TestWithParam<Faults> {
 protected:
  // Runs with the fault at 1, 2, … on `device` until nothing fails any more; the number of faults.
  int ForEach(const std::string& fault, int device, const std::function<void(const Outcome&)>& check) {
    for (int n = 1; n < 200; ++n) {
      std::string options =
          absl::StrCat(GetParam().options, "delay_us=", n % 2 * 20, ",", fault, "=", n, ",fault_device=", device);
      SCOPED_TRACE(options);
      Outcome outcome = Train(options);
      if (outcome.first.ok() || HasFailure()) return n - 1;
      EXPECT_NE(outcome.first.code(), absl::StatusCode::kDeadlineExceeded);
      EXPECT_THAT(std::string(outcome.first.message()), HasSubstr(absl::StrCat("device:SIM:", device)));
      EXPECT_THAT(std::string(outcome.first.message()),
                  AnyOf(HasSubstr("node '"), HasSubstr("variable '"), HasSubstr("constant '"), HasSubstr("arena")));
      check(outcome);
      if (HasFailure()) break;
    }
    return 0;
  }
};

TEST_P(SimulatedFaultsTest, NoFaultNoError) {
  EXPECT_TRUE(Train(GetParam().options).first.ok()) << Train(GetParam().options).first;
}

TEST_P(SimulatedFaultsTest, AnAllocationFails) {
  for (int device : {0, 1}) {
    int faults = ForEach("fail_alloc", device, [](const Outcome& outcome) {
      EXPECT_EQ(outcome.first.code(), absl::StatusCode::kResourceExhausted) << outcome.first;
    });
    EXPECT_GE(faults, 3) << "a variable, a constant, an arena";
  }
}

TEST_P(SimulatedFaultsTest, ACopyFails) {
  for (int device : {0, 1}) {
    int faults = ForEach("fail_copy", device, [](const Outcome& outcome) {
      EXPECT_EQ(outcome.first.code(), absl::StatusCode::kInternal) << outcome.first;
      EXPECT_THAT(std::string(outcome.first.message()), HasSubstr("failed, as asked for"));
    });
    EXPECT_GE(faults, 4);
  }
}

TEST_P(SimulatedFaultsTest, AKernelFails) {
  for (int device : {0, 1}) {
    int faults = ForEach("fail_run", device, [](const Outcome& outcome) {
      EXPECT_EQ(outcome.first.code(), absl::StatusCode::kInternal) << outcome.first;
      EXPECT_THAT(std::string(outcome.first.message()), HasSubstr("failed, as asked for"));
    });
    EXPECT_GE(faults, 8);
  }
}

TEST_P(SimulatedFaultsTest, ADeviceIsLost) {
  for (int device : {0, 1}) {
    int faults = ForEach("lose_at", device, [](const Outcome& outcome) {
      EXPECT_EQ(outcome.first.code(), absl::StatusCode::kUnavailable) << outcome.first;
      EXPECT_THAT(std::string(outcome.first.message()), HasSubstr("the device was lost"));
    });
    EXPECT_GE(faults, 12);
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, SimulatedFaultsTest,
                         ::testing::Values(Faults{"Peers", ""}, Faults{"NoPeers", "peers=0,"},
                                           Faults{"NoCopyStreams", "copy_streams=0,"}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sluice
