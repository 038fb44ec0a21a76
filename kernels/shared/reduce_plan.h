// How a reduction walks over its input. Dimensions of size 1 do not count; neighbours that are both kept or both reduced
// are one. What remains alternates, and the innermost decides how it is done: a reduced one is a row that becomes one
// number, a kept one a row that is combined with other rows.
#pragma once

#include <vector>

#include "kernels/shared/strided.h"

namespace sluice::kernels {

struct ReducePlan {
  bool inner_reduced = true;  // whether neighbours in memory become one number
  StridedSpace<1> kept, reduced;
  int64_t outputs = 1;  // elements of the output
  int64_t count = 1;    // elements that become one; 1: the output is the input

  // `is_reduced` has an entry for each dimension of the input.
  static ReducePlan Create(const Shape& input, const std::vector<bool>& is_reduced);
};

}  // namespace sluice::kernels
