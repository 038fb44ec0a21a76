#include "core/allocator.h"

#include <new>

#include "absl/strings/str_cat.h"

namespace sluice {

void* HostAllocator::Allocate(size_t bytes) {
  auto size = static_cast<int64_t>(bytes);
  int64_t now = in_use_.fetch_add(size, std::memory_order_relaxed) + size;
  void* data = nullptr;
  if (size >= 0 && (limit_ == 0 || now <= limit_)) {
    data = ::operator new (bytes == 0 ? 1 : bytes, std::align_val_t{kTensorAlignment}, std::nothrow);
  }
  if (data == nullptr) {
    in_use_.fetch_sub(size, std::memory_order_relaxed);
    return nullptr;
  }
  allocations_.fetch_add(1, std::memory_order_relaxed);
  int64_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
  return data;
}

void HostAllocator::Deallocate(void* data, size_t bytes) {
  ::operator delete (data, std::align_val_t{kTensorAlignment});
  in_use_.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
}

Allocator::Stats HostAllocator::stats() const {
  return {in_use_.load(std::memory_order_relaxed), peak_.load(std::memory_order_relaxed),
          allocations_.load(std::memory_order_relaxed)};
}

std::string DescribeExhaustion(const Allocator& allocator, size_t bytes, absl::string_view what) {
  const std::string report = allocator.Report();
  return absl::StrCat("no memory for ", bytes, " bytes of ", what, ", ", allocator.stats().bytes_in_use,
                      " bytes in use", report.empty() ? "" : "; ", report);
}

Allocator& DefaultAllocator() {
  static HostAllocator& allocator = *new HostAllocator;
  return allocator;
}

}  // namespace sluice
