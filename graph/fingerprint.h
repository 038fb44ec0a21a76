// A number for what a graph is, the same in every process.
#pragma once

#include <cstdint>
#include <string>

#include "graph/graph.h"

namespace sluice {

// Of names, ops, attributes, edges and devices, in the order of the nodes. Constants of more than 1 KiB count by type and
// shape alone, so that a network has one fingerprint whatever its weights.
uint64_t Fingerprint(const Graph& graph);

// FNV-1a over 64 bits (G. Fowler, L. C. Noll, K.-P. Vo).
class StableHash {
 public:
  void Add(const void* data, size_t bytes) {
    const auto* p = static_cast<const unsigned char*>(data);
    for (size_t i = 0; i < bytes; ++i) value_ = (value_ ^ p[i]) * 1099511628211ULL;
  }
  void Add(uint64_t number) { Add(&number, sizeof number); }
  void Add(absl::string_view text) {
    Add(text.size());
    Add(text.data(), text.size());
  }
  uint64_t value() const { return value_; }
  // Sixteen hexadecimal digits.
  std::string ToString() const;

 private:
  uint64_t value_ = 1469598103934665603ULL;
};

}  // namespace sluice
