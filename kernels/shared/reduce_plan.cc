#include "kernels/shared/reduce_plan.h"

namespace sluice::kernels {

ReducePlan ReducePlan::Create(const Shape& input, const std::vector<bool>& is_reduced) {
  ReducePlan plan;
  Dims strides(input.rank());
  int64_t stride = 1;
  int inner = -1;  // the innermost dimension that counts
  for (int i = input.rank() - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= input.dim(i);
    if (inner < 0 && input.dim(i) != 1) inner = i;
    (is_reduced[i] ? plan.count : plan.outputs) *= input.dim(i);
  }
  for (int i = 0; i < input.rank(); ++i) (is_reduced[i] ? plan.reduced : plan.kept).Append(input.dim(i), {strides[i]});
  plan.inner_reduced = inner < 0 || is_reduced[inner];
  return plan;
}

}  // namespace sluice::kernels
