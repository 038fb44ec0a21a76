// Convolution or matrix product + bias + shortcut + activation become one op, which touches the result once.
#include <optional>

#include "graph/passes/batch_source.h"
#include "graph/passes/graph_editor.h"
#include "graph/propagate.h"

namespace sluice {
namespace {

// A chain that ends in the node that will be the fused op.
struct Chain {
  const Node* product = nullptr;  // Conv2D, DepthwiseConv2dNative or MatMul
  Endpoint bias;                  // node < 0: none
  Endpoint residual;              // likewise
  std::string activation;         // Relu, Relu6 or none
};

class Fuser {
 public:
  Fuser(Graph& graph, const PassContext& context) : graph_(graph), edit_(graph, context) {}

  absl::Status Run() {
    auto infos = PropagateShapes(graph_);
    if (!infos.ok()) return absl::OkStatus();  // whoever compiles the graph reports it
    infos_ = *std::move(infos);
    batch_sources_ = FindBatchSources(graph_, infos_);
    // Consumers first, so that a chain is taken as a whole.
    std::vector<NodeId> order = TopologicalOrder(graph_);
    for (auto id = order.rbegin(); id != order.rend(); ++id) {
      if (!edit_.HasUses(*id) && !edit_.HasControlUses(*id) && !edit_.MustKeep(*id)) continue;  // fused already
      if (auto chain = FindChain(graph_.node(*id))) SLUICE_RETURN_IF_ERROR(Replace(*id, *chain));
    }
    return edit_.Finish();
  }

 private:
  // The node that makes the node's input, if nothing else needs what it makes.
  const Node* OnlyProducer(const Node& node, int input) const {
    Endpoint e = node.inputs[input];
    const Node& from = graph_.node(e.node);
    bool only = edit_.CountUses(e) == 1 && !edit_.HasControlUses(from.id) && !edit_.MustKeep(from.id) &&
                from.control_inputs.empty() && from.device == node.device;
    return only ? &from : nullptr;
  }

  static bool IsConvolution(const Node& node) { return node.op() != "MatMul"; }

  bool IsFusible(const Node& node) const {
    if (FusedSchema(node) == nullptr) return false;
    const DataType type = node.output_types[0];
    const bool is_short = type == DataType::kHalf || type == DataType::kBfloat16;  // for convolutions alone
    if (type != DataType::kFloat && type != DataType::kDouble && !(is_short && IsConvolution(node))) return false;
    return IsChannelsLast(node);
  }

  static bool IsChannelsLast(const Node& node) {
    const AttrValue* format = node.schema->AttrOrDefault(node.attrs, "data_format");
    return format == nullptr || *format == AttrValue("NHWC");
  }

  const OpSchema* FusedSchema(const Node& product) const {
    const std::string& op = product.op();
    bool is_known = op == "MatMul" || op == "Conv2D" || op == "DepthwiseConv2dNative";
    return is_known ? edit_.Schema("_Fused" + op) : nullptr;
  }

  static bool IsAdd(const Node& node) { return node.op() == "AddV2" || node.op() == "Add"; }

  std::optional<Chain> FindChain(const Node& last) const {
    if (!last.control_inputs.empty()) return std::nullopt;
    std::string activation;
    const Node* at = &last;
    if (at->op() == "Relu" || at->op() == "Relu6") {
      activation = at->op();
      at = OnlyProducer(*at, 0);
      if (at == nullptr) return std::nullopt;
    }
    std::optional<Chain> chain = FindBiased(*at);
    if (!chain && IsAdd(*at)) chain = FindResidual(*at);
    if (!chain || chain->product == &last) return std::nullopt;  // nothing behind the product
    chain->activation = activation;
    return chain;
  }

  // A product with or without a bias.
  std::optional<Chain> FindBiased(const Node& at) const {
    Chain chain;
    if (at.op() == "BiasAdd") {
      if (!IsChannelsLast(at)) return std::nullopt;
      chain.product = OnlyProducer(at, 0);
      chain.bias = at.inputs[1];
    } else if (IsAdd(at)) {
      for (int side : {0, 1}) {
        const Node* product = OnlyProducer(at, side);
        if (product == nullptr || !IsFusible(*product) || !IsBias(at.inputs[1 - side], *product)) continue;
        chain.product = product;
        chain.bias = at.inputs[1 - side];
        break;
      }
    } else {
      chain.product = &at;
    }
    if (chain.product == nullptr || !IsFusible(*chain.product)) return std::nullopt;
    return chain;
  }

  // A convolution and a tensor of its shape. Where both sides are convolutions the first is taken.
  std::optional<Chain> FindResidual(const Node& add) const {
    for (int side : {0, 1}) {
      const Node* biased = OnlyProducer(add, side);
      if (biased == nullptr) continue;
      std::optional<Chain> chain = FindBiased(*biased);
      if (!chain || !IsConvolution(*chain->product)) continue;
      chain->residual = add.inputs[1 - side];
      if (HaveSameShape(infos_, batch_sources_, chain->residual, {chain->product->id, 0})) return chain;
    }
    return std::nullopt;
  }

  // A vector with one element for each column of the product.
  bool IsBias(Endpoint e, const Node& product) const {
    const PartialShape& shape = infos_[e.node][e.index].shape;
    const PartialShape& out = infos_[product.id][0].shape;
    if (!shape.has_rank() || shape.rank() != 1 || !out.has_rank() || out.rank() == 0) return false;
    int64_t columns = out.dim(out.rank() - 1);
    return columns != PartialShape::kUnknown && shape.dim(0) == columns;
  }

  absl::Status Replace(NodeId id, const Chain& chain) {
    const Node& product = *chain.product;
    std::vector<Endpoint> inputs(product.inputs.begin(), product.inputs.end());
    std::vector<std::string> fused_ops;
    if (chain.bias.node >= 0) {
      inputs.push_back(chain.bias);
      fused_ops.emplace_back("BiasAdd");
    }
    if (chain.residual.node >= 0) {
      inputs.push_back(chain.residual);
      fused_ops.emplace_back("Add");
    }
    if (!chain.activation.empty()) fused_ops.push_back(chain.activation);
    // The fused op has the product's attributes but for notes that only gradients read.
    AttrMap attrs;
    for (const AttrSpec& spec : FusedSchema(product)->attrs) {
      if (auto it = product.attrs.find(spec.name); it != product.attrs.end()) attrs.insert(*it);
    }
    attrs.insert_or_assign("num_args", static_cast<int64_t>(inputs.size() - product.inputs.size()));
    AttrList ops;
    ops.s = std::move(fused_ops);
    attrs.insert_or_assign("fused_ops", std::move(ops));
    return edit_.Rewrite(id, FusedSchema(product)->name, std::move(inputs), std::move(attrs));
  }

  Graph& graph_;
  GraphEditor edit_;
  std::vector<std::vector<TensorInfo>> infos_;
  BatchSources batch_sources_;
};

}  // namespace

absl::Status Fuse(Graph& graph, const PassContext& context) { return Fuser(graph, context).Run(); }

}  // namespace sluice
