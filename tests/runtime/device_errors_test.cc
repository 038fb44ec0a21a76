// What a session says where devices are asked for what they cannot give.
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builders.h"
#include "tests/runtime/grow_graph.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

class DeviceErrors : public ::testing::Test {
 protected:
  DeviceErrors() { setenv("SLUICE_SIM", "devices=2,limit=65536", 1); }

  absl::StatusOr<std::unique_ptr<Session>> Open(const std::string& devices, bool soft, int64_t device_memory = 0) {
    return NewSession(SharedRuntime(), {.devices = devices,
                                        .threads = 1,
                                        .device_memory_limit = device_memory,
                                        .allow_soft_placement = soft,
                                        .plugins = {SLUICE_SIMULATED_PLUGIN}});
  }
  // Fetches `y` of the graph, without soft placement.
  absl::Status Run() {
    EXPECT_TRUE(scope_.status().ok()) << scope_.status();
    auto session = Open("sim:2", false);
    EXPECT_TRUE(session.ok()) << session.status();
    EXPECT_TRUE((*session)->Create(Graph(graph_)).ok());
    std::vector<Tensor> outputs;
    return (*session)->Run({{"x", Tensor::Vector<float>({1, 2})}}, {"y"}, {}, &outputs);
  }

  Graph graph_{SharedRuntime().ops()};
  Scope scope_{graph_};
  Endpoint x_ = ops::Placeholder(scope_.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{2}});
};

TEST_F(DeviceErrors, ADeviceThatIsNotThere) {
  absl::Status status = Open("sim:3", true).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("asked for 3 of 2 devices of type SIM; there are cpu ("));
  status = Open("gpu:0", true).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("no plug-in brings devices of type gpu"));
  ops::Relu(scope_.Named("y").WithDevice("/sim:7"), x_);
  status = Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("node 'y' (Relu): device '/device:SIM:7' is not there"));
}

TEST_F(DeviceErrors, MoreMemoryThanTheDeviceHas) {
  absl::Status status = Open("sim:1", true, 65537).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("a limit of 65537 bytes was asked for, it has 65536"));
  EXPECT_TRUE(Open("sim:1", true, 65536).ok());
}

TEST_F(DeviceErrors, AColocationGroupOnTwoDevices) {
  Endpoint a = ops::Tanh(scope_.Named("a").WithDevice("/sim:0"), x_);
  Endpoint y = ops::Relu(scope_.Named("y").WithDevice("/sim:1"), a);
  AttrList classes;
  classes.s = {"loc:@a"};
  graph_.node(y.node).attrs.emplace("_class", AttrValue(std::move(classes)));
  absl::Status status = Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("must share its device with node 'a'"));
}

TEST_F(DeviceErrors, AnOpThatTheDeviceHasNoKernelFor) {
  Scope host = scope_.WithDevice("/cpu:0");
  auto text = [&](const char* s) { return host.Const(Tensor::Vector<std::string>({s})); };
  Endpoint prefix = host.Const(Tensor::Scalar<std::string>("model"));
  NodeId save = ops::SaveV2(scope_.WithDevice("/sim:0").Named("save"), prefix, text("x"), text(""), {x_});
  ops::Identity(scope_.WithControl({save}).Named("y"), x_);
  absl::Status status = Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("node 'save' (SaveV2)"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("device '/device:SIM:0' cannot run it: no kernel for op"));
}

}  // namespace
}  // namespace sluice
