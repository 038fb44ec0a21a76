#include "graph/passes/channels_last.h"

#include <algorithm>

namespace sluice {
namespace {

Tensor PermTensor(const int (&perm)[4]) { return Tensor::Vector<int32_t>({perm[0], perm[1], perm[2], perm[3]}); }

}  // namespace

PartialShape ChannelsLast::ShapeOf(Endpoint e) const {
  if (auto it = stands_for_.find(e); it != stands_for_.end()) e = it->second;
  bool known = e.node < static_cast<NodeId>(infos_.size()) && e.index < static_cast<int>(infos_[e.node].size());
  return known ? infos_[e.node][e.index].shape : PartialShape();
}

bool ChannelsLast::HasLast(Endpoint e) const {
  const Node& node = edit_.node(e.node);
  if (node.op() != "Transpose") return false;
  const Tensor* perm = edit_.ConstantAt(node.inputs[1]);
  if (perm == nullptr || perm->num_elements() != 4) return false;
  for (int i = 0; i < 4; ++i) {
    if (perm->IntAt(i) != kToFirst[i]) return false;
  }
  return true;
}

absl::StatusOr<Endpoint> ChannelsLast::ToLast(Endpoint e, const Node& user) {
  if (HasLast(e)) return Last(e);
  if (auto it = in_last_.find(e); it != in_last_.end()) return it->second;
  SLUICE_ASSIGN_OR_RETURN(Endpoint last, AddTranspose(e, kToLast, user, "channels_last_input"));
  in_last_[e] = last;
  const Tensor* constant = edit_.ConstantAt(e);
  if (constant == nullptr || cpu_kernels_ == nullptr) return last;
  auto value = Transposed(*constant, edit_.node(last.node));
  if (!value.ok()) return last;
  AttrMap attrs;
  attrs.emplace("dtype", value->dtype());
  attrs.emplace("value", *std::move(value));
  SLUICE_RETURN_IF_ERROR(edit_.Rewrite(last.node, "Const", {}, std::move(attrs)));
  return last;
}

absl::StatusOr<Tensor> ChannelsLast::Transposed(const Tensor& t, const Node& transpose) const {
  std::vector<Tensor> inputs = {t, PermTensor(kToLast)};
  Dims dims;
  for (int d : kToLast) dims.push_back(t.shape().dim(d));
  SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> outputs, EvaluateNode(transpose, inputs, {Shape(dims)}, *cpu_kernels_));
  return outputs[0];
}

absl::StatusOr<Endpoint> ChannelsLast::AddTranspose(Endpoint e, const int (&perm)[4], const Node& like,
                                                    absl::string_view suffix) {
  SLUICE_ASSIGN_OR_RETURN(Endpoint perm_const, edit_.AddConst(like, absl::StrCat(suffix, "/perm"), PermTensor(perm)));
  AttrMap attrs;
  attrs.emplace("T", edit_.graph().dtype(e));
  SLUICE_ASSIGN_OR_RETURN(NodeId id, edit_.Add(like, suffix, "Transpose", {e, perm_const}, std::move(attrs)));
  return Endpoint{id, 0};
}

absl::StatusOr<Endpoint> ChannelsLast::Permute(Endpoint e, const int (&order)[4], const Node& user) {
  DataType dtype = edit_.graph().dtype(e);
  if (const Tensor* constant = edit_.ConstantAt(e)) {
    // Rows of a [4, n] matrix too (paddings).
    int64_t each = constant->num_elements() / 4;
    std::vector<int64_t> values;
    for (int d : order) {
      for (int64_t k = 0; k < each; ++k) values.push_back(constant->IntAt(d * each + k));
    }
    SLUICE_ASSIGN_OR_RETURN(Tensor permuted, IntTensor(values, dtype));
    return edit_.AddConst(user, "channels_last_vector", permuted.Reshaped(constant->shape()));
  }
  std::vector<Endpoint> parts;
  for (int begin = 0; begin < 4;) {
    int end = begin + 1;
    while (end < 4 && order[end] == order[end - 1] + 1) ++end;
    SLUICE_ASSIGN_OR_RETURN(Endpoint from, edit_.AddConst(user, "begin", Tensor::Vector<int32_t>({order[begin]})));
    SLUICE_ASSIGN_OR_RETURN(Endpoint size, edit_.AddConst(user, "size", Tensor::Vector<int32_t>({end - begin})));
    AttrMap attrs;
    attrs.emplace("T", dtype);
    attrs.emplace("Index", DataType::kInt32);
    SLUICE_ASSIGN_OR_RETURN(NodeId slice, edit_.Add(user, "dims", "Slice", {e, from, size}, std::move(attrs)));
    parts.push_back({slice, 0});
    begin = end;
  }
  AttrMap attrs;
  attrs.emplace("N", static_cast<int64_t>(parts.size()));
  attrs.emplace("T", dtype);
  SLUICE_ASSIGN_OR_RETURN(Endpoint axis, edit_.AddConst(user, "axis", Tensor::Scalar<int32_t>(0)));
  parts.push_back(axis);
  SLUICE_ASSIGN_OR_RETURN(NodeId id, edit_.Add(user, "permuted_dims", "ConcatV2", std::move(parts), std::move(attrs)));
  return Endpoint{id, 0};
}

absl::StatusOr<Endpoint> ChannelsLast::BroadcastToLast(Endpoint e, const Node& user) {
  const Tensor* constant = edit_.ConstantAt(e);
  SLUICE_CHECK(constant != nullptr && constant->shape().rank() <= 4);
  int rank = constant->shape().rank();
  if (rank == 0) return e;
  if (rank == 4) return ToLast(e, user);
  Dims dims(4 - rank, 1);
  dims.insert(dims.end(), constant->shape().dims().begin(), constant->shape().dims().end());
  SLUICE_ASSIGN_OR_RETURN(Endpoint whole,
                          edit_.AddConst(user, "channels_last_operand", constant->Reshaped(Shape(dims))));
  return ToLast(whole, user);
}

absl::Status ChannelsLast::TurnAround(NodeId id, std::vector<Endpoint> inputs, AttrMap attrs) {
  const Node& node = edit_.node(id);
  DataType dtype = node.output_types[0];
  SLUICE_ASSIGN_OR_RETURN(NodeId worker,
                          edit_.Add(node, "channels_last", node.op(), std::move(inputs), std::move(attrs)));
  edit_.CopyControlInputs(id, worker);
  if (node.output_types.size() > 1) return PassOutputs(id, worker);
  SLUICE_ASSIGN_OR_RETURN(Endpoint perm, edit_.AddConst(node, "channels_first/perm", PermTensor(kToFirst)));
  AttrMap transpose;
  transpose.emplace("T", dtype);
  return edit_.Rewrite(id, "Transpose", {{worker, 0}, perm}, std::move(transpose));
}

absl::Status ChannelsLast::PassOutputs(NodeId id, NodeId worker) {
  const std::vector<DataType> types(edit_.node(id).output_types.begin(), edit_.node(id).output_types.end());
  SLUICE_ASSIGN_OR_RETURN(Endpoint first, AddTranspose({worker, 0}, kToFirst, edit_.node(id), "channels_first"));
  stands_for_[first] = {id, 0};
  std::vector<Endpoint> outputs = {first};
  for (int i = 1; i < static_cast<int>(types.size()); ++i) outputs.push_back({worker, i});
  for (int i = 0; i < static_cast<int>(types.size()); ++i) edit_.ReplaceUses({id, i}, outputs[i]);
  AttrMap attrs;
  AttrList list;
  list.type = types;
  attrs.emplace("T", std::move(list));
  return edit_.Rewrite(id, "IdentityN", std::move(outputs), std::move(attrs));
}

}  // namespace sluice
