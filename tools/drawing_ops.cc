#include "tools/drawing_ops.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"

#include "graph/propagate.h"

namespace sluice::tools {
namespace {

constexpr size_t kMostOps = 5;    // that a box lists
constexpr size_t kMostKinds = 3;  // that it counts, where it has more
constexpr const char* kTimes = "×";

// Ops that say little: they are left out of a box that has others.
bool IsPlumbing(const std::string& op) {
  static const std::set<std::string>* const ops = new std::set<std::string>{
      "BiasAdd", "Identity", "Const", "Cast", "Reshape", "Shape", "StridedSlice", "Pack", "ReadVariableOp", "NoOp"};
  return ops->count(op) > 0;
}

// An attribute's integers; empty where it has none.
std::vector<int64_t> Ints(const Node& node, const std::string& attr) {
  auto it = node.attrs.find(attr);
  if (it == node.attrs.end()) return {};
  const auto* list = std::get_if<AttrList>(&it->second.value);
  return list == nullptr ? std::vector<int64_t>{} : list->i;
}

// Height and width among four numbers in the order of the node's data format; empty where there are not four.
std::vector<int64_t> Spatial(const Node& node, const std::vector<int64_t>& values) {
  if (values.size() != 4) return {};
  auto format = node.attrs.find("data_format");
  bool channels_first = format != node.attrs.end() && format->second == AttrValue("NCHW");
  return channels_first ? std::vector<int64_t>{values[2], values[3]} : std::vector<int64_t>{values[1], values[2]};
}

std::string Window(const std::vector<int64_t>& size, const std::vector<int64_t>& strides) {
  std::string text = absl::StrJoin(size, kTimes);
  if (strides.size() == 2 && (strides[0] != 1 || strides[1] != 1)) {
    absl::StrAppend(&text, " / ", strides[0] == strides[1] ? absl::StrCat(strides[0]) : absl::StrJoin(strides, kTimes));
  }
  return text;
}

}  // namespace

Box::Kind KindOfOp(const std::string& op) {
  static const std::map<std::string, Box::Kind>* const kinds =
      new std::map<std::string, Box::Kind>{{"Conv2D", Box::kConv},
                                           {"DepthwiseConv2dNative", Box::kConv},
                                           {"Conv2DBackpropInput", Box::kConv},
                                           {"Conv2DBackpropFilter", Box::kConv},
                                           {"MatMul", Box::kDense},
                                           {"BatchMatMulV2", Box::kDense},
                                           {"MaxPool", Box::kPool},
                                           {"AvgPool", Box::kPool},
                                           {"Mean", Box::kPool},
                                           {"LRN", Box::kNorm},
                                           {"FusedBatchNorm", Box::kNorm},
                                           {"FusedBatchNormV2", Box::kNorm},
                                           {"FusedBatchNormV3", Box::kNorm},
                                           {"Softmax", Box::kLoss},
                                           {"LogSoftmax", Box::kLoss},
                                           {"SparseSoftmaxCrossEntropyWithLogits", Box::kLoss},
                                           {"SoftmaxCrossEntropyWithLogits", Box::kLoss},
                                           {"ConcatV2", Box::kMerge},
                                           {"Concat", Box::kMerge},
                                           {"Add", Box::kMerge},
                                           {"AddV2", Box::kMerge},
                                           {"AddN", Box::kMerge},
                                           {"Sub", Box::kMerge},
                                           {"Mul", Box::kMerge},
                                           {"Relu", Box::kActivation},
                                           {"Relu6", Box::kActivation},
                                           {"Tanh", Box::kActivation},
                                           {"Sigmoid", Box::kActivation},
                                           {"Elu", Box::kActivation},
                                           {"LeakyRelu", Box::kActivation},
                                           {"Placeholder", Box::kInput},
                                           {"PlaceholderWithDefault", Box::kInput},
                                           {"VarHandleOp", Box::kVariable},
                                           {"VariableV2", Box::kVariable},
                                           {"Const", Box::kVariable},
                                           {"Reshape", Box::kShape},
                                           {"Pad", Box::kShape},
                                           {"Split", Box::kShape},
                                           {"StridedSlice", Box::kShape},
                                           {"Transpose", Box::kShape},
                                           {"Squeeze", Box::kShape}};
  auto it = kinds->find(op);
  return it == kinds->end() ? Box::kOther : it->second;
}

bool IsFollower(const std::string& op) {
  return absl::StartsWith(op, "FusedBatchNorm") || KindOfOp(op) == Box::kActivation || op == "BiasAdd";
}

OpDescriber::OpDescriber(const Graph& graph) : graph_(graph) {
  if (auto infos = PropagateShapes(graph); infos.ok()) infos_ = *std::move(infos);
}

std::string OpDescriber::ShapeOf(Endpoint tensor) const {
  if (static_cast<size_t>(tensor.node) >= infos_.size()) return "";
  const auto& outputs = infos_[static_cast<size_t>(tensor.node)];
  if (static_cast<size_t>(tensor.index) >= outputs.size()) return "";
  const PartialShape& shape = outputs[static_cast<size_t>(tensor.index)].shape;
  if (!shape.has_rank() || shape.rank() == 0) return "";
  std::vector<std::string> dims;
  for (int i = 0; i < shape.rank(); ++i) {
    // The batch, where it may be anything, goes without saying.
    if (i == 0 && shape.dim(0) < 0 && shape.rank() > 1) continue;
    dims.push_back(shape.dim(i) < 0 ? "?" : absl::StrCat(shape.dim(i)));
  }
  return absl::StrJoin(dims, kTimes);
}

std::string OpDescriber::DescribeOp(const Node& node) const {
  const std::string& op = node.op();
  const std::vector<int64_t> strides = Spatial(node, Ints(node, "strides"));
  if ((op == "Conv2D" || op == "DepthwiseConv2dNative") && node.inputs.size() == 2) {
    std::vector<int64_t> size;
    auto filter = static_cast<size_t>(node.inputs[1].node);
    if (filter < infos_.size() && infos_[filter][static_cast<size_t>(node.inputs[1].index)].shape.has_rank()) {
      const Dims dims = infos_[filter][static_cast<size_t>(node.inputs[1].index)].shape.dims();
      size.assign(dims.begin(), dims.begin() + std::min<ptrdiff_t>(2, std::ssize(dims)));
    }
    return absl::StrCat(op == "Conv2D" ? "Conv2D " : "DepthwiseConv2D ", Window(size, strides));
  }
  if (op == "MaxPool" || op == "AvgPool") {
    return absl::StrCat(op, " ", Window(Spatial(node, Ints(node, "ksize")), strides));
  }
  if (absl::StartsWith(op, "FusedBatchNorm")) return "BatchNorm";
  return op;
}

Box OpDescriber::Describe(const std::vector<NodeId>& nodes) const {
  Box box;
  std::vector<std::string> ops;
  std::map<std::string, int> count;
  Endpoint result{nodes.back(), 0};
  for (NodeId id : nodes) {
    const Node& node = graph_.node(id);
    box.kind = std::max(box.kind, KindOfOp(node.op()));
    ++count[node.op()];
    if (!IsPlumbing(node.op())) ops.push_back(DescribeOp(node));
  }
  if (ops.empty()) ops.push_back(DescribeOp(graph_.node(nodes.back())));
  if (ops.size() <= kMostOps) {
    for (size_t i = 0; i < ops.size(); i += 3) {
      size_t end = std::min(ops.size(), i + 3);
      box.lines.push_back(
          absl::StrJoin(ops.begin() + static_cast<ptrdiff_t>(i), ops.begin() + static_cast<ptrdiff_t>(end), " · "));
    }
  } else {
    std::vector<std::pair<int, std::string>> most;
    for (const auto& [op, n] : count) {
      if (!IsPlumbing(op)) most.emplace_back(-n, op);
    }
    std::sort(most.begin(), most.end());
    most.resize(std::min(most.size(), kMostKinds));
    box.lines.push_back(absl::StrCat(nodes.size(), " nodes"));
    std::vector<std::string> counted;
    for (const auto& [n, op] : most) counted.push_back(absl::StrCat(-n, " ", op));
    box.lines.push_back(absl::StrJoin(counted, ", "));
  }
  if (std::string shape = ShapeOf(result); !shape.empty()) box.lines.push_back(shape);
  return box;
}

}  // namespace sluice::tools
