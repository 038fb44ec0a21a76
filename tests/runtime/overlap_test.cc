// Copies beside the computation, in the virtual time of simulated devices: how much of the transfer that a graph allows to
// be hidden is hidden. Every product takes 100 us here, every copy of a matrix 80.
#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <utility>

#include "graph/builders.h"
#include "tests/runtime/grow_graph.h"

namespace sluice {
namespace {

constexpr int64_t kN = 128;  // the side of a matrix
constexpr double kKernel = 100, kCopy = 80;
constexpr int kRounds = 8;

std::string Speeds() {
  const int64_t flops = 2 * kN * kN * kN, bytes = kN * kN * 4;
  return absl::StrCat("virtual_clock=1,flops_us=", flops / static_cast<int64_t>(kKernel),
                      ",link_us=", bytes / static_cast<int64_t>(kCopy),
                      ",peer_us=", bytes / static_cast<int64_t>(kCopy));
}

Tensor Matrix(float value) { return Tensor::Of<float>(std::vector<float>(kN * kN, value), Shape{kN, kN}); }

Endpoint Input(Scope scope, const std::string& name) {
  return ops::Placeholder(scope.Named(name), {.dtype = DataType::kFloat, .shape = PartialShape{kN, kN}});
}

// A chain of products on the first device, each of which the second uses in its own chain. The feed comes before all
// products, the last value crosses between the last two, the fetch comes after all: the other values can be hidden.
struct TwoChains {
  static Graph Build() {
    Graph graph(SharedRuntime().ops());
    Scope scope(graph), first = scope.WithDevice("/sim:0"), second = scope.WithDevice("/sim:1");
    Endpoint w = first.Const(Matrix(1.F / kN)), a = Input(scope, "x0"), b = second.Const(Matrix(1.F / kN));
    for (int i = 0; i < kRounds; ++i) {
      a = ops::MatMul(first, a, w);
      b = ops::MatMul(i + 1 == kRounds ? second.Named("y0") : second, a, b);
    }
    EXPECT_TRUE(scope.status().ok()) << scope.status();
    return graph;
  }
  static constexpr int kFeeds = 1, kFetches = 1;
  static double Serial(double copy) { return kCopy + kRounds * (kKernel + copy) + kKernel + kCopy; }
  static double Best(double copy) { return kCopy + kRounds * kKernel + copy + kKernel + kCopy; }
};

// Every product has a feed and a fetch of its own: all but the first feed and the last fetch can be hidden.
struct FeedsAndFetches {
  static Graph Build() {
    Graph graph(SharedRuntime().ops());
    Scope scope(graph), device = scope.WithDevice("/sim:0");
    Endpoint w = device.Const(Matrix(1.F / kN));
    for (int i = 0; i < kRounds; ++i) {
      ops::MatMul(device.Named(absl::StrCat("y", i)), Input(scope, absl::StrCat("x", i)), w);
    }
    EXPECT_TRUE(scope.status().ok()) << scope.status();
    return graph;
  }
  static constexpr int kFeeds = kRounds, kFetches = kRounds;
  static double Serial(double) { return kRounds * (kCopy + kKernel + kCopy); }
  static double Best(double) { return kCopy + kRounds * kKernel + kCopy; }
};

// Virtual microseconds of one step.
template <class Case>
double Makespan(const std::string& simulated) {
  setenv("SLUICE_SIM", absl::StrCat(Speeds(), simulated).c_str(), 1);
  auto session = NewSession(SharedRuntime(), {.devices = "sim:2", .threads = 1, .plugins = {SLUICE_SIMULATED_PLUGIN}});
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE((*session)->Create(Case::Build()).ok());
  Session::Feeds feeds;
  std::vector<std::string> fetches;
  for (int i = 0; i < Case::kFeeds; ++i) feeds.emplace_back(absl::StrCat("x", i), Matrix(1));
  for (int i = 0; i < Case::kFetches; ++i) fetches.push_back(absl::StrCat("y", i));
  RunOptions traced;
  traced.trace_level = RunOptions::FULL_TRACE;
  double makespan = 0;
  for (int run = 0; run < 2; ++run) {  // one run does not count in the next
    std::vector<Tensor> outputs;
    RunMetadata metadata;
    absl::Status status = (*session)->Run(traced, feeds, fetches, {}, &outputs, &metadata);
    EXPECT_TRUE(status.ok()) << status;
    int64_t end = 0;
    for (const NodeTrace& row : metadata.nodes) end = std::max(end, row.end_us);
    const double before = std::exchange(makespan, static_cast<double>(end));
    if (run > 0) {
      EXPECT_NEAR(before, makespan, 2);
    }
  }
  return makespan;
}

// The part of what can be hidden that is hidden.
template <class Case>
double Hidden(const std::string& simulated, double copy) {
  const double serial = Case::Serial(copy), best = Case::Best(copy);
  const double makespan = Makespan<Case>(simulated);
  EXPECT_GE(makespan, best - 3) << "faster than the graph allows";
  return (serial - makespan) / (serial - best);
}

constexpr double kGoal = 0.7;

TEST(OverlapTest, ValuesBetweenDevicesAreHidden) {
  EXPECT_GE(Hidden<TwoChains>("", kCopy), kGoal);
  EXPECT_LT(Hidden<TwoChains>(",copy_streams=0", kCopy), kGoal);
}

TEST(OverlapTest, ValuesThatGoThroughTheHostAreHidden) {
  EXPECT_GE(Hidden<TwoChains>(",peers=0", 2 * kCopy), kGoal);
  EXPECT_LT(Hidden<TwoChains>(",peers=0,copy_streams=0", 2 * kCopy), kGoal);
}

TEST(OverlapTest, FeedsAndFetchesAreHidden) {
  EXPECT_GE(Hidden<FeedsAndFetches>("", kCopy), kGoal);
  EXPECT_LT(Hidden<FeedsAndFetches>(",copy_streams=0", kCopy), kGoal);
}

}  // namespace
}  // namespace sluice
