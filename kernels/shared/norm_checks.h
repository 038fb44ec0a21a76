// What every device's batch normalisation decides before it computes, and the one factor that forward and backward have to
// agree on bit by bit.
#pragma once

#include <cmath>

#include "core/kernel.h"
#include "kernels/functors/host_device.h"
#include "ops/batch_norm.h"

namespace sluice::kernels {

// The attributes of FusedBatchNorm and its gradient, whose U is float, as those of V3 (`Attrs`).
template <class Attrs>
absl::StatusOr<Attrs> ParseNormAttrs(const PrepareContext& ctx) {
  AttrMap attrs = *ctx.attrs;
  attrs.emplace("U", DataType::kFloat);
  return ParseAttrs<Attrs>(attrs);
}

// The channels of input `i`. Unimplemented for channels that are not last, which the layout pass turns.
inline absl::StatusOr<int64_t> NormChannels(const PrepareContext& ctx, int i, const std::string& data_format) {
  const Shape& x = ctx.inputs[i].shape;
  if (ChannelAxisOf(data_format) == 1)
    return absl::UnimplementedError(absl::StrCat(data_format, ": run the layout pass"));
  if (x.rank() != static_cast<int>(data_format.size())) {
    return absl::InvalidArgumentError(absl::StrCat("x has shape ", x.ToString(), ", expected ", data_format));
  }
  return x.dim(x.rank() - 1);
}

// Input `i` has one element a channel.
inline absl::Status CheckNormVector(const PrepareContext& ctx, int i, int64_t channels) {
  const Shape& shape = ctx.inputs[i].shape;
  if (shape.rank() == 1 && shape.dim(0) == channels) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("input ", i, " has shape ", shape.ToString(), ", expected [", channels, "]"));
}

// What x - mean is multiplied with; the same bits forward and backward, so that a Relu behind is found open or closed again.
SLUICE_HOST_DEVICE inline float NormFactor(float scale, float variance, float epsilon) {
  return static_cast<float>(scale / std::sqrt(static_cast<double>(variance) + epsilon));
}

}  // namespace sluice::kernels
