#include "graph/fingerprint.h"

#include <bit>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

constexpr size_t kMostConstantBytes = 1024;

class Hasher {
 public:
  void Add(const Node& node) {
    hash_.Add(absl::string_view(node.name));
    hash_.Add(absl::string_view(node.op()));
    hash_.Add(absl::string_view(node.device));
    hash_.Add(Number(node.assigned_device));
    for (Endpoint e : node.inputs) {
      hash_.Add(Number(e.node));
      hash_.Add(Number(e.index));
    }
    hash_.Add(Number(-1));
    for (NodeId c : node.control_inputs) hash_.Add(Number(c));
    hash_.Add(node.attrs.size());
    for (const auto& [name, value] : node.attrs) {
      hash_.Add(absl::string_view(name));
      AddAttr(value);
    }
  }
  uint64_t value() const { return hash_.value(); }

 private:
  static uint64_t Number(int64_t n) { return static_cast<uint64_t>(n); }

  void AddAttr(const AttrValue& value) {
    hash_.Add(value.value.index());
    std::visit([&](const auto& held) { AddValue(held); }, value.value);
  }

  void AddValue(const std::monostate&) {}
  void AddValue(const std::string& text) { hash_.Add(absl::string_view(text)); }
  void AddValue(int64_t number) { hash_.Add(Number(number)); }
  void AddValue(float number) { hash_.Add(std::bit_cast<uint32_t>(number)); }
  void AddValue(bool flag) { hash_.Add(Number(flag ? 1 : 0)); }
  void AddValue(DataType dtype) { hash_.Add(Number(static_cast<int64_t>(dtype))); }
  void AddValue(const PartialShape& shape) { hash_.Add(absl::string_view(shape.ToString())); }
  void AddValue(const Tensor& tensor) {
    AddValue(tensor.dtype());
    hash_.Add(absl::string_view(tensor.shape().ToString()));
    if (IsTrivial(tensor.dtype()) && tensor.bytes() <= kMostConstantBytes) hash_.Add(tensor.raw(), tensor.bytes());
  }
  void AddValue(const AttrList& list) {
    AddAll(list.s);
    AddAll(list.i);
    AddAll(list.f);
    AddAll(list.b);
    AddAll(list.type);
    AddAll(list.shape);
    AddAll(list.tensor);
    AddAll(list.func);
  }
  void AddValue(const FunctionRef& function) {
    hash_.Add(absl::string_view(function.name));
    if (function.attrs == nullptr) return;
    for (const auto& [name, value] : *function.attrs) {
      hash_.Add(absl::string_view(name));
      AddAttr(value);
    }
  }
  void AddValue(const AttrPlaceholder& placeholder) { hash_.Add(absl::string_view(placeholder.name)); }

  template <class T>
  void AddAll(const std::vector<T>& values) {
    hash_.Add(values.size());
    for (size_t i = 0; i < values.size(); ++i) AddValue(T(values[i]));
  }

  StableHash hash_;
};

}  // namespace

std::string StableHash::ToString() const { return absl::StrCat(absl::Hex(value_, absl::kZeroPad16)); }

uint64_t Fingerprint(const Graph& graph) {
  Hasher hasher;
  for (NodeId id : graph.node_ids()) hasher.Add(graph.node(id));
  return hasher.value();
}

}  // namespace sluice
