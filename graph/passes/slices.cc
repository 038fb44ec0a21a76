// A concat of channels takes the convolutions that feed it alone, so that these can write where the concat has their slices.
#include "graph/passes/graph_editor.h"
#include "ops/concat_conv.h"

namespace sluice {
namespace {

constexpr int kChannels = 3;  // the dimension

class Slicer {
 public:
  Slicer(Graph& graph, const PassContext& context) : graph_(graph), edit_(graph, context) {}

  absl::Status Run() {
    // Consumers first: a concat of concats takes whole ones.
    std::vector<NodeId> order = TopologicalOrder(graph_);
    for (auto id = order.rbegin(); id != order.rend(); ++id) {
      const Node& node = graph_.node(*id);
      if (node.op() == "ConcatV2" && IsOfChannels(node)) SLUICE_RETURN_IF_ERROR(Take(node));
    }
    return edit_.Finish();
  }

 private:
  bool IsOfChannels(const Node& concat) const {
    const Tensor* axis = edit_.ConstantAt(concat.inputs.back());
    if (axis == nullptr || axis->num_elements() != 1) return false;
    const int64_t value = axis->dtype() == DataType::kInt32 ? axis->data<int32_t>()[0] : axis->data<int64_t>()[0];
    return value == kChannels || value == -1;  // for the latter the rank is that of the convolution
  }

  // The branch of value `e`.
  ConcatBranch BranchOf(const Node& concat, Endpoint e) const {
    ConcatBranch branch;
    const Node& from = graph_.node(e.node);
    const bool is_fused = from.op() == "_FusedConv2D";
    if (!is_fused && from.op() != "Conv2D") return branch;
    if (edit_.CountUses(e) != 1 || edit_.HasControlUses(from.id) || edit_.MustKeep(from.id) ||
        !from.control_inputs.empty() || from.assigned_device != concat.assigned_device) {
      return branch;
    }
    if (is_fused) {
      auto attrs = ParseAttrs<FusedConv2DAttrs>(from.attrs);
      if (!attrs.ok()) return branch;
      branch.conv = *std::move(attrs);
    } else {
      auto attrs = ParseAttrs<Conv2DAttrs>(from.attrs);
      if (!attrs.ok()) return branch;
      branch.conv = {.T = attrs->T,
                     .num_args = 0,
                     .strides = attrs->strides,
                     .padding = attrs->padding,
                     .explicit_paddings = attrs->explicit_paddings,
                     .data_format = attrs->data_format,
                     .dilations = attrs->dilations,
                     .fused_ops = {}};
    }
    // A convolution with a shortcut stays: what is added to it has the layout of a whole tensor.
    auto epilogue = ParseFusedOps(branch.conv.fused_ops, branch.conv.num_args);
    if (epilogue.ok() && branch.conv.data_format == "NHWC") branch.num_inputs = static_cast<int>(from.inputs.size());
    return branch;
  }

  absl::Status Take(const Node& concat) {
    ConcatConv2DAttrs attrs;
    attrs.T = concat.output_types[0];
    if (!edit_.PaysOnDeviceOf(concat, "_ConcatConv2D", {{"T", attrs.T}})) return absl::OkStatus();
    std::vector<Endpoint> inputs;
    bool has_convolution = false;
    for (size_t i = 0; i + 1 < concat.inputs.size(); ++i) {
      const Endpoint e = concat.inputs[i];
      const ConcatBranch branch = BranchOf(concat, e);
      AddConcatBranch(branch, attrs);
      has_convolution |= branch.is_convolution();
      if (branch.is_convolution()) {
        const Node& from = graph_.node(e.node);
        inputs.insert(inputs.end(), from.inputs.begin(), from.inputs.end());
      } else {
        inputs.push_back(e);
      }
    }
    if (!has_convolution) return absl::OkStatus();
    return edit_.Rewrite(concat.id, "_ConcatConv2D", std::move(inputs), ToAttrMap(attrs));
  }

  Graph& graph_;
  GraphEditor edit_;
};

}  // namespace

absl::Status ConcatInPlace(Graph& graph, const PassContext& context) { return Slicer(graph, context).Run(); }

}  // namespace sluice
