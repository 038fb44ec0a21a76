// How far a device's numbers may be from the CPU's.
#pragma once

#include <string>

#include "core/tensor.h"

namespace sluice::gpu_check {

struct Tolerance {
  double float_error = 1e-5;
  double double_error = 1e-12;
  double half_error = 2e-3;      // four times the rounding of a result
  double bfloat16_error = 1e-2;  // likewise
  // Errors are shares of an element, or of the mean magnitude of all where the element is smaller (sums of large terms that
  // cancel cannot be more exact); with this of the largest, as it has to be where each term was rounded. Half and bfloat16
  // always are.
  bool is_of_largest = false;
};

// Empty where the shapes are the same and the elements equal: exactly for whole numbers, within the tolerance of `actual`'s
// type for others; NaN equals NaN. `expected` may be in float where `actual` is half or bfloat16.
std::string Difference(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance);

}  // namespace sluice::gpu_check
