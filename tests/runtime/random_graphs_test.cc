// Random graphs over several devices against the interpreter: aliases, in-place outputs, the memory plan, channels and
// dynamic shapes in combinations that nobody would write down. SLUICE_RANDOM_GRAPHS sets how many (default 300).
#include <cstdlib>
#include <gtest/gtest.h>
#include <thread>

#include "tests/graph/interpreter.h"
#include "tests/runtime/grow_graph.h"

namespace sluice {
namespace {

int NumberOfGraphs() {
  const char* text = std::getenv("SLUICE_RANDOM_GRAPHS");
  return text == nullptr ? 300 : std::atoi(text);
}

TEST(RandomGraphsTest, AgreeWithTheInterpreter) {
  for (int seed = 0; seed < NumberOfGraphs() && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Grower grown(seed);
    auto session = NewSession(SharedRuntime(), {.devices = seed % 3 == 0 ? "cpu:1" : "cpu:3", .threads = 1});
    ASSERT_TRUE(session.ok());
    absl::Status created = (*session)->Create(Graph(grown.graph()));
    ASSERT_TRUE(created.ok()) << created;
    std::vector<std::string> fetches;
    for (Endpoint e : grown.fetches()) fetches.push_back(grown.graph().NameOf(e));
    Tensor n = Tensor::Vector<int32_t>({kSide, kSide});
    for (int run = 0; run < 3; ++run) {
      Tensor x = grown.RandomMatrix();
      testing::Interpreter interpreter(grown.graph(), SharedRuntime().cpu_kernels());
      auto expected = interpreter.Run({{grown.x(), x}, {grown.n(), n}}, grown.fetches());
      ASSERT_TRUE(expected.ok()) << expected.status();
      std::vector<Tensor> outputs;
      absl::Status status = (*session)->Run({{"x", x}, {"n", n}}, fetches, {}, &outputs);
      ASSERT_TRUE(status.ok()) << status;
      for (size_t f = 0; f < fetches.size(); ++f) ExpectNear(outputs[f], (*expected)[f], fetches[f]);
    }
  }
}

// The same on asynchronous devices with memory of their own: every wait and every copy has to be there.
TEST(RandomGraphsTest, AgreeOnSimulatedDevices) {
  for (int seed = 0; seed < NumberOfGraphs() / 4 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Grower grown(2000 + seed, "sim");
    setenv("SLUICE_SIM",
           absl::StrCat("limit=16777216,delay_us=", seed % 2 * 30, ",seed=", seed, ",peers=", seed / 2 % 2,
                        ",gpu_kernels=", seed / 4 % 2)
               .c_str(),
           1);
    auto session = NewSession(SharedRuntime(), {.devices = absl::StrCat("cpu:1,sim:", kDevices),
                                                .threads = 1,
                                                .allow_soft_placement = true,
                                                .plugins = {SLUICE_SIMULATED_PLUGIN}});
    ASSERT_TRUE(session.ok()) << session.status();
    absl::Status created = (*session)->Create(Graph(grown.graph()));
    ASSERT_TRUE(created.ok()) << created;
    std::vector<std::string> fetches;
    for (Endpoint e : grown.fetches()) fetches.push_back(grown.graph().NameOf(e));
    Tensor n = Tensor::Vector<int32_t>({kSide, kSide});
    for (int run = 0; run < 3; ++run) {
      Tensor x = grown.RandomMatrix();
      testing::Interpreter interpreter(grown.graph(), SharedRuntime().cpu_kernels());
      auto expected = interpreter.Run({{grown.x(), x}, {grown.n(), n}}, grown.fetches());
      ASSERT_TRUE(expected.ok()) << expected.status();
      std::vector<Tensor> outputs;
      absl::Status status = (*session)->Run({{"x", x}, {"n", n}}, fetches, {}, &outputs);
      ASSERT_TRUE(status.ok()) << status;
      for (size_t f = 0; f < fetches.size(); ++f) ExpectNear(outputs[f], (*expected)[f], fetches[f]);
    }
    EXPECT_EQ((*session)->warnings(), std::vector<std::string>());
  }
}

// One session, several threads, each with its own feeds.
TEST(RandomGraphsTest, ConcurrentRunsDoNotMix) {
  for (int seed = 0; seed < NumberOfGraphs() / 20; ++seed) {
    Grower grown(1000 + seed);
    auto session = NewSession(SharedRuntime(), {.devices = "cpu:2", .threads = 1});
    ASSERT_TRUE((*session)->Create(Graph(grown.graph())).ok());
    const std::string fetch = grown.graph().NameOf(grown.fetches().back());
    Tensor n = Tensor::Vector<int32_t>({kSide, kSide});
    std::vector<Tensor> xs, expected;
    for (int t = 0; t < 3; ++t) {
      xs.push_back(grown.RandomMatrix());
      testing::Interpreter interpreter(grown.graph(), SharedRuntime().cpu_kernels());
      auto result = interpreter.Run({{grown.x(), xs.back()}, {grown.n(), n}}, {grown.fetches().back()});
      ASSERT_TRUE(result.ok()) << result.status();
      expected.push_back((*result)[0]);
    }
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (int run = 0; run < 10; ++run) {
          std::vector<Tensor> outputs;
          absl::Status status = (*session)->Run({{"x", xs[t]}, {"n", n}}, {fetch}, {}, &outputs);
          ASSERT_TRUE(status.ok()) << status;
          ExpectNear(outputs[0], expected[t], fetch);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace sluice
