#include "tests/gpu_check/comparison.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

#include "tests/gpu_check/plain_types.h"

namespace sluice::gpu_check {
namespace {

double AllowedOf(DataType dtype, const Tolerance& tolerance) {
  switch (dtype) {
    case DataType::kDouble:
      return tolerance.double_error;
    case DataType::kHalf:
      return tolerance.half_error;
    case DataType::kBfloat16:
      return tolerance.bfloat16_error;
    default:
      return tolerance.float_error;
  }
}

// What errors are shares of, for elements that are smaller themselves.
double ScaleOf(const std::vector<double>& values, bool is_largest) {
  double sum = 0, largest = 0;
  int64_t finite = 0;
  for (double value : values) {
    if (!std::isfinite(value)) continue;
    sum += std::fabs(value);
    largest = std::max(largest, std::fabs(value));
    ++finite;
  }
  return is_largest ? largest : sum / static_cast<double>(std::max<int64_t>(finite, 1));
}

}  // namespace

std::string Difference(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance) {
  const bool is_short = actual.dtype() == DataType::kHalf || actual.dtype() == DataType::kBfloat16;
  const bool in_float = is_short && expected.dtype() == DataType::kFloat;
  if ((actual.dtype() != expected.dtype() && !in_float) || !(actual.shape() == expected.shape())) {
    return absl::StrCat("is ", DataTypeName(actual.dtype()), actual.shape().ToString(), ", expected ",
                        DataTypeName(expected.dtype()), expected.shape().ToString());
  }
  if (!IsFloating(actual.dtype())) {
    return actual == expected ? "" : absl::StrCat("is ", actual.ToString(), ", expected ", expected.ToString());
  }
  const std::vector<double> a = ToDoubles(actual), e = ToDoubles(expected);
  const double allowed = AllowedOf(actual.dtype(), tolerance);
  const double scale = ScaleOf(e, is_short || tolerance.is_of_largest);
  int64_t wrong = 0;
  double largest = 0;
  std::string first;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == e[i] || (std::isnan(a[i]) && std::isnan(e[i]))) continue;
    const double share = std::fabs(a[i] - e[i]) / std::max(std::fabs(e[i]), scale);
    if (std::isfinite(e[i]) && share <= allowed) continue;  // not where `a` is no number
    largest = std::max(largest, share);
    if (wrong++ == 0) first = absl::StrCat("element ", i, " is ", a[i], ", expected ", e[i]);
  }
  if (wrong == 0) return "";
  return absl::StrCat(first, "; ", wrong, " of ", a.size(), " differ, by ", largest, " at most where ", allowed,
                      " is allowed");
}

}  // namespace sluice::gpu_check
