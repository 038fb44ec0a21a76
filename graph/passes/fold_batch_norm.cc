// Batch normalisation with constant statistics behind a convolution with a constant filter: both are linear, so the filter
// and a bias take it over.
#include <cmath>
#include <optional>

#include "absl/strings/match.h"

#include "graph/passes/graph_editor.h"
#include "ops/batch_norm.h"

namespace sluice {
namespace {

// y = x * factor + offset for each channel.
struct Affine {
  std::vector<double> factor, offset;
};

class NormFolder {
 public:
  NormFolder(Graph& graph, const PassContext& context) : graph_(graph), context_(context), edit_(graph, context) {}

  absl::Status Run() {
    for (NodeId id : TopologicalOrder(graph_)) {
      if (absl::StartsWith(graph_.node(id).op(), "FusedBatchNorm")) SLUICE_RETURN_IF_ERROR(Fold(graph_.node(id)));
    }
    return edit_.Finish();
  }

 private:
  absl::Status Fold(const Node& norm) {
    std::optional<Affine> affine = AffineOf(norm);
    if (!affine || !HasOneResult(norm)) return absl::OkStatus();
    const Node* product = OnlyProducer(norm);
    if (product != nullptr && product->op() == "BiasAdd") {
      const Tensor* bias = Constant(product->inputs[1], affine->factor.size());
      if (bias == nullptr || FormatOf(*product) != FormatOf(norm)) return absl::OkStatus();
      for (size_t c = 0; c < affine->factor.size(); ++c)
        affine->offset[c] += affine->factor[c] * bias->data<float>()[c];
      product = OnlyProducer(*product);
    }
    if (product == nullptr || (product->op() != "Conv2D" && product->op() != "DepthwiseConv2dNative")) {
      return absl::OkStatus();
    }
    const Tensor* filter = edit_.ConstantAt(product->inputs[1]);
    if (filter == nullptr || filter->dtype() != DataType::kFloat || filter->shape().rank() != 4 ||
        FormatOf(*product) != FormatOf(norm)) {
      return absl::OkStatus();
    }
    const int64_t channels = product->op() == "Conv2D" ? filter->dim(3) : filter->dim(2) * filter->dim(3);
    if (channels != static_cast<int64_t>(affine->factor.size())) return absl::OkStatus();
    return Replace(norm, *product, *filter, *affine);
  }

  static std::string FormatOf(const Node& node) {
    const AttrValue* format = node.schema->AttrOrDefault(node.attrs, "data_format");
    auto* text = format == nullptr ? nullptr : std::get_if<std::string>(&format->value);
    return text == nullptr ? "" : *text;
  }

  // A constant float vector of n elements.
  const Tensor* Constant(Endpoint e, size_t n) const {
    const Tensor* value = edit_.ConstantAt(e);
    bool fits = value != nullptr && value->dtype() == DataType::kFloat && value->shape().rank() == 1 &&
                value->num_elements() == static_cast<int64_t>(n);
    return fits ? value : nullptr;
  }

  std::optional<Affine> AffineOf(const Node& norm) const {
    const AttrValue* is_training = norm.schema->AttrOrDefault(norm.attrs, "is_training");
    const AttrValue* epsilon = norm.schema->AttrOrDefault(norm.attrs, "epsilon");
    auto* e = epsilon == nullptr ? nullptr : std::get_if<float>(&epsilon->value);
    if (norm.inputs.size() != 5 || norm.output_types[0] != DataType::kFloat || is_training == nullptr ||
        !(*is_training == AttrValue(false)) || e == nullptr) {
      return std::nullopt;  // gradients too
    }
    const Tensor* scale = edit_.ConstantAt(norm.inputs[1]);
    if (scale == nullptr) return std::nullopt;
    const Tensor* vectors[4];
    for (int i = 0; i < 4; ++i) {
      vectors[i] = Constant(norm.inputs[i + 1], static_cast<size_t>(scale->num_elements()));
      if (vectors[i] == nullptr) return std::nullopt;
    }
    Affine affine;
    for (int64_t c = 0; c < scale->num_elements(); ++c) {
      auto at = [&](int i) { return static_cast<double>(vectors[i]->data<float>()[c]); };
      affine.factor.push_back(at(0) / std::sqrt(at(3) + *e));
      affine.offset.push_back(at(1) - at(2) * affine.factor.back());
    }
    return affine;
  }

  bool HasOneResult(const Node& norm) const {
    for (int i = 1; i < static_cast<int>(norm.output_types.size()); ++i) {
      if (edit_.CountUses({norm.id, i}) > 0 || context_.fetched.contains(Endpoint{norm.id, i})) return false;
    }
    return true;
  }

  // The node that makes input 0, if nothing else needs what it makes.
  const Node* OnlyProducer(const Node& node) const {
    const Node& from = graph_.node(node.inputs[0].node);
    bool only = edit_.CountUses(node.inputs[0]) == 1 && !edit_.MustKeep(from.id) && from.output_types.size() == 1 &&
                from.device == node.device;
    return only ? &from : nullptr;
  }

  absl::Status Replace(const Node& norm, const Node& product, const Tensor& filter, const Affine& affine) {
    const int64_t channels = static_cast<int64_t>(affine.factor.size());
    SLUICE_ASSIGN_OR_RETURN(Tensor scaled, Tensor::Create(DataType::kFloat, filter.shape()));
    for (int64_t i = 0; i < filter.num_elements(); ++i) {
      scaled.data<float>()[i] = static_cast<float>(filter.data<float>()[i] * affine.factor[i % channels]);
    }
    SLUICE_ASSIGN_OR_RETURN(Tensor bias, Tensor::Create(DataType::kFloat, Shape{channels}));
    for (int64_t c = 0; c < channels; ++c) bias.data<float>()[c] = static_cast<float>(affine.offset[c]);

    AttrMap attrs;
    attrs.emplace("T", DataType::kFloat);
    attrs.emplace("data_format", FormatOf(norm));
    const NodeId norm_id = norm.id, product_id = product.id;
    SLUICE_ASSIGN_OR_RETURN(Endpoint new_filter, edit_.AddConst(graph_.node(product_id), "folded", std::move(scaled)));
    SLUICE_ASSIGN_OR_RETURN(Endpoint new_bias, edit_.AddConst(graph_.node(norm_id), "folded", std::move(bias)));
    edit_.SetInput(product_id, 1, new_filter);
    return edit_.Rewrite(norm_id, "BiasAdd", {{product_id, 0}, new_bias}, std::move(attrs));
  }

  Graph& graph_;
  const PassContext& context_;
  GraphEditor edit_;
};

}  // namespace

absl::Status FoldBatchNorm(Graph& graph, const PassContext& context) {
  if (graph.ops().Find("BiasAdd") == nullptr || graph.ops().Find("Const") == nullptr) return absl::OkStatus();
  return NormFolder(graph, context).Run();
}

}  // namespace sluice
