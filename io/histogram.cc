#include "io/histogram.h"

#include <algorithm>
#include <cfloat>

namespace sluice {
namespace {

std::vector<double> MakeLimits() {
  std::vector<double> positive;
  for (double limit = 1e-12; limit < 1e20; limit *= 1.1) positive.push_back(limit);
  positive.push_back(DBL_MAX);
  std::vector<double> limits;
  for (auto it = positive.rbegin(); it != positive.rend(); ++it) limits.push_back(-*it);
  limits.push_back(0);
  limits.insert(limits.end(), positive.begin(), positive.end());
  return limits;
}

const std::vector<double>& Limits() {
  static const std::vector<double> limits = MakeLimits();
  return limits;
}

}  // namespace

Histogram::Histogram() : buckets_(Limits().size()), min_(DBL_MAX), max_(-DBL_MAX) {}

void Histogram::Add(double value) {
  const std::vector<double>& limits = Limits();
  auto bucket = std::upper_bound(limits.begin(), limits.end() - 1, value) - limits.begin();
  ++buckets_[static_cast<size_t>(bucket)];
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  ++num_;
  sum_ += value;
  sum_squares_ += value * value;
}

HistogramData Histogram::data() const {
  HistogramData data{.min = min_, .max = max_, .num = num_, .sum = sum_, .sum_squares = sum_squares_};
  for (size_t i = 0; i < buckets_.size(); ++i) {
    if (buckets_[i] == 0) {
      while (i + 1 < buckets_.size() && buckets_[i + 1] == 0) ++i;
    }
    data.bucket_limit.push_back(Limits()[i]);
    data.bucket.push_back(buckets_[i]);
  }
  return data;
}

}  // namespace sluice
