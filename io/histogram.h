// Histograms as TensorFlow makes them, over buckets that grow by a tenth.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "core/api.h"

namespace SLUICE_API sluice {

// What is written: HistogramProto's fields. bucket[i] counts the values from bucket_limit[i - 1] up to, and without,
// bucket_limit[i].
struct HistogramData {
  double min = 0, max = 0, num = 0, sum = 0, sum_squares = 0;
  std::vector<double> bucket_limit, bucket;
  bool operator==(const HistogramData&) const = default;
};

// The limits are 0 and ±1e-12 · 1.1^k below 1e20, and ±DBL_MAX.
class Histogram {
 public:
  Histogram();

  // REQUIRES: `value` is finite.
  void Add(double value);
  // Runs of empty buckets are one.
  HistogramData data() const;

 private:
  std::vector<double> buckets_;
  double min_, max_;
  double num_ = 0, sum_ = 0, sum_squares_ = 0;
};

}  // namespace sluice
