// The pictures of a source, decoded and resized; kept in memory as far as that is allowed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/api.h"
#include "io/augment.h"
#include "io/example_source.h"

namespace SLUICE_API sluice {

struct PictureStoreOptions {
  int channels = 0;  // 0: as the files have them
  // Decoded pictures are kept while they take at most this, and only where all of them would (by the first one's size).
  int64_t cache_bytes = 0;
};

// Thread-safe.
class PictureStore {
 public:
  // `transform` gives the size that pictures are kept at.
  PictureStore(std::shared_ptr<const ExampleSource> source, std::shared_ptr<const PictureTransform> transform,
               const PictureStoreOptions& options);
  ~PictureStore();
  PictureStore(const PictureStore&) = delete;
  PictureStore& operator=(const PictureStore&) = delete;

  const ExampleSource& source() const { return *source_; }
  int64_t size() const { return source_->size(); }
  // REQUIRES: 0 <= i < size(). The picture may be shared: it is not to be written to.
  absl::StatusOr<LabelledPicture> Get(int64_t i, ExampleScratch& scratch) const;
  // Whether pictures are kept; known after the first Get.
  bool keeps() const { return keeps_.load(std::memory_order_relaxed) == 1; }

 private:
  const std::shared_ptr<const ExampleSource> source_;
  const std::shared_ptr<const PictureTransform> transform_;
  const PictureStoreOptions options_;
  ImageOptions image_;
  mutable std::atomic<int> keeps_{-1};  // 1 yes, 0 no, -1 not known
  mutable std::atomic<int64_t> bytes_{0};
  mutable std::vector<std::atomic<const LabelledPicture*>> kept_;
};

}  // namespace sluice
