// What the box of some nodes says.
#pragma once

#include <string>
#include <vector>

#include "ops/shape_context.h"
#include "tools/drawing.h"

namespace sluice::tools {

Box::Kind KindOfOp(const std::string& op);
// Ops that people count to the layer before them: biases, normalisation, activations.
bool IsFollower(const std::string& op);

class OpDescriber {
 public:
  // The graph must outlive it.
  explicit OpDescriber(const Graph& graph);
  // Kind and lines of a box of these nodes, producers first.
  Box Describe(const std::vector<NodeId>& nodes) const;

 private:
  std::string DescribeOp(const Node& node) const;
  std::string ShapeOf(Endpoint tensor) const;

  const Graph& graph_;
  std::vector<std::vector<TensorInfo>> infos_;  // empty where the shapes contradict each other
};

}  // namespace sluice::tools
