#include "runtime/plan_book.h"

#include <optional>

#include "core/allocator.h"
#include "graph/fingerprint.h"
#include "io/coding.h"

namespace sluice {
namespace {

std::string KeyOf(const Graph& graph) {
  StableHash hash;
  hash.Add(Fingerprint(graph));
  return absl::StrCat("order ", hash.ToString());
}

std::string KeyOf(absl::Span<const Lifetime> lifetimes) {
  StableHash hash;
  for (const Lifetime& lifetime : lifetimes) {
    hash.Add(lifetime.bytes);
    hash.Add(static_cast<uint64_t>(lifetime.begin));
    hash.Add(static_cast<uint64_t>(lifetime.end));
  }
  return absl::StrCat("memory ", hash.ToString());
}

// Node names, each with its length in front.
std::string Encode(const Graph& graph, const std::vector<NodeId>& order) {
  std::string text;
  for (NodeId id : order) {
    const std::string& name = graph.node(id).name;
    AppendVarint(name.size(), text);
    text += name;
  }
  return text;
}

// nullopt where the text is not an order of all nodes, producers first.
std::optional<std::vector<NodeId>> DecodeOrder(const Graph& graph, absl::string_view text) {
  std::vector<NodeId> order;
  std::vector<bool> is_done(graph.id_limit(), false);
  while (!text.empty()) {
    uint64_t size = 0;
    if (!ConsumeVarint(text, size) || size > text.size()) return std::nullopt;
    const Node* node = graph.Find(text.substr(0, size));
    text.remove_prefix(size);
    if (node == nullptr || is_done[node->id]) return std::nullopt;
    for (Endpoint e : node->inputs) {
      if (!is_done[e.node]) return std::nullopt;
    }
    for (NodeId c : node->control_inputs) {
      if (!is_done[c]) return std::nullopt;
    }
    is_done[node->id] = true;
    order.push_back(node->id);
  }
  if (static_cast<int>(order.size()) != graph.num_nodes()) return std::nullopt;
  return order;
}

// The size of the arena and every offset, in units of the tensors' alignment.
std::string Encode(const MemoryPlan& plan) {
  std::string text;
  AppendVarint(plan.total_bytes / kTensorAlignment, text);
  for (size_t offset : plan.offsets) AppendVarint(offset / kTensorAlignment, text);
  return text;
}

std::optional<MemoryPlan> DecodeMemory(absl::Span<const Lifetime> lifetimes, absl::string_view text) {
  constexpr uint64_t kMost = (uint64_t{1} << 48) / kTensorAlignment;
  MemoryPlan plan;
  uint64_t units = 0;
  if (!ConsumeVarint(text, units) || units > kMost) return std::nullopt;
  plan.total_bytes = units * kTensorAlignment;
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    if (!ConsumeVarint(text, units) || units > kMost) return std::nullopt;
    plan.offsets.push_back(units * kTensorAlignment);
  }
  if (!text.empty() || !IsMemoryPlan(lifetimes, plan)) return std::nullopt;
  return plan;
}

}  // namespace

void PlanBook::Record() {
  std::lock_guard lock(mutex_);
  records_ = true;
}

const std::string* PlanBook::Find(const std::string& key) const {
  auto found = loaded_.find(key);
  return found == loaded_.end() ? nullptr : &found->second;
}

void PlanBook::Order(const Graph& graph, std::vector<NodeId>& order) {
  std::lock_guard lock(mutex_);
  if (!records_ && loaded_.empty()) return;
  const std::string key = KeyOf(graph);
  if (const std::string* text = Find(key)) {
    if (auto loaded = DecodeOrder(graph, *text)) {
      order = *std::move(loaded);
      ++used_;
    }
  }
  if (records_) made_[key] = Encode(graph, order);
}

MemoryPlan PlanBook::Memory(absl::Span<const Lifetime> lifetimes) {
  if (lifetimes.empty()) return {};
  std::lock_guard lock(mutex_);
  if (!records_ && loaded_.empty()) return PlanMemory(lifetimes);
  const std::string key = KeyOf(lifetimes);
  std::optional<MemoryPlan> plan;
  if (const std::string* text = Find(key)) plan = DecodeMemory(lifetimes, *text);
  if (plan) {
    ++used_;
  } else {
    plan = PlanMemory(lifetimes);
  }
  if (records_) made_[key] = Encode(*plan);
  return *std::move(plan);
}

std::vector<std::pair<std::string, std::string>> PlanBook::Save() const {
  std::lock_guard lock(mutex_);
  std::map<std::string, std::string> all = loaded_;
  for (const auto& [key, page] : made_) all[key] = page;
  return {all.begin(), all.end()};
}

void PlanBook::Load(const std::vector<std::pair<std::string, std::string>>& pages) {
  std::lock_guard lock(mutex_);
  for (const auto& [key, page] : pages) loaded_[key] = page;
}

int PlanBook::num_used() const {
  std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace sluice
