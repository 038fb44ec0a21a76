// The largest elements of a row, and whether a class is among them.
#pragma once

#include "core/attrs.h"

namespace sluice {

struct TopKAttrs {
  bool sorted = true;  // our kernel always sorts
  DataType T = DataType::kInvalid;
  DataType Tk = DataType::kInt32;
  DataType index_type = DataType::kInt32;
  bool operator==(const TopKAttrs&) const = default;
  void Visit(auto& v) {
    v.Optional("sorted", sorted);
    v.Required("T", T,
               OneOf({DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kUint8, DataType::kInt16,
                      DataType::kInt8, DataType::kInt64, DataType::kBfloat16, DataType::kUint16, DataType::kHalf,
                      DataType::kUint32, DataType::kUint64}));
    v.Optional("Tk", Tk, OneOf({DataType::kInt16, DataType::kInt32, DataType::kInt64}));
    v.Optional("index_type", index_type, OneOf({DataType::kInt16, DataType::kInt32, DataType::kInt64}));
  }
};

struct InTopKAttrs {
  DataType T = DataType::kInt32;
  bool operator==(const InTopKAttrs&) const = default;
  void Visit(auto& v) { v.Optional("T", T, OneOf({DataType::kInt32, DataType::kInt64})); }
};

}  // namespace sluice
