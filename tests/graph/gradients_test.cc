#include "graph/gradients.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/graph/test_ops.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

// Rules over the test ops, so that what is tested is AddGradients alone.
absl::Status PassOn(GradScope&, const Node& node, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  dx.assign(node.inputs.size(), dy[0]);
  return absl::OkStatus();
}
absl::Status UnpackRule(GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
  std::vector<Endpoint> parts;
  for (size_t i = 0; i < dy.size(); ++i) {
    parts.push_back(HasGrad(dy[i]) ? s.Dense(dy[i]) : Endpoint{s.scope.Add("OnesLike", {s.y(static_cast<int>(i))}), 0});
  }
  dx.push_back(Endpoint{s.scope.Add("Pack", parts), 0});
  return absl::OkStatus();
}

class AddGradientsTest : public ::testing::Test {
 protected:
  AddGradientsTest() : ops_(testing::TestOps()), graph_(ops_), scope_(graph_) {
    ops_.Add<testing::TestTypeAttrs>("OnesLike").Input("x: T").Output("y: T").Shape(UnchangedShape);
    ops_.Add<testing::TestPackAttrs>("AddN").Input("inputs: N * T").Output("sum: T").Shape(ScalarShape);
    ops_.Add<testing::TestTypeAttrs>("Stop").Input("x: T").Output("y: T").Shape(UnchangedShape);
    registry_.Add("Identity", PassOn);
    registry_.Add("AddV2", PassOn);
    registry_.Add("Unpack", UnpackRule);
    registry_.AddNotDifferentiable("Stop");
  }

  Endpoint Placeholder(DataType dtype = DataType::kFloat) { return Add("Placeholder", {}, {{"dtype", dtype}}); }
  Endpoint Add(const std::string& op, std::vector<Endpoint> inputs, AttrMap attrs = {}) {
    return {scope_.Add(op, std::move(inputs), std::move(attrs)), 0};
  }
  std::string OpOf(const Grad& grad) { return graph_.node(std::get<Endpoint>(grad).node).op(); }
  std::string NameOf(const Grad& grad) { return graph_.NameOf(std::get<Endpoint>(grad)); }

  OpRegistry ops_;
  GradientRegistry registry_;
  Graph graph_;
  Scope scope_;
};

TEST_F(AddGradientsTest, StartsFromOnes) {
  Endpoint x = Placeholder(), y = Add("Identity", {x});
  auto grads = AddGradients(scope_, registry_, {y}, {x});
  ASSERT_TRUE(grads.ok()) << grads.status();
  EXPECT_EQ(NameOf((*grads)[0]), "gradients/ones");
  // Once more: other names.
  grads = AddGradients(scope_, registry_, {y}, {x});
  ASSERT_TRUE(grads.ok()) << grads.status();
  EXPECT_EQ(NameOf((*grads)[0]), "gradients_1/ones");
}

TEST_F(AddGradientsTest, TakesGivenGradients) {
  Endpoint x = Placeholder(), y = Add("Identity", {x}), g = Placeholder();
  auto grads = AddGradients(scope_, registry_, {y}, {x}, {g});
  ASSERT_TRUE(grads.ok()) << grads.status();
  EXPECT_EQ(std::get<Endpoint>((*grads)[0]), g);
  EXPECT_FALSE(AddGradients(scope_, registry_, {y, y}, {x}, {g}).ok());
}

TEST_F(AddGradientsTest, AddsContributionsOnTheForwardDevice) {
  Scope there = scope_.WithDevice("/cpu:1");
  Endpoint x{there.Add("Placeholder", {}, {{"dtype", DataType::kFloat}}), 0};
  Endpoint middle{there.Named("middle").Add("Identity", {x}), 0};
  Endpoint y = Add("AddV2", {Add("AddV2", {middle, middle}), middle});
  auto grads = AddGradients(scope_, registry_, {y}, {x});
  ASSERT_TRUE(grads.ok()) << grads.status();
  const Node& sum = graph_.node(std::get<Endpoint>((*grads)[0]).node);
  EXPECT_EQ(sum.op(), "AddN");
  EXPECT_EQ(sum.inputs.size(), 3u);
  EXPECT_EQ(sum.name, "gradients/middle_grad/AddN");
  EXPECT_EQ(sum.device, "/cpu:1");
}

TEST_F(AddGradientsTest, GivesNoneWhereNoPathLeads) {
  Endpoint x = Placeholder(), other = Placeholder(), integer = Placeholder(DataType::kInt32);
  Endpoint y = Add("AddV2", {Add("Identity", {x}), Add("Stop", {other})});
  auto grads = AddGradients(scope_, registry_, {y}, {x, other, integer, y});
  ASSERT_TRUE(grads.ok()) << grads.status();
  EXPECT_TRUE(HasGrad((*grads)[0]));
  EXPECT_FALSE(HasGrad((*grads)[1]));
  EXPECT_FALSE(HasGrad((*grads)[2]));
  EXPECT_EQ(OpOf((*grads)[3]), "OnesLike");
}

TEST_F(AddGradientsTest, LeavesNoGradientsBehindThatNobodyAskedFor) {
  registry_.Add("Wasteful", [](GradScope& s, const Node&, absl::Span<const Grad> dy, std::vector<Grad>& dx) {
    for (int i = 0; i < 2; ++i) dx.push_back(Endpoint{s.scope.Add("OnesLike", {s.Dense(dy[0])}), 0});
    return absl::OkStatus();
  });
  ops_.Add<testing::TestTypeAttrs>("Wasteful").Input("x: T").Input("y: T").Output("z: T").Shape(UnchangedShape);
  Endpoint picture = Placeholder(), weight = Placeholder();
  Endpoint y = Add("Wasteful", {picture, weight});
  const int before = graph_.num_nodes();
  auto grads = AddGradients(scope_, registry_, {y}, {weight});
  ASSERT_TRUE(grads.ok()) << grads.status();
  EXPECT_EQ(graph_.num_nodes(), before + 2);  // the ones, and the weight's gradient
}

TEST_F(AddGradientsTest, HandsSeveralOutputsToOneRule) {
  Endpoint x = Placeholder();
  NodeId parts = scope_.Add("Unpack", {x}, {{"num", 3}});
  Endpoint y = Add("AddV2", {{parts, 0}, {parts, 2}});
  auto grads = AddGradients(scope_, registry_, {y}, {x});
  ASSERT_TRUE(grads.ok()) << grads.status();
  const Node& pack = graph_.node(std::get<Endpoint>((*grads)[0]).node);
  EXPECT_EQ(pack.op(), "Pack");
  EXPECT_EQ(pack.inputs[0], pack.inputs[2]);
  EXPECT_NE(pack.inputs[0], pack.inputs[1]);
}

TEST_F(AddGradientsTest, NamesTheNodeWithoutARule) {
  Endpoint x = Placeholder();
  Endpoint packed{scope_.Named("packed").Add("Pack", {x}), 0};
  absl::Status status = AddGradients(scope_, registry_, {packed}, {x}).status();
  EXPECT_TRUE(absl::IsUnimplemented(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("node 'packed' (Pack): the op has no gradient"));
  // Beside the path it does not matter.
  Endpoint y = Add("AddV2", {x, packed});
  EXPECT_TRUE(AddGradients(scope_, registry_, {y}, {Placeholder()}).ok());
}

TEST_F(AddGradientsTest, RefusesIntegerLosses) {
  Endpoint x = Placeholder(DataType::kInt32);
  EXPECT_TRUE(absl::IsInvalidArgument(AddGradients(scope_, registry_, {x}, {x}).status()));
}

}  // namespace
}  // namespace sluice
