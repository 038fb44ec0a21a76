#include "io/color_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"

#include "core/status.h"

namespace sluice {
namespace {

using Matrix = std::array<std::array<double, 3>, 3>;

// Jacobi's rotations: `a`, symmetric, becomes diagonal; the columns of `vectors` are its eigenvectors.
void Diagonalize(Matrix& a, Matrix& vectors) {
  vectors = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (int sweep = 0; sweep < 50; ++sweep) {
    for (int p = 0; p < 2; ++p) {
      for (int q = p + 1; q < 3; ++q) {
        if (std::abs(a[p][q]) < 1e-300) continue;
        const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (int k = 0; k < 3; ++k) {
          const double kp = a[k][p], kq = a[k][q];
          a[k][p] = c * kp - s * kq;
          a[k][q] = s * kp + c * kq;
        }
        for (int k = 0; k < 3; ++k) {
          const double pk = a[p][k], qk = a[q][k];
          a[p][k] = c * pk - s * qk;
          a[q][k] = s * pk + c * qk;
          const double vp = vectors[k][p], vq = vectors[k][q];
          vectors[k][p] = c * vp - s * vq;
          vectors[k][q] = s * vp + c * vq;
        }
      }
    }
  }
}

}  // namespace

absl::Status ColorStatistics::Add(const Tensor& picture) {
  const Shape& shape = picture.shape();
  if (picture.dtype() != DataType::kUint8 || shape.rank() != 3 || shape.dim(2) < 1 || shape.dim(2) > 4 ||
      (pictures_ > 0 && (shape.dim(2) != channels_ || (with_mean_picture_ && shape != shape_)))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "statistics: a picture ", shape.ToString(),
        pictures_ > 0 ? absl::StrCat(" among others ", shape_.ToString()) : ", expected uint8[height,width,1 to 4]"));
  }
  channels_ = shape.dim(2);
  shape_ = shape;
  ++pictures_;
  pixels_ += shape.dim(0) * shape.dim(1);
  const uint8_t* data = picture.data<uint8_t>();
  for (int64_t i = 0; i < picture.num_elements(); i += channels_) {
    for (int64_t a = 0; a < channels_; ++a) {
      sums_[a] += data[i + a];
      for (int64_t b = 0; b <= a; ++b) products_[a][b] += data[i + a] * data[i + b];
    }
  }
  if (with_mean_picture_) {
    picture_.resize(static_cast<size_t>(picture.num_elements()));
    for (int64_t i = 0; i < picture.num_elements(); ++i) picture_[static_cast<size_t>(i)] += data[i];
  }
  return absl::OkStatus();
}

double ColorStatistics::MeanOf(int64_t channel) const {
  return static_cast<double>(sums_[channel]) / static_cast<double>(pixels_);
}

double ColorStatistics::Covariance(int64_t a, int64_t b) const {
  const double product = static_cast<double>(products_[std::max(a, b)][std::min(a, b)]) / static_cast<double>(pixels_);
  return product - MeanOf(a) * MeanOf(b);
}

std::vector<float> ColorStatistics::Mean() const {
  std::vector<float> mean;
  for (int64_t c = 0; c < channels_; ++c) mean.push_back(static_cast<float>(MeanOf(c)));
  return mean;
}

std::vector<float> ColorStatistics::Deviation() const {
  std::vector<float> deviation;
  for (int64_t c = 0; c < channels_; ++c) {
    deviation.push_back(static_cast<float>(std::sqrt(std::max(Covariance(c, c), 0.0))));
  }
  return deviation;
}

Tensor ColorStatistics::MeanPicture() const {
  Tensor mean(DataType::kFloat, shape_);
  for (int64_t i = 0; i < mean.num_elements(); ++i) {
    mean.data<float>()[i] =
        static_cast<float>(static_cast<double>(picture_[static_cast<size_t>(i)]) / static_cast<double>(pictures_));
  }
  return mean;
}

absl::StatusOr<PrincipalComponents> ColorStatistics::Components() const {
  if (channels_ != 3) {
    return absl::InvalidArgumentError(absl::StrCat("principal components of ", channels_, " channels; 3 are needed"));
  }
  Matrix covariance, vectors;
  for (int64_t a = 0; a < 3; ++a) {
    for (int64_t b = 0; b < 3; ++b) covariance[a][b] = Covariance(a, b) / (255.0 * 255.0);
  }
  Diagonalize(covariance, vectors);
  std::array<int, 3> order = {0, 1, 2};
  std::sort(order.begin(), order.end(), [&](int a, int b) { return covariance[a][a] > covariance[b][b]; });
  PrincipalComponents result;
  for (int i = 0; i < 3; ++i) {
    result.values[i] = covariance[order[i]][order[i]];
    for (int k = 0; k < 3; ++k) result.vectors[i][k] = vectors[k][order[i]];
  }
  return result;
}

}  // namespace sluice
