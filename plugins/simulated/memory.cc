#include "plugins/simulated/memory.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

namespace sluice::simulated {
namespace {

size_t RoundUp(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

size_t SizeOf(size_t bytes) { return RoundUp(std::max<size_t>(bytes, 1), kTensorAlignment); }

char* Map(size_t bytes, int protection) {
  void* start = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return start == MAP_FAILED ? nullptr : static_cast<char*>(start);
}

}  // namespace

absl::StatusOr<std::shared_ptr<AddressSpace>> AddressSpace::Create(size_t bytes) {
  bytes = RoundUp(bytes, 4096);
  char* handles = Map(bytes, PROT_NONE);
  char* contents = handles == nullptr ? nullptr : Map(bytes, PROT_READ | PROT_WRITE);
  if (contents == nullptr) {
    if (handles != nullptr) munmap(handles, bytes);
    return absl::ResourceExhaustedError(absl::StrCat("no address space for a simulated device of ", bytes, " bytes"));
  }
  return std::shared_ptr<AddressSpace>(new AddressSpace(handles, contents, bytes));
}

AddressSpace::~AddressSpace() {
  munmap(handles_, bytes_);
  munmap(contents_, bytes_);
}

DeviceAllocator::DeviceAllocator(std::string device, std::shared_ptr<AddressSpace> space, int64_t limit,
                                 int64_t fail_at, std::shared_ptr<const std::atomic<bool>> is_lost)
    : device_(std::move(device)),
      space_(std::move(space)),
      limit_(limit),
      fail_at_(fail_at),
      is_lost_(std::move(is_lost)) {
  free_.emplace(0, space_->bytes());
}

void* DeviceAllocator::Allocate(size_t bytes) {
  if (is_lost_->load()) return nullptr;
  const size_t size = SizeOf(bytes);
  size_t offset = 0;
  {
    std::lock_guard lock(mutex_);
    if (++attempts_ == fail_at_ || stats_.bytes_in_use + static_cast<int64_t>(size) > limit_) return nullptr;
    auto hole = std::find_if(free_.begin(), free_.end(), [&](const auto& h) { return h.second >= size; });
    if (hole == free_.end()) return nullptr;
    offset = hole->first;
    const size_t rest = hole->second - size;
    free_.erase(hole);
    if (rest > 0) free_.emplace(offset + size, rest);
    stats_.bytes_in_use += static_cast<int64_t>(size);
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.bytes_in_use);
    ++stats_.allocations;
  }
  void* handle = space_->handles() + offset;
  std::memset(space_->Resolve(handle), kPoison, size);
  return handle;
}

void DeviceAllocator::Deallocate(void* data, size_t bytes) {
  size_t size = SizeOf(bytes);
  std::memset(space_->Resolve(data), kPoison, size);
  std::lock_guard lock(mutex_);
  stats_.bytes_in_use -= static_cast<int64_t>(size);
  size_t offset = static_cast<size_t>(static_cast<char*>(data) - space_->handles());
  auto next = free_.lower_bound(offset);
  if (next != free_.end() && next->first == offset + size) {
    size += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == offset) {
      before->second += size;
      return;
    }
  }
  free_.emplace(offset, size);
}

Allocator::Stats DeviceAllocator::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

std::string DeviceAllocator::Report() const {
  if (is_lost_->load()) return absl::StrCat(device_, ": the device was lost");
  std::lock_guard lock(mutex_);
  size_t largest = 0;
  for (const auto& [offset, size] : free_) largest = std::max(largest, size);
  const auto left = static_cast<size_t>(limit_ - stats_.bytes_in_use);
  return absl::StrCat(device_, " has ", limit_, " bytes; the largest free piece has ", std::min(largest, left));
}

void* PinnedAllocator::Allocate(size_t bytes) {
  void* data = HostAllocator::Allocate(bytes);
  if (data != nullptr) std::memset(data, kPoison, bytes);
  return data;
}

}  // namespace sluice::simulated
