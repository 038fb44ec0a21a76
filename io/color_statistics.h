// Mean, deviation and principal components of a data set's pixels.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "core/api.h"
#include "core/tensor.h"

namespace SLUICE_API sluice {

// Of the covariance of RGB pixels in 0 … 1.
struct PrincipalComponents {
  std::array<double, 3> values = {};                  // eigenvalues, the largest first
  std::array<std::array<double, 3>, 3> vectors = {};  // vectors[i] belongs to values[i], of length 1
};

// Takes pictures one by one; they must agree in their channels. Sums are of integers, so the order does not matter.
class ColorStatistics {
 public:
  // uint8 [height, width, 1 to 4 channels]. `with_mean_picture` also asks that sizes agree; InvalidArgument.
  explicit ColorStatistics(bool with_mean_picture = false) : with_mean_picture_(with_mean_picture) {}
  absl::Status Add(const Tensor& picture);

  int64_t pictures() const { return pictures_; }
  // One a channel, in 0 … 255. REQUIRES: pictures() > 0.
  std::vector<float> Mean() const;
  std::vector<float> Deviation() const;
  // The mean of each pixel, float [height, width, channels]. REQUIRES: with_mean_picture, pictures() > 0.
  Tensor MeanPicture() const;
  // InvalidArgument unless there are three channels.
  absl::StatusOr<PrincipalComponents> Components() const;

 private:
  double MeanOf(int64_t channel) const;
  double Covariance(int64_t a, int64_t b) const;

  const bool with_mean_picture_;
  int64_t pictures_ = 0, pixels_ = 0, channels_ = 0;
  std::array<int64_t, 4> sums_ = {};
  std::array<std::array<int64_t, 4>, 4> products_ = {};
  Shape shape_;
  std::vector<int64_t> picture_;
};

}  // namespace sluice
