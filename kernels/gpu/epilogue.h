// Bias, residual and activation along the rows of a matrix, where a library's own epilogue does not serve.
#pragma once

#include "kernels/gpu/index_space.h"
#include "kernels/gpu/launch.h"
#include "ops/fused_ops.h"

namespace sluice::gpu {

// values = activation(values + bias + residual), in place. `bias` and `residual` are null for none.
template <class T>
absl::Status ApplyEpilogue(RunContext& ctx, const Epilogue& epilogue, T* values, const T* bias, int64_t rows,
                           int64_t channels, const T* residual = nullptr) {
  if (epilogue.is_none()) return absl::OkStatus();
  const Divisor by(channels > 0 ? channels : 1);
  const bool is_relu = epilogue.activation != EpilogueActivation::kNone;
  const bool is_relu6 = epilogue.activation == EpilogueActivation::kRelu6;
  return Launch(ctx, rows * channels, [=] SLUICE_HOST_DEVICE(int64_t i) {
    T value = values[i];
    if (bias != nullptr) value += bias[i - by.Divide(i) * by.by()];
    if (residual != nullptr) value += residual[i];
    if (is_relu && value < T{0}) value = T{0};  // NaN stays NaN
    if (is_relu6 && value > T{6}) value = T{6};
    values[i] = value;
  });
}

}  // namespace sluice::gpu
