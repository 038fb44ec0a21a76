// The frame of kernels that do one strided copy, which integer inputs decide: Transpose, Slice, Pad, Tile.
#pragma once

#include <vector>

#include "kernels/cpu/elements.h"
#include "kernels/cpu/host_ints.h"
#include "kernels/cpu/strided_copy.h"

namespace sluice::cpu {

class CopyKernel : public Kernel {
 public:
  absl::Status Prepare(PrepareContext& ctx) final;
  absl::Status Run(RunContext& ctx) const final;

 protected:
  // The data comes from input `data_input`; the integers from `int_inputs`, in the order that Plan gets them.
  // With `clears_output` the elements that the copy leaves out are zeros. `backend` is null for the CPU.
  CopyKernel(int data_input, std::vector<int> int_inputs, bool clears_output, const CopyBackend* backend)
      : data_input_(data_input), int_inputs_(std::move(int_inputs)), clears_output_(clears_output), backend_(backend) {}
  // Attributes, before the first Plan.
  virtual absl::Status ReadAttrs(const PrepareContext&) { return absl::OkStatus(); }
  // The copy for these values. Called in Prepare where they are constant, else in every Run. InvalidArgument
  // where it would leave the input of shape in() or the output of shape out(); nothing else checks the
  // values.
  virtual absl::StatusOr<StridedCopy> Plan(absl::Span<const Dims> values) const = 0;
  const Shape& in() const { return in_; }
  const Shape& out() const { return out_; }

 private:
  absl::Status Execute(RunContext& ctx, const Copier& copier) const;

  const int data_input_;
  const std::vector<int> int_inputs_;
  const bool clears_output_;
  const CopyBackend* const backend_;
  Shape in_;
  Shape out_;
  DataType dtype_ = DataType::kInvalid;
  int threads_ = 1;
  std::vector<HostInts> ints_;
  bool is_constant_ = true;
  Copier copier_;
  void (*clear_)(void* to, int64_t n, int threads) = nullptr;
};

}  // namespace sluice::cpu
