// Each pass: what the graph looks like afterwards, and that it computes the same as before.
#include "graph/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builders.h"
#include "kernels/cpu/register_all.h"
#include "ops/register_all.h"
#include "tests/graph/compare.h"
#include "tests/graph/interpreter.h"

namespace sluice {
namespace {

using testing::Difference;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Interpreter;

using Pass = absl::Status (*)(Graph&, const PassContext&);

class Passes : public ::testing::Test {
 protected:
  Passes() {
    RegisterAllOps(ops_);
    cpu::RegisterAllKernels(kernels_);
  }

  // A placeholder that the test feeds.
  Endpoint Feed(const std::string& name, Shape shape, PartialShape declared = {}, int seed = 1) {
    Tensor value(DataType::kFloat, shape);
    for (int64_t i = 0; i < value.num_elements(); ++i) {
      value.data<float>()[i] = static_cast<float>((i * 37 + seed * 11) % 29) / 7.0f - 2.0f;
    }
    Endpoint e = ops::Placeholder(scope_.Named(name), {.dtype = DataType::kFloat, .shape = std::move(declared)});
    feeds_[e] = value;
    return e;
  }
  Endpoint Values(const std::string& name, std::vector<float> values) {
    return scope_.Named(name).Const(Tensor::Vector<float>(values));
  }
  Endpoint Random(Shape shape, int seed) {
    Tensor value(DataType::kFloat, std::move(shape));
    for (int64_t i = 0; i < value.num_elements(); ++i) {
      value.data<float>()[i] = static_cast<float>((i * 53 + seed * 7) % 31) / 11.0f - 1.3f;
    }
    return scope_.Const(value);
  }

  // Runs the passes on a copy; the fetches keep their values and names. Returns the graph.
  Graph Run(const std::vector<Pass>& passes, const std::vector<Endpoint>& fetches, std::vector<NodeId> targets = {}) {
    EXPECT_TRUE(scope_.status().ok()) << scope_.status();
    PassContext context;
    context.fetched.insert(fetches.begin(), fetches.end());
    context.targets.insert(targets.begin(), targets.end());
    for (const auto& [e, value] : feeds_) context.fed.insert(e);
    context.cpu_kernels = &kernels_;
    Graph changed = graph_;
    for (Pass pass : passes) {
      absl::Status status = pass(changed, context);
      EXPECT_TRUE(status.ok()) << status;
    }
    for (Endpoint e : fetches) EXPECT_EQ(changed.node(e.node).name, graph_.node(e.node).name);
    Interpreter before(graph_, kernels_), after(changed, kernels_);
    auto expected = before.Run(feeds_, fetches);
    auto actual = after.Run(feeds_, fetches);
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
  static std::vector<std::string> InputsOf(const Graph& graph, Endpoint e) {
    std::vector<std::string> names;
    for (Endpoint in : graph.node(e.node).inputs) names.push_back(graph.NameOf(in));
    return names;
  }
  static std::string OpOf(const Graph& graph, Endpoint e) { return graph.node(e.node).op(); }

  OpRegistry ops_;
  KernelRegistry kernels_;
  Graph graph_{ops_};
  Scope scope_{graph_};
  Interpreter::Feeds feeds_;
};

// --- RunPasses ---

TEST_F(Passes, RunInOrderAndNameTheirOwn) {
  EXPECT_THAT(PassNames(), ElementsAre("prune", "fold", "merge", "simplify", "layout", "batch_norm", "fuse"));
  EXPECT_THAT(PlacedPassNames(), ElementsAre("slices", "chains", "updates"));
  Endpoint x = Feed("x", Shape{2}), y = ops::Relu(scope_, x);
  PassContext context;
  context.fetched = {y};
  context.fed = {x};
  std::vector<std::string> ran;
  auto note = [&](const std::string& name, const Graph&) { ran.push_back(name); };
  ASSERT_TRUE(RunPasses(graph_, context, {"merge", "fuse", "chains"}, note).ok());
  EXPECT_THAT(ran, ElementsAre("prune", "fold", "simplify", "layout", "batch_norm"));
  absl::Status status = RunPasses(graph_, context, {"melt"});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no graph pass 'melt'; there are prune, fold, merge"));
}

TEST_F(Passes, PruneKeepsWhatIsNeeded) {
  Endpoint x = Feed("x", Shape{2}), y = ops::Relu(scope_.Named("y"), x);
  ops::Relu(scope_.Named("unused"), y);
  NodeId target = ops::NoOp(scope_.Named("target").WithControl({ops::Neg(scope_.Named("waited"), x).node}));
  Graph pruned = Run({Prune}, {y}, {target});
  EXPECT_EQ(pruned.Find("unused"), nullptr);
  EXPECT_NE(pruned.Find("waited"), nullptr);
  EXPECT_EQ(pruned.num_nodes(), 4);
}

TEST_F(Passes, PruneGivesTheDefaultWhatNobodyFeeds) {
  Endpoint x = Values("x", {1, 2, 3});
  Endpoint y = ops::PlaceholderWithDefault(scope_, x, {.dtype = DataType::kFloat, .shape = PartialShape{-1}});
  EXPECT_EQ(OpOf(Run({Prune}, {y}), y), "Identity");
}

// --- Fold ---

TEST_F(Passes, FoldComputesConstants) {
  Endpoint x = Feed("x", Shape{2});
  Endpoint three = ops::AddV2(scope_.Named("three"), Values("a", {1, 1}), Values("b", {2, 2}));
  Endpoint minus = ops::Neg(scope_.Named("minus"), three);
  Endpoint y = ops::Mul(scope_, x, minus);
  Graph folded = Run({Fold}, {y});
  EXPECT_EQ(folded.num_nodes(), 3);
  EXPECT_EQ(folded.Find("minus")->op(), "Const");
  EXPECT_EQ(std::get<Tensor>(folded.Find("minus")->attrs.at("value").value), Tensor::Vector<float>({-3, -3}));
}

TEST_F(Passes, FoldComputesWhatShapesFix) {
  Endpoint x = Feed("x", Shape{2, 3, 4}, PartialShape{2, 3, 4});
  Endpoint dims = ops::Shape(scope_.Named("dims"), x);
  Endpoint y = ops::Reshape(scope_, x, dims);
  Graph folded = Run({Fold}, {y});
  EXPECT_EQ(folded.Find("dims")->op(), "Const");
  // Not where the shape is open.
  Endpoint open = Feed("open", Shape{2, 3}, PartialShape{-1, 3});
  Endpoint open_dims = ops::Shape(scope_.Named("open_dims"), open);
  Endpoint z = ops::Reshape(scope_, open, open_dims);
  EXPECT_EQ(Run({Fold}, {z}).Find("open_dims")->op(), "Shape");
}

TEST_F(Passes, FoldTakesNodesWithSeveralOutputsApart) {
  Endpoint rows = scope_.Const(Tensor::Of<float>({1, 2, 3, 4}, Shape{2, 2}));
  std::vector<Endpoint> parts = ops::Unpack(scope_.Named("parts"), rows, {.num = 2});
  Endpoint y = ops::AddV2(scope_, Feed("x", Shape{2}), parts[1]);
  Graph folded = Run({Fold}, {y});
  EXPECT_EQ(Count(folded, "Unpack"), 0);
  EXPECT_THAT(InputsOf(folded, y), ElementsAre("x", "parts/folded1"));
}

TEST_F(Passes, FoldLeavesWhatIsFetchedWaitsOrIsStateful) {
  Endpoint fetched = ops::Neg(scope_.Named("fetched"), Values("a", {1, 2}));
  Endpoint y = ops::Neg(scope_.Named("y"), fetched);
  Endpoint x = Feed("x", Shape{2});
  Endpoint waits = ops::Neg(scope_.Named("waits").WithControl({x.node}), Values("b", {1, 2}));
  Endpoint shape = scope_.Ints({2});
  Endpoint random = ops::RandomUniform(scope_.Named("random"), shape, {.seed = 1, .dtype = DataType::kFloat});
  Endpoint z = ops::AddN(scope_, {y, waits, random, x});
  Graph folded = Run({Fold}, {fetched, z});
  EXPECT_EQ(OpOf(folded, fetched), "Neg");
  EXPECT_EQ(OpOf(folded, waits), "Neg");
  EXPECT_EQ(OpOf(folded, random), "RandomUniform");
  EXPECT_EQ(OpOf(folded, y), "Const");
}

TEST_F(Passes, FoldDoesNotFillTheMemory) {
  Endpoint big = ops::Fill(scope_.Named("big"), scope_.Ints({4000000}), scope_.Scalar<float>(1));
  Endpoint y = ops::AddV2(scope_, Feed("x", Shape{1}), big);
  EXPECT_EQ(Run({Fold}, {y}).Find("big")->op(), "Fill");
  // Nor by many constants that are small enough each.
  std::vector<Endpoint> parts;
  for (int i = 0; i < 10; ++i) {
    parts.push_back(
        ops::Fill(scope_.Named("part"), scope_.Ints({2000000}), scope_.Scalar<float>(static_cast<float>(i))));
  }
  Endpoint z = ops::AddV2(scope_, Feed("w", Shape{1}), ops::AddN(scope_, parts));
  EXPECT_GE(Count(Run({Fold}, {z}), "Fill"), 4);
}

TEST_F(Passes, FoldLeavesErrorsToTheRun) {
  Endpoint bad = ops::Reshape(scope_.Named("bad"), Values("a", {1, 2, 3}), scope_.Ints({2, 2}));
  PassContext context;
  context.fetched = {ops::Neg(scope_, bad)};
  context.cpu_kernels = &kernels_;
  ASSERT_TRUE(Fold(graph_, context).ok());
  EXPECT_EQ(graph_.Find("bad")->op(), "Reshape");
}

// --- Merge ---

TEST_F(Passes, MergeJoinsWhatIsTheSame) {
  Endpoint x = Feed("x", Shape{2}), y = Feed("y", Shape{2}, {}, 2);
  Endpoint a = ops::Relu(scope_, ops::AddV2(scope_, x, y)), b = ops::Relu(scope_, ops::AddV2(scope_, y, x));
  Endpoint out = ops::Sub(scope_, a, b);
  Graph merged = Run({Merge}, {out});
  EXPECT_EQ(Count(merged, "AddV2"), 1);
  EXPECT_EQ(Count(merged, "Relu"), 1);
}

TEST_F(Passes, MergeJoinsConstants) {
  Endpoint x = Feed("x", Shape{3});
  Endpoint a = ops::AddV2(scope_, x, Values("a", {1, 2, 3})), b = ops::AddV2(scope_, x, Values("b", {1, 2, 3}));
  Endpoint c = ops::AddV2(scope_, x, Values("c", {1, 2, 4}));
  Endpoint out = ops::AddN(scope_, {a, b, c});
  Graph merged = Run({Merge}, {out});
  EXPECT_EQ(Count(merged, "Const"), 2);
  EXPECT_EQ(Count(merged, "AddV2"), 2);
}

TEST_F(Passes, MergeRespectsOrderAttributesDevicesAndControlEdges) {
  Endpoint x = Feed("x", Shape{2}), y = Feed("y", Shape{2}, {}, 2);
  std::vector<Endpoint> terms = {ops::Sub(scope_, x, y), ops::Sub(scope_, y, x)};
  Endpoint z = ops::Neg(scope_, x);
  terms.push_back(ops::Relu(scope_, z));
  terms.push_back(ops::Relu(scope_.WithDevice("/cpu:1"), z));
  terms.push_back(ops::Relu(scope_.WithControl({y.node}), z));
  Endpoint out = ops::AddN(scope_, terms);
  Graph merged = Run({Merge}, {out});
  EXPECT_EQ(Count(merged, "Sub"), 2);
  EXPECT_EQ(Count(merged, "Relu"), 3);
}

TEST_F(Passes, MergeNeverJoinsRandomNumbersOrReads) {
  Endpoint shape = scope_.Ints({2});
  Endpoint a = ops::RandomUniform(scope_, shape, {.seed = 1, .dtype = DataType::kFloat});
  Endpoint b = ops::RandomUniform(scope_, shape, {.seed = 1, .dtype = DataType::kFloat});
  Endpoint variable = ops::VarHandleOp(scope_, {.dtype = DataType::kFloat, .shape = PartialShape{2}});
  Endpoint r1 = ops::ReadVariableOp(scope_, variable, {.dtype = DataType::kFloat});
  NodeId write = ops::AssignAddVariableOp(scope_.WithControl({r1.node}), variable, Values("one", {1, 1}));
  Endpoint r2 = ops::ReadVariableOp(scope_.WithControl({write}), variable, {.dtype = DataType::kFloat});
  Endpoint out = ops::AddN(scope_, {a, b, r1, r2});
  ASSERT_TRUE(scope_.status().ok()) << scope_.status();
  PassContext context;
  context.fetched = {out};
  ASSERT_TRUE(Merge(graph_, context).ok());
  EXPECT_EQ(Count(graph_, "RandomUniform"), 2);
  EXPECT_EQ(Count(graph_, "ReadVariableOp"), 2);
}

TEST_F(Passes, MergeKeepsFetchedNodes) {
  Endpoint x = Feed("x", Shape{2}), a = ops::Relu(scope_, x), b = ops::Relu(scope_, x);
  EXPECT_EQ(Count(Run({Merge}, {a, b}), "Relu"), 2);
}

// --- Simplify ---

TEST_F(Passes, SimplifyTakesOutWhatDoesNothing) {
  Endpoint x = Feed("x", Shape{2, 3}, PartialShape{2, 3});
  Endpoint zero = scope_.Scalar<float>(0), one = scope_.Scalar<float>(1);
  Endpoint y = ops::Identity(scope_, x);
  y = ops::StopGradient(scope_, y);
  y = ops::AddV2(scope_, y, zero);
  y = ops::AddV2(scope_, zero, y);
  y = ops::Mul(scope_, y, one);
  y = ops::Mul(scope_, Random(Shape{2, 3}, 1), y);
  y = ops::Mul(scope_, scope_.Const(Tensor::Of<float>({1, 1, 1}, Shape{1, 3})), y);
  y = ops::RealDiv(scope_, y, one);
  y = ops::Sub(scope_, y, zero);
  y = ops::AddN(scope_, {y});
  y = ops::Cast(scope_, y, {.DstT = DataType::kFloat});
  y = ops::Neg(scope_, ops::Neg(scope_, y));
  y = ops::Pad(scope_, y, scope_.Const(Tensor::Of<int32_t>({0, 0, 0, 0}, Shape{2, 2})));
  y = ops::Tile(scope_, y, scope_.Ints({1, 1}));
  y = ops::Reshape(scope_, y, scope_.Ints({2, 3}));
  y = ops::Transpose(scope_, y, scope_.Ints({0, 1}));
  Endpoint out = ops::Relu(scope_, y);
  Graph simple = Run({Simplify}, {out});
  EXPECT_EQ(simple.num_nodes(), 4);  // x, a constant, Mul, Relu
}

TEST_F(Passes, SimplifyKeepsWhatBroadcasts) {
  Endpoint x = Feed("x", Shape{3}, PartialShape{3});
  Endpoint ones = scope_.Const(Tensor::Of<float>({1, 1, 1, 1, 1, 1}, Shape{2, 3}));
  EXPECT_EQ(Count(Run({Simplify}, {ops::Neg(scope_, ops::Mul(scope_, x, ones))}), "Mul"), 1);
  // One element, but a rank more than x may have.
  Endpoint open = Feed("open", Shape{3});
  Endpoint matrix = scope_.Const(Tensor::Of<float>({1}, Shape{1, 1}));
  EXPECT_EQ(Count(Run({Simplify}, {ops::Neg(scope_, ops::Mul(scope_, open, matrix))}), "Mul"), 1);
  // 0 - x is not x.
  Endpoint minus = ops::Sub(scope_, scope_.Scalar<float>(0), x);
  EXPECT_EQ(Count(Run({Simplify}, {ops::Relu(scope_, minus)}), "Sub"), 1);
}

TEST_F(Passes, SimplifyJoinsChains) {
  Endpoint x = Feed("x", Shape{2, 3, 4}, PartialShape{-1, 3, 4});
  Endpoint y = ops::Reshape(scope_, x, scope_.Ints({-1, 12}));
  y = ops::ExpandDims(scope_, y, scope_.Scalar<int32_t>(0));
  y = ops::Reshape(scope_.Named("last"), y, scope_.Ints({-1, 6}));
  Endpoint t = ops::Transpose(scope_, x, scope_.Ints({2, 0, 1}));
  t = ops::Transpose(scope_.Named("both"), t, scope_.Ints({1, 0, 2}));
  Endpoint back = ops::Transpose(scope_, ops::Transpose(scope_, x, scope_.Ints({2, 0, 1})), scope_.Ints({-2, 2, 0}));
  Endpoint out = ops::Neg(scope_, back);
  Graph simple = Run({Simplify}, {ops::Relu(scope_, y), ops::Relu(scope_, t), out});
  EXPECT_EQ(Count(simple, "Reshape"), 1);
  EXPECT_EQ(Count(simple, "Transpose"), 1);
  EXPECT_EQ(InputsOf(simple, out), (std::vector<std::string>{"x"}));
}

TEST_F(Passes, SimplifyKeepsControlEdges) {
  Endpoint x = Feed("x", Shape{2}), y = Feed("y", Shape{2}, {}, 2);
  Endpoint waits = ops::Identity(scope_.Named("waits").WithControl({y.node}), x);
  Endpoint plain = ops::Identity(scope_.Named("plain"), x);
  Endpoint out = ops::Neg(scope_.WithControl({plain.node}), waits);
  Graph simple = Run({Simplify}, {out});
  EXPECT_NE(simple.Find("waits"), nullptr);
  EXPECT_EQ(simple.Find("plain"), nullptr);
  EXPECT_EQ(simple.node(out.node).control_inputs[0], x.node);
}

TEST_F(Passes, SimplifyKeepsTheNamesOfFetches) {
  Endpoint x = Feed("x", Shape{2}), y = ops::Identity(scope_.Named("y"), x);
  Endpoint z = ops::Mul(scope_.Named("z"), x, scope_.Scalar<float>(1));
  Graph simple = Run({Simplify}, {y, z});
  EXPECT_EQ(OpOf(simple, y), "Identity");
  EXPECT_EQ(OpOf(simple, z), "Identity");
}

// --- Fuse ---

TEST_F(Passes, FuseTakesBiasAndRelu) {
  Endpoint x = Feed("x", Shape{3, 4}), w = Random(Shape{4, 5}, 1), b = Random(Shape{5}, 2);
  Endpoint with_both = ops::Relu(scope_.Named("both"), ops::BiasAdd(scope_, ops::MatMul(scope_, x, w), b));
  Endpoint with_bias = ops::BiasAdd(scope_.Named("bias"), ops::MatMul(scope_, x, w), b);
  Endpoint with_relu = ops::Relu(scope_.Named("relu"), ops::MatMul(scope_, x, w));
  Endpoint with_add = ops::AddV2(scope_.Named("add"), b, ops::MatMul(scope_, x, w));
  Endpoint out = ops::AddN(scope_, {with_both, with_bias, with_relu, with_add});
  Graph fused = Run({Fuse}, {out});
  EXPECT_EQ(Count(fused, "_FusedMatMul"), 4);
  EXPECT_EQ(fused.num_nodes(), 8);
  EXPECT_EQ(std::get<AttrList>(fused.Find("both")->attrs.at("fused_ops").value).s,
            (std::vector<std::string>{"BiasAdd", "Relu"}));
  EXPECT_EQ(std::get<AttrList>(fused.Find("relu")->attrs.at("fused_ops").value).s, (std::vector<std::string>{"Relu"}));
}

TEST_F(Passes, FuseTakesTheShortcutOfABlock) {
  auto conv = [&](Endpoint x, int64_t in, int64_t out, int64_t stride, int seed) {
    Endpoint y = ops::Conv2D(scope_, x, Random(Shape{3, 3, in, out}, seed),
                             {.strides = {1, stride, stride, 1}, .padding = "SAME"});
    return ops::BiasAdd(scope_, y, Random(Shape{out}, seed + 1));
  };
  Endpoint x = Feed("x", Shape{2, 6, 6, 4}, PartialShape{-1, 6, 6, 4});
  Endpoint a = ops::Relu(scope_.Named("a"), ops::AddV2(scope_, conv(x, 4, 4, 1, 1), x));
  Endpoint b = conv(ops::Relu(scope_, conv(a, 4, 8, 2, 3)), 8, 8, 1, 5);
  b = ops::Relu(scope_.Named("b"), ops::AddV2(scope_, conv(a, 4, 8, 2, 7), b));  // a shortcut with its own convolution
  Endpoint c = ops::AddV2(scope_.Named("c"), b, conv(b, 8, 8, 1, 9));            // no activation
  Graph fused = Run({Fuse}, {c});
  EXPECT_EQ(Count(fused, "AddV2"), 0);
  EXPECT_EQ(Count(fused, "_FusedConv2D"), 5);
  auto ops_of = [&](const char* name) { return std::get<AttrList>(fused.Find(name)->attrs.at("fused_ops").value).s; };
  EXPECT_EQ(ops_of("a"), (std::vector<std::string>{"BiasAdd", "Add", "Relu"}));
  EXPECT_EQ(ops_of("b"), (std::vector<std::string>{"BiasAdd", "Add", "Relu"}));
  EXPECT_EQ(ops_of("c"), (std::vector<std::string>{"BiasAdd", "Add"}));
  EXPECT_EQ(fused.Find("a")->inputs[3], x);
  EXPECT_EQ(fused.Find("c")->inputs[3], b);
}

TEST_F(Passes, FuseLeavesAnAddThatMayBroadcast) {
  auto conv = [&](Endpoint x) {
    return ops::Conv2D(scope_, x, Random(Shape{3, 3, 4, 4}, 1), {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  };
  Endpoint x = Feed("x", Shape{2, 6, 6, 4}, PartialShape{-1, 6, 6, 4});
  Endpoint one = Feed("one", Shape{1, 6, 6, 4}, PartialShape{-1, 6, 6, 4});  // as many pictures as it likes
  Endpoint pixel = Random(Shape{1, 1, 1, 4}, 2);
  Endpoint a = ops::AddV2(scope_, conv(x), one), b = ops::AddV2(scope_, conv(x), pixel);
  EXPECT_EQ(Count(Run({Fuse}, {a, b}), "_FusedConv2D"), 0);
  Endpoint product = ops::MatMul(scope_, Feed("m", Shape{3, 4}), Random(Shape{4, 4}, 3));
  Endpoint c = ops::AddV2(scope_, product, Feed("n", Shape{3, 4}));  // of matrix products there is no such form
  EXPECT_EQ(Count(Run({Fuse}, {c}), "_FusedMatMul"), 0);
}

TEST_F(Passes, FuseKeepsTransposes) {
  Endpoint x = Feed("x", Shape{4, 3}), w = Random(Shape{5, 4}, 1);
  Endpoint y = ops::MatMul(scope_, x, w, {.transpose_a = true, .transpose_b = true});
  Endpoint out = ops::Relu(scope_, ops::BiasAdd(scope_, y, Random(Shape{5}, 2)));
  EXPECT_EQ(OpOf(Run({Fuse}, {out}), out), "_FusedMatMul");  // a fetched end takes the name
}

TEST_F(Passes, BatchNormGoesIntoTheFilter) {
  auto norm = [&](Endpoint x, int64_t channels, const std::string& name, const std::string& format = "NHWC") {
    auto vector = [&](int seed) { return Random(Shape{channels}, seed); };
    Endpoint variance = ops::Square(scope_, vector(4));  // folded before
    return ops::FusedBatchNormV3(scope_.Named(name), x, vector(1), vector(2), vector(3), variance,
                                 {.epsilon = 0.1F, .data_format = format, .is_training = false});
  };
  Endpoint x = Feed("x", Shape{2, 5, 5, 3}, PartialShape{-1, 5, 5, 3});
  Endpoint conv = ops::Conv2D(scope_, x, Random(Shape{3, 3, 3, 8}, 1), {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  Endpoint a = ops::Relu6(scope_.Named("a"), norm(conv, 8, "a_norm").y);
  Endpoint depthwise = ops::DepthwiseConv2dNative(scope_, a, Random(Shape{3, 3, 8, 2}, 2),
                                                  {.strides = {1, 2, 2, 1}, .padding = "VALID"});
  depthwise = ops::BiasAdd(scope_, depthwise, Random(Shape{16}, 5));
  Endpoint b = ops::Relu(scope_.Named("b"), norm(depthwise, 16, "b_norm").y);
  Graph folded = Run({Fold, Prune, FoldBatchNorm, Fuse}, {b});
  EXPECT_EQ(Count(folded, "FusedBatchNormV3"), 0);
  EXPECT_EQ(Count(folded, "_FusedConv2D"), 1);
  EXPECT_EQ(OpOf(folded, b), "_FusedDepthwiseConv2dNative");
  EXPECT_EQ(std::get<AttrList>(folded.Find("a")->attrs.at("fused_ops").value).s,
            (std::vector<std::string>{"BiasAdd", "Relu6"}));
}

TEST_F(Passes, BatchNormStaysWhereItCannotGo) {
  auto norm = [&](Endpoint x, const std::string& name, Endpoint scale, bool is_training = false) {
    auto vector = [&](int seed) { return Random(Shape{4}, seed); };
    return ops::FusedBatchNormV3(scope_.Named(name), x, scale, vector(2), vector(3), Values(name + "_v", {1, 2, 3, 4}),
                                 {.is_training = is_training});
  };
  auto conv = [&] {
    return ops::Conv2D(scope_, Feed(absl::StrCat("x", feeds_.size()), Shape{2, 5, 5, 3}), Random(Shape{3, 3, 3, 4}, 1),
                       {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  };
  Endpoint scale = Values("scale", {1, 2, 3, 4}), used_twice = conv();
  Endpoint other_use = ops::Relu(scope_, used_twice);
  auto with_statistics = norm(conv(), "statistics", scale);
  std::vector<Endpoint> fetches = {
      norm(used_twice, "used_twice", scale).y,
      other_use,
      norm(conv(), "training", scale, true).y,
      norm(conv(), "variable", Feed("scale_fed", Shape{4})).y,
      with_statistics.y,
      with_statistics.batch_mean,
  };
  EXPECT_EQ(Count(Run({FoldBatchNorm}, fetches), "FusedBatchNormV3"), 4);
}

TEST_F(Passes, FuseLeavesWhatIsUsedElsewhere) {
  Endpoint x = Feed("x", Shape{3, 4}), w = Random(Shape{4, 5}, 1), b = Random(Shape{5}, 2);
  Endpoint product = ops::MatMul(scope_.Named("product"), x, w);
  Endpoint a = ops::BiasAdd(scope_.Named("a"), product, b), c = ops::Relu(scope_.Named("c"), product);
  EXPECT_EQ(Count(Run({Fuse}, {a, c}), "_FusedMatMul"), 0);
  Endpoint fetched = ops::MatMul(scope_.Named("fetched"), x, w);
  Endpoint d = ops::BiasAdd(scope_, fetched, b);
  EXPECT_EQ(Count(Run({Fuse}, {fetched, d}), "_FusedMatMul"), 0);
  // Not a vector of the columns: something else than a bias.
  Endpoint matrix = ops::AddV2(scope_, ops::MatMul(scope_, x, w), Random(Shape{3, 5}, 3));
  Endpoint scalar = ops::AddV2(scope_, ops::MatMul(scope_, x, w), Random(Shape{1}, 3));
  EXPECT_EQ(Count(Run({Fuse}, {matrix, scalar}), "_FusedMatMul"), 0);
  Endpoint apart = ops::BiasAdd(scope_.WithDevice("/cpu:1"), ops::MatMul(scope_, x, w), b);
  EXPECT_EQ(Count(Run({Fuse}, {apart}), "_FusedMatMul"), 0);
}

TEST_F(Passes, AllOfThemTogether) {
  Endpoint x = Feed("x", Shape{3, 4}, PartialShape{-1, 4}), w = Random(Shape{5, 4}, 1), b = Random(Shape{5}, 2);
  Endpoint weights = ops::Transpose(scope_, ops::Identity(scope_, w), scope_.Ints({1, 0}));
  Endpoint y = ops::MatMul(scope_, ops::Identity(scope_, x), weights);
  y = ops::Identity(scope_, ops::BiasAdd(scope_, y, ops::Identity(scope_, b)));
  Endpoint out = ops::Relu(scope_.Named("out"), y);
  PassContext context;
  context.fetched = {out};
  context.fed = {x};
  context.cpu_kernels = &kernels_;
  Graph changed = graph_;
  ASSERT_TRUE(RunPasses(changed, context, {}).ok());
  EXPECT_EQ(changed.num_nodes(), 4);
  EXPECT_EQ(OpOf(changed, out), "_FusedMatMul");
  auto expected = Interpreter(graph_, kernels_).Run(feeds_, {out});
  auto actual = Interpreter(changed, kernels_).Run(feeds_, {out});
  ASSERT_TRUE(expected.ok() && actual.ok()) << expected.status() << actual.status();
  EXPECT_EQ(Difference((*actual)[0], (*expected)[0]), "");
}

}  // namespace
}  // namespace sluice
