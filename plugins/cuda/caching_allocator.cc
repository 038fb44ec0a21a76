#include "plugins/cuda/caching_allocator.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "core/status.h"

namespace sluice::cuda {
namespace {

// What vector loads and cuDNN want, and more than kTensorAlignment.
constexpr size_t kAlignment = 256;
constexpr size_t kOwnersInReport = 8;

size_t RoundUp(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

std::string Size(int64_t bytes) {
  constexpr int64_t kKi = int64_t{1} << 10, kMi = int64_t{1} << 20;
  if (bytes < 10 * kKi) return absl::StrCat(bytes, " B");
  if (bytes < 10 * kMi) return absl::StrCat(bytes / kKi, " KiB");
  return absl::StrCat(bytes / kMi, " MiB");
}

}  // namespace

CachingAllocator::CachingAllocator(std::unique_ptr<MemoryBacking> backing, std::unique_ptr<StreamOrder> order,
                                   const Options& options)
    : options_(options), backing_(std::move(backing)), order_(std::move(order)) {}

CachingAllocator::~CachingAllocator() {
  CollectPending(/*await=*/true);
  for (auto piece = blocks_.begin(); piece != blocks_.end();) {
    size_t bytes = 0;
    auto next = piece;
    do {
      bytes += next->second.size;
      ++next;
    } while (next != blocks_.end() && !next->second.starts_piece);
    backing_->Unmap(piece->first, bytes);
    piece = next;
  }
}

void* CachingAllocator::AllocateOn(int stream, size_t bytes, absl::string_view owner) {
  if (bytes > PTRDIFF_MAX / 2) return nullptr;
  const size_t size = RoundUp(std::max<size_t>(bytes, 1), kAlignment);
  std::lock_guard lock(mutex_);
  CollectPending(/*await=*/false);
  auto block = FindPending(stream, size);
  if (block == blocks_.end()) block = FindFree(size);
  if (block == blocks_.end()) block = Grow(size);
  if (block == blocks_.end()) {
    refused_ = static_cast<int64_t>(bytes);
    return nullptr;
  }
  return Take(block, size, owner);
}

void CachingAllocator::DeallocateOn(int stream, void* data, size_t) {
  std::lock_guard lock(mutex_);
  auto block = blocks_.find(static_cast<char*>(data));
  SLUICE_CHECK(block != blocks_.end() && block->second.use == Use::kLive);
  stats_.bytes_in_use -= static_cast<int64_t>(block->second.size);
  block->second.owner.clear();
  if (stream == kNoStream || order_ == nullptr) return MakeFree(block);
  block->second.use = Use::kPending;
  block->second.stream = stream;
  block->second.mark = order_->Mark(stream);
  pending_.push_back(block->first);
}

// What was freed on the same stream may be taken without waiting; whole, because what is left of it would not be in order
// with the other streams.
CachingAllocator::Blocks::iterator CachingAllocator::FindPending(int stream, size_t size) {
  auto best = blocks_.end();
  if (stream == kNoStream) return best;
  for (char* data : pending_) {
    auto block = blocks_.find(data);
    const Block& candidate = block->second;
    if (candidate.stream != stream || candidate.size < size || candidate.size > 2 * size) continue;
    if (best == blocks_.end() || candidate.size < best->second.size) best = block;
  }
  return best;
}

CachingAllocator::Blocks::iterator CachingAllocator::FindFree(size_t size) {
  auto fit = free_.lower_bound({size, nullptr});
  return fit == free_.end() ? blocks_.end() : blocks_.find(fit->second);
}

CachingAllocator::Blocks::iterator CachingAllocator::Grow(size_t size) {
  const size_t least = RoundUp(size, options_.granularity);
  for (size_t bytes : {std::max(least, options_.piece), least}) {
    if (auto block = MapPiece(bytes); block != blocks_.end()) return block;
  }
  // Memory that only waits for a stream, then pieces of which nothing is used.
  CollectPending(/*await=*/true);
  if (auto block = FindFree(size); block != blocks_.end()) return block;
  UnmapUnused();
  if (auto block = MapPiece(least); block != blocks_.end()) return block;
  return MapPiece(size);  // the last bytes below a limit that is not a multiple of the granularity
}

CachingAllocator::Blocks::iterator CachingAllocator::MapPiece(size_t bytes) {
  if (options_.limit > 0 && mapped_ + static_cast<int64_t>(bytes) > options_.limit) return blocks_.end();
  char* data = static_cast<char*>(backing_->Map(bytes));
  if (data == nullptr) return blocks_.end();
  mapped_ += static_cast<int64_t>(bytes);
  Block block;
  block.size = bytes;
  block.starts_piece = true;
  free_.emplace(bytes, data);
  return blocks_.emplace(data, std::move(block)).first;
}

void* CachingAllocator::Take(Blocks::iterator block, size_t size, absl::string_view owner) {
  char* data = block->first;
  Block& taken = block->second;
  if (taken.use == Use::kPending) {
    pending_.erase(std::find(pending_.begin(), pending_.end(), data));
  } else {
    free_.erase({taken.size, data});
    if (taken.size > size) {
      Block rest;
      rest.size = taken.size - size;
      free_.emplace(rest.size, data + size);
      blocks_.emplace_hint(std::next(block), data + size, std::move(rest));
      taken.size = size;
    }
  }
  taken.use = Use::kLive;
  taken.owner = std::string(owner);
  stats_.bytes_in_use += static_cast<int64_t>(taken.size);
  stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.bytes_in_use);
  ++stats_.allocations;
  return data;
}

void CachingAllocator::MakeFree(Blocks::iterator block) {
  block->second.use = Use::kFree;
  auto merge_next = [this](Blocks::iterator at) {
    auto next = std::next(at);
    if (next == blocks_.end() || next->second.starts_piece || next->second.use != Use::kFree) return;
    free_.erase({next->second.size, next->first});
    at->second.size += next->second.size;
    blocks_.erase(next);
  };
  merge_next(block);
  if (!block->second.starts_piece) {
    auto before = std::prev(block);
    if (before->second.use == Use::kFree) {
      free_.erase({before->second.size, before->first});
      before->second.size += block->second.size;
      blocks_.erase(block);
      block = before;
    }
  }
  free_.emplace(block->second.size, block->first);
}

void CachingAllocator::CollectPending(bool await) {
  std::vector<char*> still;
  for (char* data : pending_) {
    auto block = blocks_.find(data);
    if (await) order_->Await(block->second.mark);
    if (await || order_->HasPassed(block->second.mark)) {
      MakeFree(block);
    } else {
      still.push_back(data);
    }
  }
  pending_ = std::move(still);
}

bool CachingAllocator::IsWholePiece(Blocks::iterator block) const {
  auto next = std::next(block);
  return block->second.starts_piece && (next == blocks_.end() || next->second.starts_piece);
}

void CachingAllocator::UnmapUnused() {
  for (auto block = blocks_.begin(); block != blocks_.end();) {
    if (block->second.use != Use::kFree || !IsWholePiece(block)) {
      ++block;
      continue;
    }
    free_.erase({block->second.size, block->first});
    mapped_ -= static_cast<int64_t>(block->second.size);
    backing_->Unmap(block->first, block->second.size);
    block = blocks_.erase(block);
  }
}

void CachingAllocator::Trim() {
  std::lock_guard lock(mutex_);
  CollectPending(/*await=*/true);
  UnmapUnused();
}

Allocator::Stats CachingAllocator::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

int64_t CachingAllocator::mapped_bytes() const {
  std::lock_guard lock(mutex_);
  return mapped_;
}

std::string CachingAllocator::Report() const {
  struct Owner {
    int64_t bytes = 0;
    int64_t blocks = 0;
    absl::string_view name;
  };
  std::lock_guard lock(mutex_);
  std::map<absl::string_view, Owner> by_name;
  int64_t waiting = 0;
  for (const auto& [data, block] : blocks_) {
    if (block.use == Use::kPending) waiting += static_cast<int64_t>(block.size);
    if (block.use != Use::kLive) continue;
    Owner& owner = by_name[block.owner];
    owner.name = block.owner;
    owner.bytes += static_cast<int64_t>(block.size);
    ++owner.blocks;
  }
  std::vector<Owner> owners;
  for (auto& [name, owner] : by_name) owners.push_back(owner);
  std::sort(owners.begin(), owners.end(), [](const Owner& a, const Owner& b) { return a.bytes > b.bytes; });

  std::string text = options_.limit > 0 ? absl::StrCat("limit ", Size(options_.limit), ", ") : "";
  absl::StrAppend(&text, Size(mapped_), " taken from the device, largest free block ",
                  Size(free_.empty() ? 0 : static_cast<int64_t>(free_.rbegin()->first)));
  if (refused_ > 0) absl::StrAppend(&text, ", last refused ", Size(refused_));
  if (waiting > 0) absl::StrAppend(&text, ", ", Size(waiting), " waiting for streams");
  absl::string_view before = "; held by ";
  int64_t rest = 0;
  for (size_t i = 0; i < owners.size(); ++i) {
    if (i >= kOwnersInReport) {
      rest += owners[i].bytes;
      continue;
    }
    absl::StrAppend(&text, before, owners[i].name, " ", Size(owners[i].bytes));
    if (owners[i].blocks > 1) absl::StrAppend(&text, " (", owners[i].blocks, ")");
    before = ", ";
  }
  if (rest > 0) absl::StrAppend(&text, " and ", owners.size() - kOwnersInReport, " more ", Size(rest));
  return text;
}

}  // namespace sluice::cuda
