// Values kept within bounds.
#pragma once

#include "core/attrs.h"

namespace sluice {

struct ClipByValueAttrs {
  DataType T = DataType::kInvalid;
  bool operator==(const ClipByValueAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T,
               OneOf({DataType::kFloat, DataType::kDouble, DataType::kInt32, DataType::kUint8, DataType::kInt16,
                      DataType::kInt8, DataType::kComplex64, DataType::kInt64, DataType::kQint8, DataType::kQuint8,
                      DataType::kQint32, DataType::kBfloat16, DataType::kQint16, DataType::kQuint16, DataType::kUint16,
                      DataType::kComplex128, DataType::kHalf, DataType::kUint32, DataType::kUint64}));
  }
};

}  // namespace sluice
