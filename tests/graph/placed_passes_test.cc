// The passes over a placed graph: what becomes of it, and that it computes the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builders.h"
#include "graph/passes.h"
#include "kernels/cpu/register_all.h"
#include "ops/register_all.h"
#include "ops/update_group.h"
#include "tests/graph/compare.h"
#include "tests/graph/fake_device.h"
#include "tests/graph/interpreter.h"

namespace sluice {
namespace {

using testing::Difference;
using ::testing::ElementsAre;
using testing::Interpreter;
using testing::Tolerance;

// One whose work is launched.
class AsyncDevice : public FakeDevice {
 public:
  using FakeDevice::FakeDevice;
  bool is_synchronous() const override { return false; }
};

class PlacedPasses : public ::testing::Test {
 protected:
  PlacedPasses() {
    RegisterAllOps(ops_);
    cpu::RegisterAllKernels(kernels_);
  }

  static Tensor Values(Shape shape, int seed) {
    Tensor value(DataType::kFloat, std::move(shape));
    for (int64_t i = 0; i < value.num_elements(); ++i) {
      value.data<float>()[i] = static_cast<float>((i * 37 + seed * 11) % 29) / 7.0f - 2.0f;
    }
    return value;
  }
  Endpoint Feed(const std::string& name, Shape shape, PartialShape declared = {}, int seed = 1) {
    Endpoint e = ops::Placeholder(scope_.Named(name), {.dtype = DataType::kFloat, .shape = std::move(declared)});
    feeds_[e] = Values(std::move(shape), seed);
    return e;
  }
  Endpoint Random(Shape shape, int seed) { return scope_.Const(Values(std::move(shape), seed)); }

  PassContext Context(const std::vector<Endpoint>& fetches, const std::vector<NodeId>& targets) {
    PassContext context;
    context.fetched.insert(fetches.begin(), fetches.end());
    context.targets.insert(targets.begin(), targets.end());
    for (const auto& [e, value] : feeds_) context.fed.insert(e);
    context.cpu_kernels = &kernels_;
    context.devices = devices_;
    return context;
  }
  // A copy with all nodes on device 0, an asynchronous one, but those in `on_cpu`.
  Graph Placed(const std::vector<NodeId>& on_cpu = {}) {
    EXPECT_TRUE(scope_.status().ok()) << scope_.status();
    Graph placed = graph_;
    for (NodeId id : placed.node_ids()) placed.node(id).assigned_device = 0;
    for (NodeId id : on_cpu) placed.node(id).assigned_device = 1;
    return placed;
  }

  // Runs the pass on a copy; the fetches keep their values.
  Graph Run(absl::Status (*pass)(Graph&, const PassContext&), const std::vector<Endpoint>& fetches,
            const std::vector<NodeId>& on_cpu = {}) {
    Graph changed = Placed(on_cpu);
    absl::Status status = pass(changed, Context(fetches, {}));
    EXPECT_TRUE(status.ok()) << status;
    auto expected = Interpreter(graph_, kernels_).Run(feeds_, fetches);
    auto actual = Interpreter(changed, kernels_).Run(feeds_, fetches);
    EXPECT_TRUE(expected.ok()) << expected.status();
    EXPECT_TRUE(actual.ok()) << actual.status();
    if (!expected.ok() || !actual.ok()) return changed;
    for (size_t i = 0; i < fetches.size(); ++i) EXPECT_EQ(Difference((*actual)[i], (*expected)[i]), "");
    return changed;
  }

  static int Count(const Graph& graph, absl::string_view op) {
    int count = 0;
    for (NodeId id : graph.node_ids()) count += graph.node(id).op() == op;
    return count;
  }

  OpRegistry ops_;
  KernelRegistry kernels_;
  AsyncDevice async_{"SIM", 0, kernels_};
  FakeDevice cpu_{"CPU", 0, kernels_};
  std::vector<Device*> devices_ = {&async_, &cpu_};
  Graph graph_{ops_};
  Scope scope_{graph_};
  Interpreter::Feeds feeds_;
};

// --- Slices ---

TEST_F(PlacedPasses, AConcatTakesItsConvolutions) {
  Endpoint x = Feed("x", Shape{2, 6, 5, 4}, PartialShape{-1, 6, 5, 4});
  auto conv = [&](int64_t size, int64_t in, int64_t out, Endpoint from, int seed) {
    return ops::Conv2D(scope_, from, Random(Shape{size, size, in, out}, seed),
                       {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  };
  auto relu = [&](Endpoint e, int64_t channels, int seed) {
    return ops::Relu(scope_, ops::BiasAdd(scope_, e, Random(Shape{channels}, seed)));
  };
  Endpoint one = relu(conv(1, 4, 8, x, 1), 8, 2);
  Endpoint three = relu(conv(3, 8, 12, relu(conv(1, 4, 8, x, 3), 8, 4), 5), 12, 6);
  Endpoint pooled = ops::MaxPool(scope_, x, {.ksize = {1, 3, 3, 1}, .strides = {1, 1, 1, 1}, .padding = "SAME"});
  Endpoint plain = ops::Conv2D(scope_, x, Random(Shape{3, 2, 4, 5}, 7),
                               {.strides = {1, 1, 1, 1},
                                .padding = "EXPLICIT",
                                .explicit_paddings = {0, 0, 2, 2, 0, 2, 0, 0},
                                .dilations = {1, 2, 2, 1}});
  Endpoint out = ops::ConcatV2(scope_.Named("out"), {one, pooled, three, plain}, scope_.Scalar<int32_t>(3));
  auto both = [](Graph& graph, const PassContext& context) {
    SLUICE_RETURN_IF_ERROR(Fuse(graph, context));
    return ConcatInPlace(graph, context);
  };
  Graph changed = Run(both, {out});
  EXPECT_EQ(changed.Find("out")->op(), "_ConcatConv2D");
  EXPECT_EQ(Count(changed, "_FusedConv2D"), 1);  // the one within a branch
  EXPECT_EQ(Count(changed, "Conv2D"), 0);
  EXPECT_EQ(Count(Run(both, {out}, {out.node}), "_ConcatConv2D"), 0) << "the CPU copies";
}

TEST_F(PlacedPasses, AConcatLeavesWhatItCannotTake) {
  Endpoint x = Feed("x", Shape{2, 4, 4, 4});
  auto conv = [&](int seed) {
    return ops::Conv2D(scope_, x, Random(Shape{3, 3, 4, 4}, seed), {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  };
  Endpoint shared = conv(1), other_use = ops::Relu(scope_, shared), fetched = conv(2), elsewhere = conv(3);
  Endpoint channels = ops::ConcatV2(scope_, {shared, fetched, elsewhere}, scope_.Scalar<int32_t>(-1));
  Endpoint rows = ops::ConcatV2(scope_, {conv(4), conv(5)}, scope_.Scalar<int32_t>(1));
  EXPECT_EQ(Count(Run(ConcatInPlace, {channels, other_use, fetched, rows}, {elsewhere.node}), "_ConcatConv2D"), 0);
}

// --- Chains ---

TEST_F(PlacedPasses, ElementwiseOpsBecomeOne) {
  Endpoint x = Feed("x", Shape{5, 7}, PartialShape{-1, 7}), y = Feed("y", Shape{5, 7}, PartialShape{-1, 7}, 2);
  Endpoint swish = ops::Mul(scope_, x, ops::Sigmoid(scope_, x));
  Endpoint sum = ops::AddN(scope_, {swish, y, ops::Square(scope_, y)});
  Endpoint out = ops::Tanh(scope_.Named("out"), ops::BiasAdd(scope_, sum, Random(Shape{7}, 3)));
  Graph changed = Run(JoinChains, {out});
  EXPECT_EQ(changed.Find("out")->op(), "_Chain");
  EXPECT_EQ(changed.num_nodes(), 4);
  EXPECT_EQ(std::get<AttrList>(changed.Find("out")->attrs.at("steps").value).s.size(), 7U);
  EXPECT_EQ(Count(Run(JoinChains, {out}, {out.node}), "_Chain"), 1) << "what is before it on the other device";
}

// A scalar of few steps is not computed for every element of what it is multiplied with.
TEST_F(PlacedPasses, ChainsDoNotRepeatWork) {
  Endpoint x = Feed("x", Shape{5, 7}), s = Feed("s", Shape{}, PartialShape{});
  Endpoint scalar = ops::Exp(scope_.Named("scalar"), ops::Neg(scope_, s));
  Endpoint out = ops::Mul(scope_.Named("out"), ops::Abs(scope_, x), scalar);
  // Without declared shapes nothing is known to be as large as something else.
  EXPECT_EQ(Count(Run(JoinChains, {out}), "_Chain"), 0);
}

TEST_F(PlacedPasses, ScalarsHaveChainsOfTheirOwn) {
  Endpoint x = Feed("x", Shape{5, 7}, PartialShape{5, 7}), s = Feed("s", Shape{}, PartialShape(Shape{}), 4);
  Endpoint scalar = ops::Exp(scope_.Named("scalar"), ops::Neg(scope_, s));
  Endpoint out = ops::Mul(scope_.Named("out"), ops::Abs(scope_, x), scalar);
  Graph changed = Run(JoinChains, {out});
  EXPECT_EQ(changed.Find("scalar")->op(), "_Chain");
  EXPECT_EQ(changed.Find("out")->op(), "_Chain");
}

TEST_F(PlacedPasses, ChainsEndWhereOthersLook) {
  Endpoint x = Feed("x", Shape{5, 7}, PartialShape{5, 7});
  Endpoint shared = ops::Square(scope_.Named("shared"), x), fetched = ops::Exp(scope_.Named("fetched"), x);
  Endpoint a = ops::Relu(scope_, shared), b = ops::Sum(scope_, shared, scope_.Ints({0}));
  Endpoint c = ops::Neg(scope_, fetched);
  Endpoint waited = ops::Abs(scope_, x);
  Endpoint d = ops::Identity(scope_.WithControl({waited.node}), ops::Neg(scope_, waited));
  EXPECT_EQ(Count(Run(JoinChains, {a, b, fetched, c, d}), "_Chain"), 0);
}

TEST_F(PlacedPasses, LongChainsAreCut) {
  Endpoint x = Feed("x", Shape{5, 7}, PartialShape{5, 7}), y = x;
  for (int i = 0; i < 40; ++i) y = i % 2 == 0 ? ops::Sigmoid(scope_, y) : ops::Neg(scope_, y);
  Graph changed = Run(JoinChains, {y});
  EXPECT_EQ(Count(changed, "_Chain"), 3);
  std::vector<Endpoint> many;
  for (int i = 0; i < 12; ++i) many.push_back(ops::Abs(scope_, Feed(absl::StrCat("m", i), Shape{3}, PartialShape{3})));
  Endpoint wide = many[0];
  for (int i = 1; i < 12; ++i) wide = ops::AddV2(scope_, wide, many[i]);
  EXPECT_GT(Count(Run(JoinChains, {wide}), "_Chain"), 1);
}

// --- Updates ---

class Updates : public PlacedPasses {
 protected:
  struct Variable {
    Endpoint handle, read;
    NodeId init;
  };
  Variable Make(const std::string& name, Shape shape, int seed, bool is_positive = false) {
    Endpoint handle = ops::VarHandleOp(scope_.Named(name), {.dtype = DataType::kFloat, .shape = PartialShape(shape)});
    Endpoint value = Random(shape, seed);
    if (is_positive) value = ops::Square(scope_, value);
    NodeId init = ops::AssignVariableOp(scope_, handle, value);
    inits_.push_back(init);
    Variable made{handle, {}, init};
    variables_.push_back(handle);
    return made;
  }

  // Every variable after the init, and after two runs of `targets`, of the graph as it is.
  std::vector<Tensor> Train(const Graph& graph, const std::vector<NodeId>& targets) {
    Interpreter interpreter(graph, kernels_);
    EXPECT_TRUE(interpreter.Run({}, {}, inits_).ok());
    for (int step = 0; step < 2; ++step) {
      auto status = interpreter.Run(feeds_, {}, targets).status();
      EXPECT_TRUE(status.ok()) << status;
    }
    auto values = interpreter.Run({}, reads_);
    EXPECT_TRUE(values.ok()) << values.status();
    return values.ok() ? *values : std::vector<Tensor>{};
  }

  Graph Group(NodeId target) {
    for (Endpoint handle : variables_) {
      reads_.push_back(ops::ReadVariableOp(scope_, handle, {.dtype = DataType::kFloat}));
    }
    std::vector<NodeId> kept = inits_;
    kept.push_back(target);
    Graph changed = Placed();
    absl::Status status = GroupUpdates(changed, Context(reads_, kept));
    EXPECT_TRUE(status.ok()) << status;
    const std::vector<Tensor> expected = Train(graph_, {target}), actual = Train(changed, {target});
    EXPECT_EQ(expected.size(), actual.size());
    for (size_t i = 0; i < std::min(expected.size(), actual.size()); ++i) {
      EXPECT_EQ(std::memcmp(expected[i].raw(), actual[i].raw(), expected[i].bytes()), 0)
          << graph_.node(variables_[i].node).name << ": " << Difference(actual[i], expected[i]);
    }
    return changed;
  }

  std::vector<NodeId> inits_;
  std::vector<Endpoint> variables_, reads_;
};

TEST_F(Updates, OfEveryOptimiserAreOneAndTheSameBits) {
  struct Optimiser {
    std::string op;
    AttrMap attrs;
  };
  const std::vector<Optimiser> optimisers = {
      {"ResourceApplyGradientDescent", {}},
      {"ResourceApplyMomentum", {}},
      {"ResourceApplyMomentum", {{"use_nesterov", true}}},
      {"ResourceApplyKerasMomentum", {}},
      {"ResourceApplyKerasMomentum", {{"use_nesterov", true}}},
      {"ResourceApplyAdam", {}},
      {"ResourceApplyAdam", {{"use_nesterov", true}}},
      {"ResourceApplyRMSProp", {}},
      {"ResourceApplyCenteredRMSProp", {}},
      {"ResourceApplyAdagrad", {}},
      {"ResourceApplyAdagrad", {{"update_slots", false}}},
      {"ResourceApplyAdagradV2", {}},
  };
  const int kCount = 15;  // more than one launch takes
  std::vector<NodeId> updates;
  for (size_t o = 0; o < optimisers.size(); ++o) {
    const UpdateOp& op = *FindUpdateOp(optimisers[o].op);
    std::vector<Endpoint> scalars;
    for (int s = 0; s < op.num_scalars; ++s)
      scalars.push_back(scope_.Scalar<float>(0.1F + 0.2F * static_cast<float>(s)));
    for (int u = 0; u < kCount; ++u) {
      const Shape shape = u % 3 == 0 ? Shape{3, u + 1} : u % 3 == 1 ? Shape{u} : Shape{};
      std::vector<Endpoint> inputs;
      for (int v = 0; v < op.num_variables; ++v) {
        // The centred RMSProp takes the root of a difference: mean squares above the squares of means.
        const std::string name = absl::StrCat("v", o, "_", u, "_", v);
        inputs.push_back(Make(name, shape, u + 7 * v, v > 0).handle);
      }
      Endpoint gradient = Random(shape, u + 3);
      int scalar = 0;
      for (int i = op.num_variables; i < op.num_inputs(); ++i) {
        inputs.push_back(i == op.gradient ? gradient : scalars[scalar++]);
      }
      updates.push_back(scope_.Add(optimisers[o].op, inputs, optimisers[o].attrs));
    }
  }
  NodeId train = scope_.WithControl(updates).Add("NoOp", {});
  Graph changed = Group(train);
  EXPECT_EQ(Count(changed, "_ApplyGroup"), static_cast<int>(optimisers.size()));
  for (const Optimiser& optimiser : optimisers) EXPECT_EQ(Count(changed, optimiser.op), 0) << optimiser.op;
  EXPECT_EQ(changed.node(train).control_inputs.size(), optimisers.size());
}

TEST_F(Updates, AreOnlyJoinedWhereTheyAreAlike) {
  Endpoint rate = scope_.Scalar<float>(0.1F), other_rate = scope_.Scalar<float>(0.2F);
  std::vector<NodeId> updates;
  auto update = [&](const std::string& name, Shape shape, Endpoint with, std::vector<NodeId> after = {}) {
    Endpoint handle = Make(name, shape, 1).handle;
    updates.push_back(
        ops::ResourceApplyGradientDescent(scope_.WithControl(std::move(after)), handle, with, Random(shape, 2)));
    return updates.back();
  };
  const NodeId a = update("a", Shape{2}, rate);
  update("b", Shape{3}, rate);
  update("c", Shape{2}, other_rate);                   // another rate
  update("after_a", Shape{2}, rate, {a});              // has to come later
  update("large", Shape{(1 << 22) + 1}, rate);         // takes its time in any case
  Endpoint twice = Make("twice", Shape{2}, 1).handle;  // one variable
  updates.push_back(ops::ResourceApplyGradientDescent(scope_, twice, rate, Random(Shape{2}, 3)));
  updates.push_back(
      ops::ResourceApplyGradientDescent(scope_.WithControl({updates.back()}), twice, rate, Random(Shape{2}, 4)));
  NodeId train = scope_.WithControl(updates).Add("NoOp", {});
  Graph changed = Group(train);
  EXPECT_EQ(Count(changed, "_ApplyGroup"), 1);
  EXPECT_EQ(Count(changed, "ResourceApplyGradientDescent"), 4);
}

// Two groups of which each has a member that waits for one of the other: joined they would wait for each other.
TEST_F(Updates, GroupsDoNotWaitInACircle) {
  Endpoint r1 = scope_.Scalar<float>(0.1F), r2 = scope_.Scalar<float>(0.2F);
  auto update = [&](const std::string& name, Endpoint rate, std::vector<NodeId> after = {}) {
    return ops::ResourceApplyGradientDescent(scope_.WithControl(std::move(after)), Make(name, Shape{2}, 1).handle, rate,
                                             Random(Shape{2}, 2));
  };
  const NodeId a1 = update("a1", r1), b2 = update("b2", r2);
  const NodeId b1 = update("b1", r2, {a1}), a2 = update("a2", r1, {b2});
  NodeId train = scope_.WithControl({a1, a2, b1, b2}).Add("NoOp", {});
  Graph changed = Group(train);
  EXPECT_EQ(static_cast<int>(TopologicalOrder(changed).size()), changed.num_nodes());
  EXPECT_EQ(Count(changed, "_ApplyGroup"), 1);
}

}  // namespace
}  // namespace sluice
