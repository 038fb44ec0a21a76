// A graph as boxes and arrows: what `sluice draw` shows of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace sluice::tools {

struct DrawingOptions {
  // 0: a box for each layer, that is for the nodes of one scope that hang together, with the bias, normalisation and
  // activation that follow it. Else scopes deeper than this many are one box.
  int64_t depth = 0;
  // Everything, constants, variables, gradients and updates too; else only what lies between the placeholders and
  // `results`.
  bool everything = false;
  std::vector<Endpoint> results;
};

struct Box {
  // Of several, the last is the box's.
  enum Kind { kOther, kVariable, kShape, kActivation, kMerge, kNorm, kLoss, kPool, kDense, kConv, kInput };
  Kind kind = kOther;
  std::string name;                // of the scope or node, whole
  std::string frame;               // the scope around it and others; empty: none
  std::vector<std::string> lines;  // what it does, and the shape that comes out
  std::string device;              // where the graph names several
};

struct Drawing {
  struct Arrow {
    size_t from = 0, to = 0;
    bool is_control = false;
    auto operator<=>(const Arrow&) const = default;
  };
  std::vector<Box> boxes;     // producers first, as far as there are no circles between boxes
  std::vector<Arrow> arrows;  // sorted, each once
};

Drawing DrawGraph(const Graph& graph, const DrawingOptions& options);

struct DotOptions {
  std::string direction = "TB";  // TB, BT, LR, RL
};
// In Graphviz' language.
std::string DrawingToDot(const Drawing& drawing, const DotOptions& options);

}  // namespace sluice::tools
