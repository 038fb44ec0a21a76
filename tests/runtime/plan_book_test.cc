// Orders and layouts of memory in a plan file: used where they fit, made again where they do not, never believed.
#include "runtime/plan_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builders.h"
#include "graph/fingerprint.h"
#include "io/coding.h"
#include "runtime/session.h"

namespace sluice {
namespace {

const Runtime& SharedRuntime() {
  static const Runtime& runtime = *new Runtime;
  return runtime;
}

// Two branches, so that there is more than one order.
Graph TwoBranches(float constant = 1) {
  Graph graph(SharedRuntime().ops());
  Scope scope(graph);
  Endpoint x = ops::Placeholder(scope.Named("x"), {.dtype = DataType::kFloat, .shape = PartialShape{3}});
  Endpoint a = ops::Relu(scope.Named("a"), x);
  Endpoint b = ops::AddV2(scope.Named("b"), x, scope.Named("c").Scalar<float>(constant));
  ops::Mul(scope.Named("y"), a, b);
  EXPECT_TRUE(scope.status().ok()) << scope.status();
  return graph;
}

std::vector<std::string> Names(const Graph& graph, const std::vector<NodeId>& order) {
  std::vector<std::string> names;
  for (NodeId id : order) names.push_back(graph.node(id).name);
  return names;
}

std::string Order(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    AppendVarint(name.size(), text);
    text += name;
  }
  return text;
}

TEST(PlanBook, AnOrderIsTakenWhereItIsOne) {
  const Graph graph = TwoBranches();
  std::vector<NodeId> order = TopologicalOrder(graph);
  PlanBook made;
  made.Record();
  made.Order(graph, order);
  auto pages = made.Save();
  ASSERT_EQ(pages.size(), 1U);
  EXPECT_EQ(pages[0].second, Order(Names(graph, order)));

  const std::vector<std::string> other = {"c", "x", "b", "a", "y"};
  struct Row {
    const char* what;
    std::string text;
    bool is_used;
  };
  const Row rows[] = {
      {"another order", Order(other), true},
      {"a node before its input", Order({"b", "c", "x", "a", "y"}), false},
      {"a node twice", Order({"x", "x", "c", "b", "a", "y"}), false},
      {"a node missing", Order({"x", "c", "b", "a"}), false},
      {"a node that is not there", Order({"x", "c", "b", "a", "z"}), false},
      {"a length beyond the end", "\x7fx", false},
      {"nothing", "", false},
  };
  for (const Row& row : rows) {
    PlanBook book;
    book.Load({{pages[0].first, row.text}});
    std::vector<NodeId> loaded = order;
    book.Order(graph, loaded);
    EXPECT_EQ(Names(graph, loaded), row.is_used ? other : Names(graph, order)) << row.what;
    EXPECT_EQ(book.num_used(), row.is_used ? 1 : 0) << row.what;
  }
  PlanBook book;
  book.Load({{pages[0].first, Order(other)}});
  const Graph another = TwoBranches(2);
  std::vector<NodeId> its_order = TopologicalOrder(another);
  book.Order(another, its_order);
  EXPECT_EQ(book.num_used(), 0) << "a page of another graph";
}

TEST(PlanBook, ALayoutIsTakenWhereNothingOverlaps) {
  const std::vector<Lifetime> lifetimes = {{64, 0, 1}, {64, 1, 2}, {128, 2, 3}};
  PlanBook made;
  made.Record();
  const MemoryPlan plan = made.Memory(lifetimes);
  auto pages = made.Save();
  ASSERT_EQ(pages.size(), 1U);
  auto text = [](std::vector<uint64_t> units) {
    std::string out;
    for (uint64_t unit : units) AppendVarint(unit, out);
    return out;
  };
  struct Row {
    const char* what;
    std::string text;
    std::vector<size_t> offsets;  // what comes out
  };
  const Row rows[] = {
      {"a wider one", text({5, 4, 3, 0}), {256, 192, 0}},
      {"one over the other", text({5, 0, 0, 1}), plan.offsets},
      {"beyond the arena", text({3, 0, 1, 2}), plan.offsets},
      {"too few", text({5, 4, 3}), plan.offsets},
      {"too many", text({5, 4, 3, 0, 0}), plan.offsets},
      {"an absurd size", text({uint64_t{1} << 60, 4, 3, 0}), plan.offsets},
      {"nothing", "", plan.offsets},
  };
  for (const Row& row : rows) {
    PlanBook book;
    book.Load({{pages[0].first, row.text}});
    EXPECT_EQ(book.Memory(lifetimes).offsets, row.offsets) << row.what;
  }
  PlanBook book;
  book.Load(pages);
  EXPECT_EQ(book.Memory({{64, 0, 1}, {64, 1, 2}, {128, 2, 4}}).offsets.size(), 3U);
  EXPECT_EQ(book.num_used(), 0) << "a page of other lifetimes";
  EXPECT_EQ(book.Memory(lifetimes).total_bytes, plan.total_bytes);
  EXPECT_EQ(book.num_used(), 1);
}

TEST(Fingerprint, IsOfTheGraphAndNotOfItsWeights) {
  EXPECT_EQ(Fingerprint(TwoBranches()), Fingerprint(TwoBranches()));
  EXPECT_NE(Fingerprint(TwoBranches()), Fingerprint(TwoBranches(2))) << "small constants may be shapes and axes";
  auto with_weights = [](float value, int64_t n) {
    Graph graph(SharedRuntime().ops());
    Scope scope(graph);
    Tensor weights(DataType::kFloat, Shape{n});
    for (int64_t i = 0; i < n; ++i) weights.data<float>()[i] = value;
    ops::Neg(scope, scope.Const(weights));
    return Fingerprint(graph);
  };
  EXPECT_EQ(with_weights(1, 1000), with_weights(2, 1000));
  EXPECT_NE(with_weights(1, 1000), with_weights(1, 1001));
  Graph renamed = TwoBranches(), placed = TwoBranches();
  renamed.node(1).device = "/cpu:1";
  placed.node(1).assigned_device = 1;
  EXPECT_NE(Fingerprint(renamed), Fingerprint(TwoBranches()));
  EXPECT_NE(Fingerprint(placed), Fingerprint(TwoBranches()));
}

// Sessions on the CPU, which keeps no plans: nothing to save, and nothing that takes a file.
TEST(PlanBook, TheCpuKeepsNoFile) {
  auto session = NewSession(SharedRuntime(), {.threads = 1, .autotune = true, .keep_programs = true});
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE((*session)->Create(TwoBranches()).ok());
  std::vector<Tensor> outputs;
  ASSERT_TRUE((*session)->Run({{"x", Tensor::Vector<float>({-1, 2, 3})}}, {"y"}, {}, &outputs).ok());
  EXPECT_THAT(outputs[0].values<float>(), ::testing::ElementsAre(0, 6, 12));
  EXPECT_EQ((*session)->SavePlans().status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ((*session)->LoadPlans({}).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace sluice
