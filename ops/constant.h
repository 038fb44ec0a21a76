// Ops that bring a tensor into the graph or pass it on: Const, Placeholder, Identity and their kin.
#pragma once

#include "core/attrs.h"

namespace sluice {

struct ConstAttrs {
  Tensor value;
  DataType dtype = DataType::kInvalid;
  bool operator==(const ConstAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("value", value);
    v.Required("dtype", dtype);
  }
};

struct PlaceholderAttrs {
  DataType dtype = DataType::kInvalid;
  PartialShape shape;
  bool operator==(const PlaceholderAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("dtype", dtype);
    v.Optional("shape", shape);
  }
};

struct PlaceholderWithDefaultAttrs {
  DataType dtype = DataType::kInvalid;
  PartialShape shape;
  bool operator==(const PlaceholderWithDefaultAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("dtype", dtype);
    v.Required("shape", shape);
  }
};

// Identity, StopGradient.
struct IdentityAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const IdentityAttrs&) const = default;
  void Visit(auto& v) { v.Required("T", T); }
};

struct IdentityNAttrs {
  std::vector<DataType> T;
  bool operator==(const IdentityNAttrs&) const = default;
  void Visit(auto& v) { v.Required("T", T, AtLeast(1)); }
};

}  // namespace sluice
