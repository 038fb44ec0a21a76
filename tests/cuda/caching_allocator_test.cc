// The allocator's policy over memory and streams that are made up.
#include "plugins/cuda/caching_allocator.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace sluice::cuda {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMi = size_t{1} << 20;

struct Machine {
  int64_t mapped = 0;
  int maps = 0, unmaps = 0;
  int64_t capacity = INT64_MAX;
  std::map<void*, size_t> pieces;
  // Streams count what was issued; `reached` says how far the device has come.
  uint64_t issued = 0;
  uint64_t reached = 0;
  int waits = 0;
};

class FakeBacking : public MemoryBacking {
 public:
  explicit FakeBacking(Machine& machine) : machine_(machine) {}
  void* Map(size_t bytes) override {
    if (machine_.mapped + static_cast<int64_t>(bytes) > machine_.capacity) return nullptr;
    void* data = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    machine_.mapped += static_cast<int64_t>(bytes);
    ++machine_.maps;
    machine_.pieces[data] = bytes;
    return data;
  }
  void Unmap(void* data, size_t bytes) override {
    ASSERT_EQ(machine_.pieces[data], bytes);
    machine_.pieces.erase(data);
    machine_.mapped -= static_cast<int64_t>(bytes);
    ++machine_.unmaps;
    std::free(data);
  }

 private:
  Machine& machine_;
};

class FakeOrder : public StreamOrder {
 public:
  explicit FakeOrder(Machine& machine) : machine_(machine) {}
  uint64_t Mark(int) override { return ++machine_.issued; }
  bool HasPassed(uint64_t mark) override { return mark <= machine_.reached; }
  void Await(uint64_t mark) override {
    machine_.reached = std::max(machine_.reached, mark);
    ++machine_.waits;
  }

 private:
  Machine& machine_;
};

class CachingAllocatorTest : public ::testing::Test {
 protected:
  std::unique_ptr<CachingAllocator> Make(int64_t limit = 0) {
    CachingAllocator::Options options;
    options.limit = limit;
    return std::make_unique<CachingAllocator>(std::make_unique<FakeBacking>(machine_),
                                              std::make_unique<FakeOrder>(machine_), options);
  }
  Machine machine_;
};

TEST_F(CachingAllocatorTest, GrowsInPiecesAndUsesThemAgain) {
  auto allocator = Make();
  void* a = allocator->Allocate(1000);
  void* b = allocator->Allocate(5 * kMi);
  EXPECT_EQ(machine_.maps, 1) << "both fit into one piece";
  EXPECT_EQ(reinterpret_cast<uintptr_t>(b) % 256, 0u);
  allocator->Deallocate(a, 1000);
  EXPECT_EQ(allocator->Allocate(900), a);
  allocator->Deallocate(b, 5 * kMi);
  void* large = allocator->Allocate(100 * kMi);
  EXPECT_EQ(machine_.maps, 2) << "larger than a piece: one of its own";
  EXPECT_EQ(allocator->mapped_bytes(), static_cast<int64_t>(132 * kMi));
  allocator->Deallocate(large, 100 * kMi);
  EXPECT_EQ(machine_.unmaps, 0) << "kept for the next";
  EXPECT_EQ(allocator->stats().bytes_in_use, 1024);
}

TEST_F(CachingAllocatorTest, NeighboursThatAreFreeBecomeOne) {
  auto allocator = Make();
  void* blocks[32];
  for (void*& block : blocks) block = allocator->Allocate(kMi);
  for (int i = 0; i < 32; i += 2) allocator->Deallocate(blocks[i], kMi);
  for (int i = 31; i > 0; i -= 2) allocator->Deallocate(blocks[i], kMi);
  EXPECT_EQ(allocator->Allocate(32 * kMi), blocks[0]);
  EXPECT_EQ(machine_.maps, 1);
}

TEST_F(CachingAllocatorTest, TheLimitIsHard) {
  auto allocator = Make(10 * kMi + 4096);
  void* a = allocator->Allocate(8 * kMi);
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(allocator->Allocate(4 * kMi), nullptr);
  EXPECT_LE(machine_.mapped, static_cast<int64_t>(10 * kMi + 4096));
  EXPECT_NE(allocator->Allocate(2 * kMi + 4096), nullptr) << "up to the last byte";
  EXPECT_EQ(allocator->Allocate(1), nullptr);
  EXPECT_EQ(allocator->Allocate(SIZE_MAX), nullptr);
  allocator->Deallocate(a, 8 * kMi);
  EXPECT_NE(allocator->Allocate(1), nullptr);
}

TEST_F(CachingAllocatorTest, AtTheLimitUnusedPiecesGoBackForLargerOnes) {
  auto allocator = Make(64 * kMi);
  void* a = allocator->Allocate(20 * kMi);
  void* b = allocator->Allocate(20 * kMi);
  EXPECT_EQ(machine_.maps, 2);
  allocator->Deallocate(a, 20 * kMi);
  allocator->Deallocate(b, 20 * kMi);
  EXPECT_NE(allocator->Allocate(60 * kMi), nullptr) << "neither piece is large enough, and both are unused";
  EXPECT_EQ(machine_.unmaps, 2);
}

TEST_F(CachingAllocatorTest, ADeviceWithoutMoreMemoryIsLikeALimit) {
  machine_.capacity = 8 * kMi;
  auto allocator = Make();
  EXPECT_NE(allocator->Allocate(8 * kMi), nullptr) << "less than a whole piece";
  EXPECT_EQ(allocator->Allocate(kMi), nullptr);
}

TEST_F(CachingAllocatorTest, FreedOnAStreamIsReusedThereAtOnceElsewhereLater) {
  auto allocator = Make();
  void* a = allocator->AllocateOn(0, kMi, "x");
  allocator->DeallocateOn(0, a, kMi);
  void* other = allocator->AllocateOn(1, kMi, "y");
  EXPECT_NE(other, a) << "stream 0 may still write it";
  EXPECT_EQ(allocator->AllocateOn(0, kMi, "z"), a);
  allocator->DeallocateOn(0, a, kMi);
  EXPECT_NE(allocator->Allocate(kMi), a) << "the host knows no order";
  machine_.reached = machine_.issued;
  EXPECT_EQ(allocator->AllocateOn(1, kMi, "w"), a);
  EXPECT_EQ(machine_.waits, 0);
}

TEST_F(CachingAllocatorTest, AtTheLimitStreamsAreWaitedFor) {
  auto allocator = Make(4 * kMi);
  void* a = allocator->AllocateOn(0, 4 * kMi, "x");
  allocator->DeallocateOn(0, a, 4 * kMi);
  EXPECT_EQ(allocator->AllocateOn(1, 3 * kMi, "y"), a);
  EXPECT_EQ(machine_.waits, 1);
}

TEST_F(CachingAllocatorTest, TheReportSaysWhoHoldsWhat) {
  auto allocator = Make(64 * kMi);
  void* w = allocator->AllocateFor(40 * kMi, "variable 'fc6/weights'");
  allocator->AllocateFor(2 * kMi, "a step's arena");
  allocator->AllocateFor(2 * kMi, "a step's arena");
  EXPECT_EQ(allocator->AllocateFor(30 * kMi, "variable 'fc7/weights'"), nullptr);
  std::string report = allocator->Report();
  EXPECT_THAT(report, HasSubstr("limit 64 MiB, "));
  EXPECT_THAT(report, HasSubstr("last refused 30 MiB"));
  EXPECT_THAT(report, HasSubstr("held by variable 'fc6/weights' 40 MiB, a step's arena 4096 KiB (2)"));
  allocator->Deallocate(w, 40 * kMi);
  EXPECT_THAT(allocator->Report(), ::testing::Not(HasSubstr("fc6")));
}

TEST_F(CachingAllocatorTest, EverythingGoesBackInTheEnd) {
  {
    auto allocator = Make();
    allocator->Allocate(kMi);  // even what was never freed
    void* a = allocator->AllocateOn(0, 40 * kMi, "x");
    allocator->DeallocateOn(0, a, 40 * kMi);
    allocator->Trim();
    EXPECT_EQ(machine_.pieces.size(), 1u);
  }
  EXPECT_EQ(machine_.mapped, 0);
  EXPECT_TRUE(machine_.pieces.empty());
}

TEST_F(CachingAllocatorTest, LiveBlocksNeverOverlap) {
  auto allocator = Make(128 * kMi);
  std::mt19937 random(7);
  std::map<char*, std::pair<size_t, int>> live;
  for (int i = 0; i < 20000; ++i) {
    const int stream = static_cast<int>(random() % 3) - 1;
    if (live.size() < 60 && random() % 2 == 0) {
      size_t bytes = random() % (i % 7 == 0 ? 16 * kMi : 64 << 10);
      char* data = static_cast<char*>(allocator->AllocateOn(stream, bytes, "x"));
      if (data == nullptr) continue;
      auto next = live.lower_bound(data);
      if (next != live.end()) {
        ASSERT_LE(data + bytes, next->first);
      }
      if (next != live.begin()) {
        ASSERT_LE(std::prev(next)->first + std::prev(next)->second.first, data);
      }
      live[data] = {bytes, stream};
    } else if (!live.empty()) {
      auto victim = std::next(live.begin(), random() % live.size());
      allocator->DeallocateOn(victim->second.second, victim->first, victim->second.first);
      live.erase(victim);
      if (random() % 8 == 0) machine_.reached = machine_.issued - random() % 3 % (machine_.issued + 1);
    }
    ASSERT_LE(machine_.mapped, static_cast<int64_t>(128 * kMi));
  }
  for (auto& [data, block] : live) allocator->Deallocate(data, block.first);
  allocator->Trim();
  EXPECT_EQ(machine_.mapped, 0);
  EXPECT_EQ(allocator->stats().bytes_in_use, 0);
}

}  // namespace
}  // namespace sluice::cuda
