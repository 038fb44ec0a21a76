#include "io/picture_store.h"

#include "core/status.h"

namespace sluice {
namespace {

// What a kept picture costs beside its pixels.
constexpr int64_t kOverhead = 256;

}  // namespace

PictureStore::PictureStore(std::shared_ptr<const ExampleSource> source,
                           std::shared_ptr<const PictureTransform> transform, const PictureStoreOptions& options)
    : source_(std::move(source)), transform_(std::move(transform)), options_(options) {
  image_.channels = options.channels;
  transform_->LimitDecoding(&image_);
  if (options.cache_bytes > 0) {
    kept_ = std::vector<std::atomic<const LabelledPicture*>>(static_cast<size_t>(source_->size()));
  }
}

PictureStore::~PictureStore() {
  for (auto& kept : kept_) delete kept.load();
}

absl::StatusOr<LabelledPicture> PictureStore::Get(int64_t i, ExampleScratch& scratch) const {
  if (!kept_.empty()) {
    const LabelledPicture* kept = kept_[static_cast<size_t>(i)].load(std::memory_order_acquire);
    if (kept != nullptr) return *kept;
  }
  SLUICE_ASSIGN_OR_RETURN(LabelledPicture example, source_->Read(i, image_, scratch));
  auto resized = transform_->Resize(example.picture);
  if (!resized.ok()) return WithContext(resized.status(), source_->Describe(i));
  example.picture = *std::move(resized);
  if (kept_.empty()) return example;
  const int64_t bytes = static_cast<int64_t>(example.picture.bytes()) + kOverhead;
  int known = -1;
  keeps_.compare_exchange_strong(known, bytes <= options_.cache_bytes / source_->size() ? 1 : 0);
  if (!keeps()) return example;
  if (bytes_.fetch_add(bytes) + bytes > options_.cache_bytes) {
    bytes_.fetch_sub(bytes);
    return example;
  }
  auto copy = std::make_unique<LabelledPicture>(example);
  const LabelledPicture* none = nullptr;
  if (kept_[static_cast<size_t>(i)].compare_exchange_strong(none, copy.get(), std::memory_order_acq_rel)) {
    static_cast<void>(copy.release());
  } else {
    bytes_.fetch_sub(bytes);  // another thread was first
  }
  return example;
}

}  // namespace sluice
