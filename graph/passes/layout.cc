// Kernels exist for channels last alone: nodes with data_format NCHW are turned around, and then what is between them.
#include <algorithm>
#include <optional>

#include "graph/passes/channels_last.h"

namespace sluice {
namespace {

// An op that knows the order of its dimensions.
struct SpatialOp {
  const char* name;
  std::vector<int> images;     // inputs of rank 4
  std::vector<int> shapes;     // inputs that are the shape of an image
  std::vector<int> any_image;  // inputs that are images if their rank is 4 and are left alone otherwise
  bool makes_image;
};

const std::vector<SpatialOp>& SpatialOps() {
  static const auto& ops = *new std::vector<SpatialOp>{
      {"Conv2D", {0}, {}, {}, true},
      {"Conv2DBackpropInput", {2}, {0}, {}, true},
      {"Conv2DBackpropFilter", {0, 2}, {}, {}, false},
      {"MaxPool", {0}, {}, {}, true},
      {"MaxPoolGrad", {0, 1, 2}, {}, {}, true},
      {"AvgPool", {0}, {}, {}, true},
      {"AvgPoolGrad", {1}, {0}, {}, true},
      {"DepthwiseConv2dNative", {0}, {}, {}, true},
      {"DepthwiseConv2dNativeBackpropInput", {2}, {0}, {}, true},
      {"DepthwiseConv2dNativeBackpropFilter", {0, 2}, {}, {}, false},
      {"FusedBatchNorm", {0}, {}, {}, true},
      {"FusedBatchNormV2", {0}, {}, {}, true},
      {"FusedBatchNormV3", {0}, {}, {}, true},
      {"FusedBatchNormGrad", {0, 1}, {}, {}, true},
      {"FusedBatchNormGradV2", {0, 1}, {}, {}, true},
      {"FusedBatchNormGradV3", {0, 1}, {}, {}, true},
      {"BiasAdd", {}, {}, {0}, true},
      {"BiasAddGrad", {}, {}, {0}, false},
  };
  return ops;
}

constexpr const char* kElementwise[] = {"Abs",
                                        "Add",
                                        "AddN",
                                        "AddV2",
                                        "Cast",
                                        "Ceil",
                                        "ClipByValue",
                                        "Elu",
                                        "EluGrad",
                                        "Equal",
                                        "Exp",
                                        "Floor",
                                        "FloorDiv",
                                        "FloorMod",
                                        "Greater",
                                        "GreaterEqual",
                                        "Identity",
                                        "LeakyRelu",
                                        "LeakyReluGrad",
                                        "Less",
                                        "LessEqual",
                                        "Log",
                                        "LogicalAnd",
                                        "LogicalNot",
                                        "LogicalOr",
                                        "Maximum",
                                        "Minimum",
                                        "Mul",
                                        "Neg",
                                        "NotEqual",
                                        "OnesLike",
                                        "Pow",
                                        "RealDiv",
                                        "Reciprocal",
                                        "ReciprocalGrad",
                                        "Relu",
                                        "Relu6",
                                        "Relu6Grad",
                                        "ReluGrad",
                                        "Round",
                                        "Rsqrt",
                                        "RsqrtGrad",
                                        "SelectV2",
                                        "Selu",
                                        "SeluGrad",
                                        "Sigmoid",
                                        "SigmoidGrad",
                                        "Sign",
                                        "Softplus",
                                        "SoftplusGrad",
                                        "Sqrt",
                                        "SqrtGrad",
                                        "Square",
                                        "SquaredDifference",
                                        "StopGradient",
                                        "Sub",
                                        "Tanh",
                                        "TanhGrad",
                                        "ZerosLike"};

class LayoutPass {
 public:
  LayoutPass(Graph& graph, const PassContext& context, std::vector<std::vector<TensorInfo>> infos)
      : graph_(graph), edit_(graph, context), infos_(std::move(infos)), last_(edit_, infos_, context.cpu_kernels) {}

  // With `push`, what lies between spatial ops is turned around as well.
  absl::Status Run(bool push) {
    for (NodeId id : TopologicalOrder(graph_)) {
      const Node& node = graph_.node(id);
      if (const SpatialOp* op = FindSpatial(node)) {
        SLUICE_RETURN_IF_ERROR(Convert(id, *op));
      } else if (push && HasTurnedInput(node)) {
        SLUICE_RETURN_IF_ERROR(Push(id));
      }
    }
    return edit_.Finish();
  }

 private:
  int RankOf(Endpoint e) const {
    if (last_.HasLast(e)) return 4;
    PartialShape shape = last_.ShapeOf(e);
    return shape.has_rank() ? shape.rank() : -1;
  }

  const SpatialOp* FindSpatial(const Node& node) const {
    auto format = node.attrs.find("data_format");
    if (format == node.attrs.end() || !(format->second == AttrValue("NCHW"))) return nullptr;
    for (const SpatialOp& op : SpatialOps()) {
      if (node.op() != op.name) continue;
      for (int i : op.any_image) {
        if (RankOf(node.inputs[i]) != 4) return nullptr;
      }
      return &op;
    }
    return nullptr;
  }

  bool HasTurnedInput(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](Endpoint e) { return last_.HasLast(e); });
  }

  absl::Status Convert(NodeId id, const SpatialOp& op) {
    const Node& node = graph_.node(id);
    std::vector<Endpoint> inputs(node.inputs.begin(), node.inputs.end());
    for (const std::vector<int>* images : {&op.images, &op.any_image}) {
      for (int i : *images) {
        SLUICE_ASSIGN_OR_RETURN(inputs[i], last_.ToLast(inputs[i], node));
      }
    }
    for (int i : op.shapes) {
      const Tensor* constant = edit_.ConstantAt(inputs[i]);
      // Conv2DBackpropInput also takes height and width alone.
      if (constant != nullptr && constant->num_elements() != 4) continue;
      SLUICE_ASSIGN_OR_RETURN(inputs[i], last_.VectorToLast(inputs[i], node));
    }
    AttrMap attrs = node.attrs;
    attrs.insert_or_assign("data_format", "NHWC");
    for (auto& [name, value] : attrs) {
      auto* list = std::get_if<AttrList>(&value.value);
      bool over_dims = name == "strides" || name == "ksize" || name == "dilations" || name == "explicit_paddings";
      if (list == nullptr || !over_dims || list->i.size() % 4 != 0) continue;
      list->i = ListToLast(list->i);
    }
    if (op.makes_image) return last_.TurnAround(id, std::move(inputs), std::move(attrs));
    return edit_.Rewrite(id, op.name, std::move(inputs), std::move(attrs));
  }

  absl::Status Push(NodeId id) {
    const Node& node = graph_.node(id);
    const std::string& op = node.op();
    if (std::find(std::begin(kElementwise), std::end(kElementwise), op) != std::end(kElementwise)) {
      return PushElementwise(node);
    }
    if (op == "ConcatV2") return PushConcat(node);
    if (op == "Pad") return PushPad(node);
    if (op == "Sum" || op == "Mean" || op == "Max") return PushReduction(node);
    if (op == "Squeeze") return PushSqueeze(node);
    if (op == "Shape") return PushShape(node);
    if (op == "Size" || op == "Rank") return PushCount(node);
    if (op == "Transpose") return CancelTranspose(node);
    if (op == "Reshape") return PushReshape(node);
    return absl::OkStatus();
  }

  // The images among the inputs in NHWC. Nullopt where more Transposes would come than go.
  absl::StatusOr<std::optional<std::vector<Endpoint>>> Images(const Node& node, size_t count) {
    size_t turned = 0, others = 0;
    for (size_t i = 0; i < count; ++i) {
      Endpoint e = node.inputs[i];
      if (last_.HasLast(e)) {
        ++turned;
      } else if (const Tensor* constant = edit_.ConstantAt(e)) {
        if (constant->shape().rank() > 4) return std::nullopt;
      } else if (int rank = RankOf(e); rank == 4) {
        ++others;
      } else if (rank != 0) {
        return std::nullopt;
      }
    }
    if (turned == 0 || others > turned) return std::nullopt;
    std::vector<Endpoint> images;
    for (size_t i = 0; i < count; ++i) {
      Endpoint e = node.inputs[i];
      if (edit_.ConstantAt(e) != nullptr) {
        SLUICE_ASSIGN_OR_RETURN(e, last_.BroadcastToLast(e, node));
      } else if (RankOf(e) == 4) {
        SLUICE_ASSIGN_OR_RETURN(e, last_.ToLast(e, node));
      }
      images.push_back(e);
    }
    return images;
  }

  absl::Status PushElementwise(const Node& node) {
    SLUICE_ASSIGN_OR_RETURN(auto images, Images(node, node.inputs.size()));
    return images ? last_.TurnAround(node.id, *std::move(images), node.attrs) : absl::OkStatus();
  }

  absl::Status PushConcat(const Node& node) {
    size_t count = node.inputs.size() - 1;
    const Tensor* axis = edit_.ConstantAt(node.inputs[count]);
    for (size_t i = 0; i < count; ++i) {
      if (RankOf(node.inputs[i]) != 4) return absl::OkStatus();
    }
    if (axis == nullptr || axis->num_elements() != 1 || axis->IntAt(0) < -4 || axis->IntAt(0) > 3) {
      return absl::OkStatus();
    }
    SLUICE_ASSIGN_OR_RETURN(auto images, Images(node, count));
    if (!images) return absl::OkStatus();
    SLUICE_ASSIGN_OR_RETURN(Tensor value, IntTensor({DimInLast(axis->IntAt(0))}, axis->dtype(), true));
    SLUICE_ASSIGN_OR_RETURN(Endpoint constant, edit_.AddConst(node, "channels_last/axis", std::move(value)));
    images->push_back(constant);
    return last_.TurnAround(node.id, *std::move(images), node.attrs);
  }

  absl::Status PushPad(const Node& node) {
    const Tensor* paddings = edit_.ConstantAt(node.inputs[1]);
    if (paddings == nullptr || paddings->num_elements() != 8) return absl::OkStatus();
    SLUICE_ASSIGN_OR_RETURN(Endpoint rows, last_.VectorToLast(node.inputs[1], node));
    return last_.TurnAround(node.id, {last_.Last(node.inputs[0]), rows}, node.attrs);
  }

  // Where dimension `axis` (may be negative) of NCHW is in NHWC.
  static int64_t DimInLast(int64_t axis) { return kToFirst[axis < 0 ? axis + 4 : axis]; }

  // Whether the dimensions that are left, in NCHW's order, are in NHWC's order as well.
  static bool KeepsOrder(const std::vector<bool>& removed) {
    int64_t before = -1;
    for (int axis = 0; axis < 4; ++axis) {
      if (removed[axis]) continue;
      if (DimInLast(axis) < before) return false;
      before = DimInLast(axis);
    }
    return true;
  }

  absl::Status PushReduction(const Node& node) {
    const Tensor* axes = edit_.ConstantAt(node.inputs[1]);
    if (!last_.HasLast(node.inputs[0]) || axes == nullptr) return absl::OkStatus();
    std::vector<int64_t> in_last;
    std::vector<bool> removed(4);
    for (int64_t i = 0; i < axes->num_elements(); ++i) {
      int64_t axis = axes->IntAt(i);
      if (axis < -4 || axis > 3) return absl::OkStatus();
      in_last.push_back(DimInLast(axis));
      removed[axis < 0 ? axis + 4 : axis] = true;
    }
    const AttrValue* keep = node.schema->AttrOrDefault(node.attrs, "keep_dims");
    bool keeps_dims = keep != nullptr && *keep == AttrValue(true);
    if (!keeps_dims && !KeepsOrder(removed)) return absl::OkStatus();
    SLUICE_ASSIGN_OR_RETURN(Tensor value, IntTensor(in_last, axes->dtype()));
    SLUICE_ASSIGN_OR_RETURN(Endpoint constant, edit_.AddConst(node, "channels_last/axes", std::move(value)));
    std::vector<Endpoint> inputs = {last_.Last(node.inputs[0]), constant};
    if (keeps_dims) return last_.TurnAround(node.id, std::move(inputs), node.attrs);
    edit_.SetInputs(node.id, std::move(inputs));
    return absl::OkStatus();
  }

  absl::Status PushSqueeze(const Node& node) {
    auto it = node.attrs.find("squeeze_dims");
    auto* list = it == node.attrs.end() ? nullptr : std::get_if<AttrList>(&it->second.value);
    if (list == nullptr || list->i.empty()) return absl::OkStatus();
    AttrMap attrs = node.attrs;
    AttrList in_last;
    std::vector<bool> removed(4);
    for (int64_t axis : list->i) {
      if (axis < -4 || axis > 3) return absl::OkStatus();
      in_last.i.push_back(DimInLast(axis));
      removed[axis < 0 ? axis + 4 : axis] = true;
    }
    if (!KeepsOrder(removed)) return absl::OkStatus();
    attrs.insert_or_assign("squeeze_dims", std::move(in_last));
    return edit_.Rewrite(node.id, "Squeeze", {last_.Last(node.inputs[0])}, std::move(attrs));
  }

  // The shape of NCHW from that of NHWC, so that nothing is transposed for its shape's sake.
  absl::Status PushShape(const Node& node) {
    SLUICE_ASSIGN_OR_RETURN(NodeId shape,
                            edit_.Add(node, "channels_last", "Shape", {last_.Last(node.inputs[0])}, node.attrs));
    SLUICE_ASSIGN_OR_RETURN(Endpoint permuted, last_.VectorToFirst({shape, 0}, node));
    // The node takes the place of the last one that was added.
    const Node& concat = graph_.node(permuted.node);
    return edit_.Rewrite(node.id, concat.op(), {concat.inputs.begin(), concat.inputs.end()}, concat.attrs);
  }

  absl::Status PushCount(const Node& node) {
    edit_.SetInput(node.id, 0, last_.Last(node.inputs[0]));
    return absl::OkStatus();
  }

  // The author's own way back.
  absl::Status CancelTranspose(const Node& node) {
    const Tensor* perm = edit_.ConstantAt(node.inputs[1]);
    if (perm == nullptr || perm->num_elements() != 4 || edit_.MustKeep(node.id) || !node.control_inputs.empty()) {
      return absl::OkStatus();
    }
    for (int i = 0; i < 4; ++i) {
      if (perm->IntAt(i) != kToLast[i]) return absl::OkStatus();
    }
    edit_.Bypass(node.id, last_.Last(node.inputs[0]));
    return absl::OkStatus();
  }

  absl::Status PushReshape(const Node& node) {
    if (!last_.HasLast(node.inputs[0])) return absl::OkStatus();
    PartialShape shape = last_.ShapeOf(node.inputs[0]);  // NCHW
    if (!shape.has_rank()) return absl::OkStatus();
    int64_t c = shape.dim(1), h = shape.dim(2), w = shape.dim(3);
    // One channel or one pixel: both orders are the same.
    if (c == 1 || (h == 1 && w == 1)) {
      edit_.SetInput(node.id, 0, last_.Last(node.inputs[0]));
      return absl::OkStatus();
    }
    return FlattenInLast(node, c, h, w);
  }

  // Flatten, then products with constants: the constants' rows are put into the other order.
  absl::Status FlattenInLast(const Node& node, int64_t c, int64_t h, int64_t w) {
    PartialShape flat = last_.ShapeOf({node.id, 0});
    if (c < 1 || h < 1 || w < 1 || !flat.has_rank() || flat.rank() != 2 || flat.dim(1) != c * h * w) {
      return absl::OkStatus();
    }
    std::vector<Consumers::Use> uses = edit_.UsesOf(node.id);
    if (edit_.MustKeep(node.id) || uses.empty()) return absl::OkStatus();
    for (const Consumers::Use& use : uses) {
      const Node& product = graph_.node(use.node);
      if (product.op() != "MatMul" || use.input != 0 || product.inputs[1] == product.inputs[0]) return absl::OkStatus();
      const Tensor* weights = edit_.ConstantAt(product.inputs[1]);
      const AttrValue* transpose_a = product.schema->AttrOrDefault(product.attrs, "transpose_a");
      if (weights == nullptr || weights->shape().rank() != 2 || !IsTrivial(weights->dtype()) ||
          !(*transpose_a == AttrValue(false)) || weights->dim(TransposesB(product) ? 1 : 0) != c * h * w) {
        return absl::OkStatus();
      }
    }
    for (const Consumers::Use& use : uses) {
      const Node& product = graph_.node(use.node);
      SLUICE_ASSIGN_OR_RETURN(Tensor permuted,
                              RowsInLast(*edit_.ConstantAt(product.inputs[1]), c, h * w, TransposesB(product)));
      SLUICE_ASSIGN_OR_RETURN(Endpoint constant, edit_.AddConst(product, "channels_last/weights", std::move(permuted)));
      edit_.SetInput(use.node, 1, constant);
    }
    edit_.SetInput(node.id, 0, last_.Last(node.inputs[0]));
    return absl::OkStatus();
  }

  static bool TransposesB(const Node& product) {
    return *product.schema->AttrOrDefault(product.attrs, "transpose_b") == AttrValue(true);
  }

  // Rows (columns, where `in_columns`) that count channel by channel, counted pixel by pixel.
  static absl::StatusOr<Tensor> RowsInLast(const Tensor& weights, int64_t channels, int64_t pixels, bool in_columns) {
    SLUICE_ASSIGN_OR_RETURN(Tensor out, Tensor::Create(weights.dtype(), weights.shape()));
    auto size = static_cast<int64_t>(DataTypeSize(weights.dtype()));
    // [outer, channels, pixels, inner] to [outer, pixels, channels, inner], in bytes.
    int64_t outer = in_columns ? weights.dim(0) : 1, inner = size * (in_columns ? 1 : weights.dim(1));
    auto* from = static_cast<const char*>(weights.raw());
    auto* to = static_cast<char*>(out.raw());
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t c = 0; c < channels; ++c, to += inner) {
          std::memcpy(to, from + ((o * channels + c) * pixels + p) * inner, inner);
        }
      }
    }
    return out;
  }

  Graph& graph_;
  GraphEditor edit_;
  const std::vector<std::vector<TensorInfo>> infos_;
  ChannelsLast last_;
};

absl::Status RunLayout(Graph& graph, const PassContext& context, bool push) {
  bool is_needed = false;
  for (NodeId id : graph.node_ids()) {
    const AttrMap& attrs = graph.node(id).attrs;
    auto format = attrs.find("data_format");
    is_needed |= format != attrs.end() && format->second == AttrValue("NCHW");
  }
  if (!is_needed) return absl::OkStatus();
  auto infos = PropagateShapes(graph);
  if (!infos.ok()) return absl::OkStatus();  // whoever compiles the graph reports it
  return LayoutPass(graph, context, *std::move(infos)).Run(push);
}

}  // namespace

absl::Status Layout(Graph& graph, const PassContext& context) { return RunLayout(graph, context, true); }

absl::Status UseChannelsLast(Graph& graph, const PassContext& context) { return RunLayout(graph, context, false); }

}  // namespace sluice
