// Memory that host code must not touch.
//
// Every byte has two addresses. What the host gets (a handle) lies in a range that no one may read or write: a host
// that follows such a pointer crashes. The bytes themselves lie in a second range, at the same offset; only the threads
// of the simulated streams go there. Fresh and freed memory is filled with kPoison, which is NaN in every floating type
// and -1 in every signed one, so that what was never written, or is used too late, shows in the results.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/allocator.h"
#include "core/status.h"

namespace sluice::simulated {

inline constexpr unsigned char kPoison = 0xFF;

// Both ranges of one device. Thread-safe.
class AddressSpace {
 public:
  // ResourceExhausted where the system gives no address space. Pages are taken only when they are used.
  static absl::StatusOr<std::shared_ptr<AddressSpace>> Create(size_t bytes);
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;
  ~AddressSpace();

  size_t bytes() const { return bytes_; }
  char* handles() const { return handles_; }
  bool IsHandle(const void* p) const { return p >= handles_ && p < handles_ + bytes_; }
  // Where the bytes are. Pointers that are no handles stay as they are.
  void* Resolve(const void* p) const {
    auto* address = static_cast<char*>(const_cast<void*>(p));
    return IsHandle(p) ? address - handles_ + contents_ : address;
  }

 private:
  AddressSpace(char* handles, char* contents, size_t bytes) : handles_(handles), contents_(contents), bytes_(bytes) {}
  char* const handles_;
  char* const contents_;
  const size_t bytes_;
};

// Gives out one device's handles, first fit.
class DeviceAllocator : public Allocator {
 public:
  // `limit` in bytes. Allocation number `fail_at` fails, if that is not 0, and every one once `is_lost`.
  DeviceAllocator(std::string device, std::shared_ptr<AddressSpace> space, int64_t limit, int64_t fail_at,
                  std::shared_ptr<const std::atomic<bool>> is_lost);
  void* Allocate(size_t bytes) override;
  void Deallocate(void* data, size_t bytes) override;
  MemoryKind kind() const override { return MemoryKind::kDevice; }
  Stats stats() const override;
  std::string Report() const override;
  int64_t limit() const { return limit_; }

 private:
  const std::string device_;
  const std::shared_ptr<AddressSpace> space_;
  const int64_t limit_;
  const int64_t fail_at_;
  const std::shared_ptr<const std::atomic<bool>> is_lost_;
  mutable std::mutex mutex_;
  std::map<size_t, size_t> free_;  // offset -> size
  Stats stats_;
  int64_t attempts_ = 0;
};

// The host's side of copies: ordinary memory, poisoned too.
class PinnedAllocator : public HostAllocator {
 public:
  void* Allocate(size_t bytes) override;
  MemoryKind kind() const override { return MemoryKind::kPinned; }
};

}  // namespace sluice::simulated
