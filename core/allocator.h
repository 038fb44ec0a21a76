// Memory of a device, counted, with an optional hard limit.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

#include "core/api.h"

namespace SLUICE_API sluice {

// Where bytes live, and so who may touch them.
enum class MemoryKind : uint8_t {
  kHost,    // ordinary memory of the process
  kPinned,  // host memory that a device copies from and to without a detour
  kDevice,  // only the device may read or write it
};

inline constexpr size_t kTensorAlignment = 64;

// Thread-safe.
class Allocator {
 public:
  struct Stats {
    int64_t bytes_in_use = 0;
    int64_t peak_bytes = 0;
    int64_t allocations = 0;  // calls so far
  };

  virtual ~Allocator() = default;
  // `bytes` aligned to kTensorAlignment, not initialised; nullptr where the limit or the machine does not
  // allow it.
  virtual void* Allocate(size_t bytes) = 0;
  // The same; `owner` is what Report() calls the memory ("variable 'conv1/weights'").
  virtual void* AllocateFor(size_t bytes, [[maybe_unused]] absl::string_view owner) { return Allocate(bytes); }
  // REQUIRES: `data` came from Allocate(bytes) of this object.
  virtual void Deallocate(void* data, size_t bytes) = 0;
  virtual MemoryKind kind() const = 0;
  virtual Stats stats() const = 0;
  // For people, where an allocation failed: what limits the memory and who holds how much of it. One line, or several
  // without a newline at the end; empty for an allocator that does not know.
  virtual std::string Report() const { return ""; }
  // Keeps the allocator while it is held, so that a tensor may outlive the session whose memory it has; null where
  // whoever owns the allocator sees to that.
  virtual std::shared_ptr<const void> Lifetime() const { return nullptr; }
};

// "no memory for 12 bytes of WHAT, 34 bytes in use", and the allocator's report.
std::string DescribeExhaustion(const Allocator& allocator, size_t bytes, absl::string_view what);

// Ordinary memory through aligned operator new. `limit` in bytes, 0 for none.
class HostAllocator : public Allocator, public std::enable_shared_from_this<HostAllocator> {
 public:
  explicit HostAllocator(int64_t limit = 0) : limit_(limit) {}
  void* Allocate(size_t bytes) override;
  void Deallocate(void* data, size_t bytes) override;
  MemoryKind kind() const override { return MemoryKind::kHost; }
  Stats stats() const override;
  std::shared_ptr<const void> Lifetime() const override { return weak_from_this().lock(); }
  int64_t limit() const { return limit_; }

 private:
  const int64_t limit_;
  std::atomic<int64_t> in_use_{0};
  std::atomic<int64_t> peak_{0};
  std::atomic<int64_t> allocations_{0};
};

// The allocator behind tensors that belong to no session (never destroyed, no limit).
Allocator& DefaultAllocator();

}  // namespace sluice
