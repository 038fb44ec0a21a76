#include "kernels/cpu/copy_ops.h"
#include "kernels/cpu/elements.h"
#include "kernels/gpu/index_space.h"
#include "kernels/gpu/launch.h"
#include "kernels/gpu/types.h"

namespace sluice::gpu {
namespace {

using cpu::StridedCopy;

template <class T>
absl::Status RunCopy(RunContext& ctx, const StridedCopy& copy, const void* from, void* to) {
  kernels::StridedSpace<2> dims;
  dims.dims = copy.dims;
  dims.strides = {copy.from_strides, copy.to_strides};
  const IndexSpace<2> space(dims);
  const T* source = static_cast<const T*>(from) + copy.from_offset;
  T* target = static_cast<T*>(to) + copy.to_offset;
  return Launch(ctx, space.size, [=] SLUICE_HOST_DEVICE(int64_t i) {
    const auto at = space.At(i);
    target[at.of[1]] = source[at.of[0]];
  });
}

// Whether two neighbours can be moved as one element of twice the size.
bool CanPair(const StridedCopy& copy) {
  if (copy.dims.empty() || copy.dims.back() % 2 != 0 || copy.from_strides.back() != 1 || copy.to_strides.back() != 1) {
    return false;
  }
  if (copy.from_offset % 2 != 0 || copy.to_offset % 2 != 0) return false;
  for (size_t i = 0; i + 1 < copy.dims.size(); ++i) {
    if (copy.from_strides[i] % 2 != 0 || copy.to_strides[i] % 2 != 0) return false;
  }
  return true;
}

// Tensors start at multiples of kTensorAlignment, so that only the offsets and strides decide how wide an access may be.
absl::Status Copy(RunContext& ctx, const StridedCopy& given, size_t element, const void* from, void* to) {
  StridedCopy copy = given;
  for (; element < sizeof(cpu::Bytes16) && CanPair(copy); element *= 2) {
    copy.dims.back() /= 2;
    copy.from_offset /= 2;
    copy.to_offset /= 2;
    for (size_t i = 0; i + 1 < copy.dims.size(); ++i) {
      copy.from_strides[i] /= 2;
      copy.to_strides[i] /= 2;
    }
  }
  switch (element) {
    case 1:
      return RunCopy<uint8_t>(ctx, copy, from, to);
    case 2:
      return RunCopy<uint16_t>(ctx, copy, from, to);
    case 4:
      return RunCopy<uint32_t>(ctx, copy, from, to);
    case 8:
      return RunCopy<uint64_t>(ctx, copy, from, to);
    default:
      return RunCopy<cpu::Bytes16>(ctx, copy, from, to);
  }
}

constexpr cpu::CopyBackend kBackend = {&Copy, &ClearBytes};

}  // namespace

void RegisterStridedCopy(KernelRegistry& r) {
  const cpu::CopyTarget target = {&kBackend, PlainTypes()};
  cpu::AddConcatKernels(r, target);
  cpu::AddSplitKernels(r, target);
  cpu::AddSliceKernels(r, target);
  cpu::AddPadKernels(r, target);
  cpu::AddTransposeKernel(r, target);
}

}  // namespace sluice::gpu
