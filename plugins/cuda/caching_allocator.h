// How a device's memory is kept: taken from the driver in large pieces, cut into blocks, used again.
//
// Taking memory from a driver waits for the device, so it happens when the program grows and not in its steady state.
// Nothing here knows CUDA: the pieces come from a MemoryBacking and the order of the streams' work from a StreamOrder,
// both of which tests replace.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/allocator.h"

namespace sluice::cuda {

// Where the pieces come from. Called under the allocator's lock.
class MemoryBacking {
 public:
  virtual ~MemoryBacking() = default;
  // nullptr where the device has no more.
  virtual void* Map(size_t bytes) = 0;
  virtual void Unmap(void* data, size_t bytes) = 0;
};

// When work that was issued has ended. Called under the allocator's lock.
class StreamOrder {
 public:
  virtual ~StreamOrder() = default;
  // A name for the point that the work issued into `stream` has reached; never 0.
  virtual uint64_t Mark(int stream) = 0;
  virtual bool HasPassed(uint64_t mark) = 0;
  virtual void Await(uint64_t mark) = 0;
};

// Thread-safe. Memory that is freed on a stream may be given out again on the same stream at once, because the device
// does the work in order; elsewhere only when the stream has come that far.
class CachingAllocator : public Allocator {
 public:
  struct Options {
    MemoryKind kind = MemoryKind::kDevice;
    int64_t limit = 0;                     // of all pieces together, in bytes; 0: what the backing gives
    size_t piece = size_t{32} << 20;       // the least that is mapped at once, where the limit allows it
    size_t granularity = size_t{2} << 20;  // pieces are multiples of this
  };
  // `order` may be null where memory is only freed when no work uses it any more.
  CachingAllocator(std::unique_ptr<MemoryBacking> backing, std::unique_ptr<StreamOrder> order, const Options& options);
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;
  ~CachingAllocator() override;  // unmaps everything

  // Memory that no stream uses, before or after.
  void* Allocate(size_t bytes) override { return AllocateOn(kNoStream, bytes, "a tensor"); }
  void* AllocateFor(size_t bytes, absl::string_view owner) override { return AllocateOn(kNoStream, bytes, owner); }
  void Deallocate(void* data, size_t bytes) override { DeallocateOn(kNoStream, data, bytes); }
  // Memory whose first use is work issued into `stream` after this call.
  void* AllocateOn(int stream, size_t bytes, absl::string_view owner);
  // The last use of the memory has been issued into `stream`.
  void DeallocateOn(int stream, void* data, size_t bytes);

  MemoryKind kind() const override { return options_.kind; }
  Stats stats() const override;
  // Bytes that are mapped now.
  int64_t mapped_bytes() const;
  // Unmaps the pieces of which nothing is used. Waits for streams that were the last to use them.
  void Trim();
  // The limit, what is mapped, the largest free block, and the owners of most bytes.
  std::string Report() const override;

  static constexpr int kNoStream = -1;

 private:
  enum class Use : uint8_t { kFree, kPending, kLive };
  struct Block {
    size_t size = 0;
    Use use = Use::kFree;
    bool starts_piece = false;
    int stream = kNoStream;  // kPending: where it was freed
    uint64_t mark = 0;       // kPending
    std::string owner;       // kLive
  };
  using Blocks = std::map<char*, Block>;  // by address; neighbours within a piece touch

  Blocks::iterator FindPending(int stream, size_t size);
  Blocks::iterator FindFree(size_t size);
  Blocks::iterator Grow(size_t size);
  Blocks::iterator MapPiece(size_t bytes);
  void* Take(Blocks::iterator block, size_t size, absl::string_view owner);
  void MakeFree(Blocks::iterator block);
  void CollectPending(bool await);
  void UnmapUnused();
  bool IsWholePiece(Blocks::iterator block) const;

  const Options options_;
  const std::unique_ptr<MemoryBacking> backing_;
  const std::unique_ptr<StreamOrder> order_;
  mutable std::mutex mutex_;
  Blocks blocks_;
  std::set<std::pair<size_t, char*>> free_;
  std::vector<char*> pending_;  // in the order in which they were freed
  int64_t mapped_ = 0;
  int64_t refused_ = 0;  // bytes of the last request that could not be met
  Stats stats_;
};

}  // namespace sluice::cuda
