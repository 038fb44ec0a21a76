// The types of tensors that a GPU's memory holds.
#pragma once

#include <vector>

#include "core/attrs.h"

namespace sluice::gpu {

// Numbers and bool; not strings.
inline std::vector<DataType> PlainTypes() {
  std::vector<DataType> types(std::begin(kNumberTypes), std::end(kNumberTypes));
  types.push_back(DataType::kBool);
  return types;
}

}  // namespace sluice::gpu
