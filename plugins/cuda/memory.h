// A GPU's memory and page-locked memory of the host, as backings of the caching allocator.
#pragma once

#include <memory>

#include "plugins/cuda/caching_allocator.h"

namespace sluice::cuda {

// `limit` in bytes, 0 for what the device has.
std::unique_ptr<CachingAllocator> NewDeviceAllocator(int ordinal, int64_t limit);
// Host memory that every device may copy from and to.
std::unique_ptr<CachingAllocator> NewPinnedAllocator(int ordinal);

}  // namespace sluice::cuda
