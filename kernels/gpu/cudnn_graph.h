// Convolutions as cuDNN is asked for them: a graph of operations, from which its heuristics make a plan. The only door to
// cudnn_frontend; no other file includes it.
//
// A plan is built for a device's properties, which may be those of a GPU that is not there: tests build every plan that a
// network needs, and plans can be stored before the GPU is at hand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/types.h"
#include "kernels/gpu/plan_timer.h"
#include "ops/conv.h"
#include "ops/fused_ops.h"

struct cudnnContext;

namespace sluice::gpu {

enum class DnnDirection : uint8_t { kForward, kInput, kFilter };

// Everything that decides a plan. Tensors are NHWC; filters are [output channels, height, width, channels of a group], which
// is not the order of the graph's filters (HWIO).
struct ConvSignature {
  DnnDirection direction = DnnDirection::kForward;
  DataType dtype = DataType::kFloat;  // half and bfloat16 are summed up in float
  bool tf32 = true;                   // float may be rounded to TF32 for the products
  bool deterministic = false;         // the same bits in every run: no sums whose order is open
  Conv2DGeometry geometry;
  // Forward: y = activation(conv(x, w) + bias + residual).
  bool bias = false;
  bool residual = false;
  EpilogueActivation activation = EpilogueActivation::kNone;
  // Channels from pixel to pixel where the tensor is a slice of a wider one (a concat's); 0: as many as it has.
  int64_t x_pitch = 0;
  int64_t y_pitch = 0;

  bool operator==(const ConvSignature&) const = default;
  // Everything of it, so that equal texts are equal signatures: the key of a stored plan.
  std::string ToString() const;
  template <class H>
  friend H AbslHashValue(H h, const ConvSignature& s) {
    auto axis = [](H state, const WindowAxis& a) {
      return H::combine(std::move(state), a.input, a.output, a.window, a.stride, a.dilation, a.pad_before, a.pad_after);
    };
    h = H::combine(std::move(h), s.direction, s.dtype, s.tf32, s.deterministic, s.bias, s.residual, s.activation,
                   s.x_pitch, s.y_pitch, s.geometry.batch, s.geometry.in_channels, s.geometry.out_channels,
                   s.geometry.groups);
    return axis(axis(std::move(h), s.geometry.height), s.geometry.width);
  }
};

// What plans are made for. Immutable, thread-safe.
class DnnTarget {
 public:
  // A device that need not be here: `json` is what cuDNN's DeviceProperties has, `sm_version` 90 for an H100.
  static absl::StatusOr<std::shared_ptr<const DnnTarget>> FromProperties(const std::string& json, int sm_version);
  // The device of this number, which is here.
  static absl::StatusOr<std::shared_ptr<const DnnTarget>> FromDevice(int ordinal);
  virtual ~DnnTarget() = default;
  // "NVIDIA H100 80GB HBM3, compute capability 9.0, 132 multiprocessors": plans fit where this is the same.
  virtual const std::string& description() const = 0;
};

// The device's memory that a plan reads and writes; null where the signature has no such tensor. In the backward directions
// what is written is x or w.
struct ConvPointers {
  const void* x = nullptr;
  const void* w = nullptr;
  const void* y = nullptr;
  const void* bias = nullptr;
  const void* residual = nullptr;
};

// Thread-safe.
class DnnPlan {
 public:
  // Unimplemented, with cuDNN's own words, where no engine does what is asked.
  static absl::StatusOr<std::shared_ptr<const DnnPlan>> Build(const ConvSignature& signature, const DnnTarget& target);
  // The same, but the fastest of the first candidates of cuDNN's heuristics, by this clock. Where the clock fails, cuDNN's
  // own choice.
  static absl::StatusOr<std::shared_ptr<const DnnPlan>> BuildFastest(const ConvSignature& signature,
                                                                     const DnnTarget& target, PlanTimer& timer);
  // What Serialize returned, for the same signature.
  static absl::StatusOr<std::shared_ptr<const DnnPlan>> Load(const ConvSignature& signature, const DnnTarget& target,
                                                             const std::vector<uint8_t>& bytes);
  virtual ~DnnPlan() = default;
  virtual int64_t workspace_bytes() const = 0;
  // cuDNN's name of the engine and its settings.
  virtual const std::string& name() const = 0;
  virtual absl::StatusOr<std::vector<uint8_t>> Serialize() const = 0;
  // Issues the work into the stream of `handle`.
  virtual absl::Status Execute(cudnnContext* handle, const ConvPointers& pointers, void* workspace) const = 0;
};

// A handle that issues into a CUDA stream (a cudaStream_t).
absl::StatusOr<cudnnContext*> NewDnnHandle(void* stream);
void DeleteDnnHandle(cudnnContext* handle);

// cuDNN's version, "9.19.0".
std::string DnnVersion();

}  // namespace sluice::gpu
