#include "plugins/cuda/memory.h"

#include "plugins/cuda/cuda_status.h"

namespace sluice::cuda {
namespace {

class DeviceBacking : public MemoryBacking {
 public:
  explicit DeviceBacking(int ordinal) : ordinal_(ordinal) {}
  void* Map(size_t bytes) override {
    DeviceScope scope(ordinal_);
    void* data = nullptr;
    if (cudaMalloc(&data, bytes) == cudaSuccess) return data;
    cudaGetLastError();
    return nullptr;
  }
  void Unmap(void* data, size_t) override {
    DeviceScope scope(ordinal_);
    cudaFree(data);
  }

 private:
  const int ordinal_;
};

class PinnedBacking : public MemoryBacking {
 public:
  explicit PinnedBacking(int ordinal) : ordinal_(ordinal) {}
  void* Map(size_t bytes) override {
    DeviceScope scope(ordinal_);
    void* data = nullptr;
    if (cudaHostAlloc(&data, bytes, cudaHostAllocPortable) == cudaSuccess) return data;
    cudaGetLastError();
    return nullptr;
  }
  void Unmap(void* data, size_t) override {
    DeviceScope scope(ordinal_);
    cudaFreeHost(data);
  }

 private:
  const int ordinal_;
};

}  // namespace

std::unique_ptr<CachingAllocator> NewDeviceAllocator(int ordinal, int64_t limit) {
  CachingAllocator::Options options;
  options.limit = limit;
  return std::make_unique<CachingAllocator>(std::make_unique<DeviceBacking>(ordinal), nullptr, options);
}

std::unique_ptr<CachingAllocator> NewPinnedAllocator(int ordinal) {
  CachingAllocator::Options options;
  options.kind = MemoryKind::kPinned;
  options.piece = size_t{4} << 20;
  return std::make_unique<CachingAllocator>(std::make_unique<PinnedBacking>(ordinal), nullptr, options);
}

}  // namespace sluice::cuda
