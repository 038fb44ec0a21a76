#include "graph/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

// A graph of made-up ops: Source has two outputs, Sink takes any number of floats.
class PartitionTest : public ::testing::Test {
 protected:
  struct SinkAttrs {
    int64_t N = 0;
    bool operator==(const SinkAttrs&) const = default;
    void Visit(auto& v) { v.Required("N", N); }
  };

  PartitionTest() {
    ops_.Add("Source").Output("a: float").Output("b: float");
    ops_.Add("Const").Output("a: float");
    ops_.Add<SinkAttrs>("Sink").Input("x: N * float").Output("y: float");
  }

  NodeId Source(const std::string& name, int device, std::vector<NodeId> control = {}) {
    return Add({name, "Source", {}, {}, std::move(control), ""}, device);
  }
  NodeId Sink(const std::string& name, int device, std::vector<Endpoint> inputs, std::vector<NodeId> control = {}) {
    AttrMap attrs;
    attrs.emplace("N", static_cast<int64_t>(inputs.size()));
    return Add({name, "Sink", std::move(attrs), std::move(inputs), std::move(control), ""}, device);
  }
  NodeId Add(NodeSpec spec, int device) {
    auto node = graph_.AddNode(std::move(spec));
    SLUICE_CHECK(node.ok());
    (*node)->assigned_device = device;
    return (*node)->id;
  }
  // "source:index from->to", in the order of ids.
  std::vector<std::string> Channels(const absl::flat_hash_set<Endpoint>& fed = {}) {
    PartitionPlan plan = PartitionGraph(graph_, fed);
    std::vector<std::string> text;
    for (size_t i = 0; i < plan.channels.size(); ++i) {
      const Channel& c = plan.channels[i];
      EXPECT_EQ(plan.channel_of.at({c.source, c.to_device}), static_cast<int>(i));
      std::string source = graph_.node(c.source.node).name;
      absl::StrAppend(&source, c.source.index == kControl ? "^" : absl::StrCat(":", c.source.index));
      text.push_back(absl::StrCat(source, " ", c.from_device, "->", c.to_device));
    }
    EXPECT_EQ(plan.channel_of.size(), plan.channels.size());
    return text;
  }

  OpRegistry ops_;
  Graph graph_{ops_};
};

TEST_F(PartitionTest, OneDeviceNeedsNoChannel) {
  NodeId s = Source("s", 0);
  Sink("t", 0, {{s, 0}, {s, 1}}, {s});
  EXPECT_THAT(Channels(), ::testing::IsEmpty());
}

TEST_F(PartitionTest, OneChannelForATensorAndADestinationHoweverManyConsumers) {
  NodeId s = Source("s", 0);
  Sink("t", 1, {{s, 0}, {s, 0}});
  Sink("u", 1, {{s, 0}});
  Sink("v", 2, {{s, 0}});
  Sink("w", 0, {{s, 0}});
  EXPECT_THAT(Channels(), ::testing::ElementsAre("s:0 0->1", "s:0 0->2"));
}

TEST_F(PartitionTest, EachOutputHasItsOwn) {
  NodeId s = Source("s", 1);
  Sink("t", 0, {{s, 1}, {s, 0}});
  EXPECT_THAT(Channels(), ::testing::ElementsAre("s:1 1->0", "s:0 1->0"));
}

TEST_F(PartitionTest, OrderCrossesOnceForADestination) {
  NodeId s = Source("s", 0);
  Sink("t", 1, {}, {s});
  Sink("u", 1, {}, {s});
  Sink("v", 0, {}, {s});
  EXPECT_THAT(Channels(), ::testing::ElementsAre("s^ 0->1"));
}

TEST_F(PartitionTest, FedTensorsCrossNowhereButOrderDoes) {
  NodeId s = Source("s", 0);
  Sink("t", 1, {{s, 0}, {s, 1}}, {s});
  EXPECT_THAT(Channels({{s, 0}}), ::testing::ElementsAre("s:1 0->1", "s^ 0->1"));
}

TEST_F(PartitionTest, IdsFollowTheGlobalOrderOfConsumers) {
  NodeId a = Source("a", 0);
  NodeId b = Source("b", 1);
  NodeId t = Sink("t", 1, {{a, 0}});
  NodeId u = Sink("u", 0, {{b, 0}, {t, 0}});
  Sink("v", 1, {{u, 0}});
  EXPECT_EQ(PartitionGraph(graph_, {}).order, TopologicalOrder(graph_));
  EXPECT_THAT(Channels(), ::testing::ElementsAre("a:0 0->1", "b:0 1->0", "t:0 1->0", "u:0 0->1"));
}

// Both towers of AlexNet once waited for each other in turn: the gradient for the other came after all that was left.
TEST_F(PartitionTest, WhatAnotherDeviceWaitsForDoesNotQueueBehindOtherWork) {
  NodeId a = Source("a", 0);
  NodeId own = Sink("own", 0, {{a, 0}});
  NodeId later = Sink("later", 0, {{own, 0}});
  NodeId constant = Add({"constant", "Const", {}, {}, {}, ""}, 0);
  NodeId sent = Sink("sent", 0, {{a, 0}, {constant, 0}});
  NodeId received = Sink("received", 1, {{sent, 0}});
  EXPECT_THAT(TopologicalOrder(graph_), ::testing::ElementsAre(a, own, later, constant, sent, received));
  EXPECT_THAT(PartitionGraph(graph_, {}).order, ::testing::ElementsAre(constant, a, sent, own, later, received));
  EXPECT_EQ(PartitionGraph(graph_, {{sent, 0}}).order, TopologicalOrder(graph_)) << "a fed tensor crosses nowhere";
}

TEST_F(PartitionTest, ATensorPassesThroughTwoDevicesAsTwoTensors) {
  NodeId a = Source("a", 0);
  NodeId t = Sink("t", 1, {{a, 0}});
  Sink("u", 0, {{t, 0}, {a, 0}});
  EXPECT_THAT(Channels(), ::testing::ElementsAre("a:0 0->1", "t:0 1->0"));
}

}  // namespace
}  // namespace sluice
