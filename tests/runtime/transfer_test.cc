// Which way values take between memories, and that what is copied beside the computation is not overwritten meanwhile.
#include "runtime/transfer.h"

#include <cstdlib>
#include <gtest/gtest.h>

#include "core/cpu_device.h"
#include "tests/runtime/grow_graph.h"
#include "tests/runtime/simulated_device.h"

namespace sluice {
namespace {

TEST(TransferTest, OnePlaceDecidesTheRoute) {
  KernelRegistry kernels;
  CpuDevice cpu(0, 1, std::make_shared<HostAllocator>(), kernels),
      other_cpu(1, 1, std::make_shared<HostAllocator>(), kernels);
  auto peers = MakeSimulatedDevices(2, "", kernels), strangers = MakeSimulatedDevices(2, "peers=0", kernels);
  struct {
    const Device& from;
    const Device& to;
    bool has_static_shape;
    Route expected;
  } rows[] = {
      {cpu, other_cpu, true, Route::kHost},
      {cpu, *peers[0], true, Route::kToDevice},
      {*peers[0], cpu, true, Route::kToHost},
      {*peers[0], *peers[1], true, Route::kPeer},
      {*peers[0], *peers[1], false, Route::kStaged},
      {*peers[0], *strangers[0], true, Route::kStaged},
      {*strangers[0], *strangers[1], true, Route::kStaged},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(RouteBetween(row.from, row.to, row.has_static_shape), row.expected)
        << row.from.name() << " to " << row.to.name();
  }
}

TEST(TransferTest, BuffersThatStreamsCopyArePinned) {
  KernelRegistry kernels;
  CpuDevice cpu(0, 1, std::make_shared<HostAllocator>(), kernels);
  auto devices = MakeSimulatedDevices(2, "", kernels);
  Device &a = *devices[0], &b = *devices[1];
  EXPECT_EQ(BufferMemory(Route::kHost, cpu, cpu, cpu.allocator()).kind(), MemoryKind::kHost);
  EXPECT_EQ(&BufferMemory(Route::kToDevice, cpu, a, cpu.allocator()), &a.pinned_allocator());
  EXPECT_EQ(&BufferMemory(Route::kToHost, a, cpu, cpu.allocator()), &a.pinned_allocator());
  EXPECT_EQ(&BufferMemory(Route::kStaged, a, b, cpu.allocator()), &a.pinned_allocator());
  EXPECT_EQ(a.pinned_allocator().kind(), MemoryKind::kPinned);
}

// The second device multiplies by a weight of the first, which the first updates in the same step: the update may not
// overtake the copy.
Graph WeightThatIsSentAndUpdated() {
  Graph graph(SharedRuntime().ops());
  Scope scope(graph), first = scope.WithDevice("/sim:0"), second = scope.WithDevice("/sim:1");
  Endpoint handle = ops::VarHandleOp(first.Named("w"), {.dtype = DataType::kFloat, .shape = PartialShape{64}});
  Endpoint start = first.Const(Tensor::Of<float>(std::vector<float>(64, 0), Shape{64}));
  ops::AssignVariableOp(first.Named("init"), handle, start);
  Endpoint w = ops::ReadVariableOp(first, handle, {.dtype = DataType::kFloat});
  Endpoint x = ops::Placeholder(scope.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{64}});
  ops::AddV2(second.Named("y"), w, x);
  ops::ResourceApplyGradientDescent(first.Named("update"), handle, first.Scalar<float>(-1), x);
  EXPECT_TRUE(scope.status().ok()) << scope.status();
  return graph;
}

TEST(TransferTest, AnUpdateWaitsForTheCopyOfTheOldValue) {
  for (const char* way : {"", "peers=0,", "copy_streams=0,"}) {
    for (int seed = 0; seed < 5; ++seed) {
      setenv("SLUICE_SIM", absl::StrCat(way, "delay_us=50,seed=", seed).c_str(), 1);
      auto session =
          NewSession(SharedRuntime(), {.devices = "sim:2", .threads = 1, .plugins = {SLUICE_SIMULATED_PLUGIN}});
      ASSERT_TRUE((*session)->Create(WeightThatIsSentAndUpdated()).ok());
      ASSERT_TRUE((*session)->Run({}, {}, {"init"}, nullptr).ok());
      const Session::Feeds feeds = {{"x", Tensor::Of<float>(std::vector<float>(64, 1), Shape{64})}};
      for (int step = 0; step < 20; ++step) {
        std::vector<Tensor> outputs;
        absl::Status status = (*session)->Run(feeds, {"y"}, {"update"}, &outputs);
        ASSERT_TRUE(status.ok()) << status;
        for (float value : outputs[0].values<float>()) ASSERT_EQ(value, static_cast<float>(step + 1)) << way << seed;
      }
    }
  }
}

}  // namespace
}  // namespace sluice
