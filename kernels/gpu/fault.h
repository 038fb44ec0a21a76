// What a kernel on a device has to say when a value is wrong: a class index outside its range, a division of integers
// by zero. The device cannot return a Status; it writes one cell, which the host reads when it waits for the stream.
#pragma once

#include <cstdint>
#include <string>

#include "core/status.h"
#include "kernels/functors/host_device.h"

namespace sluice::gpu {

// Who may fault, and how it is told. Lives in a kernel, and so longer than the work that it issued.
struct FaultSource {
  std::string node;  // "node 'loss' (SparseSoftmaxCrossEntropyWithLogits)"; empty where the caller adds it
  std::string (*describe)(int64_t value, int64_t index) = nullptr;
};

// Zero where nothing happened. Only the first fault of many is kept, whichever that is.
struct FaultCell {
  uint64_t source = 0;  // a FaultSource
  int64_t value = 0;
  int64_t index = 0;
};

// Given to a kernel's functor by value.
class FaultReporter {
 public:
  FaultReporter() = default;
  FaultReporter(FaultCell* cell, const FaultSource* source)
      : cell_(cell), source_(reinterpret_cast<uint64_t>(source)) {}

  SLUICE_HOST_DEVICE void Report(int64_t value, int64_t index) const {
#if defined(__CUDA_ARCH__)
    if (atomicCAS(reinterpret_cast<unsigned long long*>(&cell_->source), 0ull,  // NOLINT: the type that CUDA has
                  static_cast<unsigned long long>(source_)) != 0ull) {          // NOLINT
      return;
    }
#else
    if (cell_->source != 0) return;
    cell_->source = source_;
#endif
    cell_->value = value;
    cell_->index = index;
  }
  FaultCell* cell() const { return cell_; }

 private:
  FaultCell* cell_ = nullptr;
  uint64_t source_ = 0;
};

// InvalidArgument for what the cell says, which is empty afterwards; OK where it says nothing.
inline absl::Status TakeFault(FaultCell& cell) {
  if (cell.source == 0) [[likely]]
    return absl::OkStatus();
  const auto* source = reinterpret_cast<const FaultSource*>(cell.source);  // NOLINT(performance-no-int-to-ptr)
  const std::string text = source->describe(cell.value, cell.index);
  cell = FaultCell{};
  return absl::InvalidArgumentError(source->node.empty() ? text : absl::StrCat(source->node, ": ", text));
}

}  // namespace sluice::gpu
