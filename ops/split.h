// A tensor cut along one dimension: Split, SplitV.
#pragma once

#include "core/attrs.h"

namespace sluice {

struct SplitAttrs {
  int64_t num_split = 0;
  DataType T = DataType::kInvalid;
  bool operator==(const SplitAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("num_split", num_split, AtLeast(1));
    v.Required("T", T);
  }
};

struct SplitVAttrs {
  int64_t num_split = 0;
  DataType T = DataType::kInvalid;
  DataType Tlen = DataType::kInt64;
  bool operator==(const SplitVAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("num_split", num_split, AtLeast(1));
    v.Required("T", T);
    v.Optional("Tlen", Tlen, OneOf({DataType::kInt8, DataType::kInt32, DataType::kInt64}));
  }
};

}  // namespace sluice
