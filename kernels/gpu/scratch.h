// A kernel's scratch memory as CUDA's libraries want it: they ask for more alignment than tensors have.
#pragma once

#include <cstdint>

#include "core/kernel.h"

namespace sluice::gpu {

inline constexpr size_t kScratchAlignment = 256;

inline size_t AlignedBytes(size_t bytes) {
  return (bytes + kScratchAlignment - 1) / kScratchAlignment * kScratchAlignment;
}

// `bytes` that AlignedScratch will return.
inline void RequestAlignedScratch(PrepareContext& ctx, size_t bytes) { ctx.RequestScratch(bytes + kScratchAlignment); }
inline char* AlignedScratch(const RunContext& ctx) {
  return reinterpret_cast<char*>(AlignedBytes(reinterpret_cast<uintptr_t>(ctx.scratch_memory)));
}

}  // namespace sluice::gpu
