// How a device is asked for the time that a plan takes. Tests have one that makes times up.
#pragma once

#include <cstddef>
#include <functional>

#include "core/status.h"

struct cudnnContext;

namespace sluice::gpu {

class PlanTimer {
 public:
  virtual ~PlanTimer() = default;
  // At least `bytes` of the device's memory, aligned for cuDNN, until the next call or the timer's end. ResourceExhausted
  // where there is not as much.
  virtual absl::StatusOr<char*> Memory(size_t bytes) = 0;
  // How long the device is busy with what `issue` puts into the stream of the handle, in microseconds.
  virtual absl::StatusOr<double> Time(const std::function<absl::Status(cudnnContext* handle)>& issue) = 0;
};

}  // namespace sluice::gpu
