#include "io/input_pipeline.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include "absl/strings/str_cat.h"

#include "core/status.h"

namespace sluice {
namespace {

constexpr int64_t kPieceRows = 16;
// How many examples are tried in place of one that cannot be read, before the data set is held to be broken.
constexpr int kSubstitutes = 100;

}  // namespace

std::vector<int64_t> EpochOrder(int64_t n, uint64_t seed, int64_t epoch, int64_t shuffle_buffer) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::mt19937_64 random(seed * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(epoch));
  if (shuffle_buffer <= 0 || shuffle_buffer >= n) {
    // Fisher and Yates, written out: std::shuffle and the distributions differ between libraries, the engine does not.
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    return order;
  }
  std::vector<int64_t> buffer(order.begin(), order.begin() + shuffle_buffer);
  for (int64_t i = 0; i < n; ++i) {
    const size_t taken = random() % buffer.size();
    order[static_cast<size_t>(i)] = buffer[taken];
    if (i + shuffle_buffer < n) {
      buffer[taken] = i + shuffle_buffer;
    } else {
      buffer[taken] = buffer.back();
      buffer.pop_back();
    }
  }
  return order;
}

InputPipeline::InputPipeline(std::shared_ptr<const PictureStore> store,
                             std::shared_ptr<const PictureTransform> transform, const InputPipelineOptions& options,
                             std::shared_ptr<BadExamples> bad)
    : store_(std::move(store)),
      transform_(std::move(transform)),
      options_(options),
      bad_(std::move(bad)),
      is_bad_(static_cast<size_t>(store_->size())) {
  // Pieces are the smaller, the fewer there would be for the threads.
  piece_rows_ = std::clamp<int64_t>(options.batch / (4 * std::max(options.threads, 1)), 1, kPieceRows);
}

absl::StatusOr<std::unique_ptr<InputPipeline>> InputPipeline::Create(std::shared_ptr<const PictureStore> store,
                                                                     std::shared_ptr<const PictureTransform> transform,
                                                                     const InputPipelineOptions& options,
                                                                     std::shared_ptr<BadExamples> bad) {
  if (options.batch < 1 || store->size() < 1 || (options.drop_remainder && options.batch > store->size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("batches of ", options.batch, " from ", store->size(), " examples: there is none"));
  }
  if (options.threads < 0 || options.threads > 1024 || options.prefetch < 1 || options.prefetch > (1 << 20)) {
    return absl::InvalidArgumentError(
        absl::StrCat("input: ", options.threads, " threads, ", options.prefetch, " batches ahead"));
  }
  if (options.dtype != DataType::kUint8 && options.dtype != DataType::kFloat && options.dtype != DataType::kDouble) {
    return absl::UnimplementedError(absl::StrCat("pictures cannot be fed as ", DataTypeName(options.dtype)));
  }
  std::unique_ptr<InputPipeline> pipeline(
      new InputPipeline(std::move(store), std::move(transform), options, std::move(bad)));
  SLUICE_RETURN_IF_ERROR(pipeline->LearnShape());
  SLUICE_RETURN_IF_ERROR(pipeline->AllocateSlots());
  SLUICE_RETURN_IF_ERROR(pipeline->StartEpoch(0, 0));
  for (int i = 0; i < options.threads; ++i) pipeline->threads_.emplace_back([p = pipeline.get()] { p->Work(); });
  return pipeline;
}

InputPipeline::~InputPipeline() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

int64_t InputPipeline::num_batches() const {
  return (store_->size() + (options_.drop_remainder ? 0 : options_.batch - 1)) / options_.batch;
}

// The first example that can be read decides.
absl::Status InputPipeline::LearnShape() {
  absl::Status first;
  for (int64_t i = 0; i < std::min<int64_t>(store_->size(), kSubstitutes); ++i) {
    auto example = store_->Get(i, own_scratch_.example);
    if (example.ok()) {
      auto shape = transform_->OutputShape(example->picture.shape());
      if (!shape.ok()) return WithContext(shape.status(), store_->source().Describe(i));
      shape_ = *std::move(shape);
      return absl::OkStatus();
    }
    if (options_.on_bad == OnBad::kFail) return example.status();
    if (first.ok()) first = example.status();
  }
  return first;
}

absl::Status InputPipeline::AllocateSlots() {
  slots_.resize(static_cast<size_t>(options_.threads == 0 ? 1 : options_.prefetch + 1));
  const int64_t rows = options_.batch * views();
  for (Slot& slot : slots_) {
    SLUICE_ASSIGN_OR_RETURN(slot.images,
                            Tensor::Create(options_.dtype, Shape{rows, shape_.dim(0), shape_.dim(1), shape_.dim(2)}));
    SLUICE_ASSIGN_OR_RETURN(slot.labels, Tensor::Create(DataType::kInt32, Shape{rows}));
    slot.is_missing.resize(static_cast<size_t>(options_.batch));
  }
  return absl::OkStatus();
}

int64_t InputPipeline::RowsOf(int64_t batch) const {
  const int64_t begin = batch % num_batches() * options_.batch;
  return std::min(options_.batch, store_->size() - begin);
}

// REQUIRES: mutex_ is held.
InputPipeline::Order InputPipeline::OrderOf(int64_t epoch) {
  if (!options_.shuffle) epoch = 0;
  Order& order = orders_[epoch];
  if (order == nullptr) {
    std::vector<int64_t> indices;
    if (options_.shuffle) {
      indices = EpochOrder(store_->size(), options_.seed, epoch, options_.shuffle_buffer);
    } else {
      indices.resize(static_cast<size_t>(store_->size()));
      std::iota(indices.begin(), indices.end(), int64_t{0});
    }
    order = std::make_shared<const std::vector<int64_t>>(std::move(indices));
    Order keep = order;
    if (orders_.size() > 2) orders_.erase(orders_.begin()->first == epoch ? std::prev(orders_.end()) : orders_.begin());
    return keep;
  }
  return order;
}

// The slots after the one that the caller holds are free up to `prefetch` batches ahead. An evaluation stops at its
// epoch's end: who knows when the next one is.
bool InputPipeline::CanTake() const {
  const int64_t ahead = made_batch_ - consumed_;
  if (ahead >= static_cast<int64_t>(slots_.size()) - (holds_ ? 1 : 0)) return false;
  return options_.shuffle || made_batch_ < epoch_end_;
}

// REQUIRES: CanTake(), mutex_ is held.
InputPipeline::Piece InputPipeline::Take() {
  Slot& slot = SlotOf(made_batch_);
  if (made_row_ == 0) {
    slot.rows = RowsOf(made_batch_);
    slot.pieces_left = (slot.rows + piece_rows_ - 1) / piece_rows_;
    std::fill(slot.is_missing.begin(), slot.is_missing.end(), uint8_t{0});
    slot.failed_row = -1;
    slot.status = absl::OkStatus();
  }
  Piece piece{made_batch_, made_row_, std::min(made_row_ + piece_rows_, slot.rows)};
  made_row_ = piece.end;
  if (made_row_ == slot.rows) {
    ++made_batch_;
    made_row_ = 0;
  }
  return piece;
}

void InputPipeline::Work() {
  Scratch scratch;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return is_ending_ || (!is_paused_ && CanTake()); });
    if (is_ending_) return;
    const Piece piece = Take();
    const Order order = OrderOf(piece.batch / num_batches());
    ++busy_;
    lock.unlock();
    Make(piece, *order, scratch);
    lock.lock();
    --busy_;
    if (--SlotOf(piece.batch).pieces_left == 0 || is_paused_) done_.notify_all();
  }
}

absl::StatusOr<LabelledPicture> InputPipeline::Checked(int64_t i, Scratch& scratch) {
  SLUICE_ASSIGN_OR_RETURN(LabelledPicture example, store_->Get(i, scratch.example));
  auto shape = transform_->OutputShape(example.picture.shape());
  if (!shape.ok()) return WithContext(shape.status(), store_->source().Describe(i));
  if (*shape != shape_) {
    return absl::InvalidArgumentError(absl::StrCat(store_->source().Describe(i), ": a picture ", shape->ToString(),
                                                   " among others ", shape_.ToString(),
                                                   " (a size to resize or crop "
                                                   "to makes them alike)"));
  }
  return example;
}

// Example `i`, or, where it cannot be read and batches have to be full, one in its place; its number goes to `used`.
absl::StatusOr<LabelledPicture> InputPipeline::Example(int64_t i, int64_t epoch, int64_t* used, Scratch& scratch) {
  *used = i;
  absl::StatusOr<LabelledPicture> example = Checked(i, scratch);
  if (example.ok() || options_.on_bad == OnBad::kFail) return example;
  // Other than what augments it.
  ExampleRandom random(options_.seed ^ 0x5bd1e995, epoch, i);
  for (int attempt = 0; !example.ok(); ++attempt) {
    {
      std::lock_guard lock(mutex_);
      uint8_t& is_bad = is_bad_[static_cast<size_t>(*used)];
      if (is_bad == 0 && bad_ != nullptr) bad_->Add(example.status());
      is_bad = 1;
    }
    if (!options_.drop_remainder || attempt == kSubstitutes) return example;
    *used = random.Below(store_->size());
    example = Checked(*used, scratch);
  }
  return example;
}

void InputPipeline::Make(const Piece& piece, const std::vector<int64_t>& order, Scratch& scratch) {
  Slot& slot = SlotOf(piece.batch);
  const int64_t epoch = piece.batch / num_batches();
  const int64_t begin = piece.batch % num_batches() * options_.batch;
  const int64_t per_example = shape_.num_elements() * views();
  const size_t bytes = static_cast<size_t>(per_example) * DataTypeSize(options_.dtype);
  for (int64_t row = piece.begin; row < piece.end; ++row) {
    int64_t used = 0;
    auto example = Example(order[static_cast<size_t>(begin + row)], epoch, &used, scratch);
    if (!example.ok()) {
      if (options_.on_bad == OnBad::kSkip && !options_.drop_remainder) {
        slot.is_missing[static_cast<size_t>(row)] = 1;
        continue;
      }
      std::lock_guard lock(mutex_);
      if (slot.failed_row < 0 || row < slot.failed_row) {
        slot.failed_row = row;
        slot.status = example.status();
      }
      return;
    }
    ExampleRandom random(options_.seed, epoch, used);
    transform_->Render(example->picture, options_.view, random, options_.dtype,
                       static_cast<char*>(slot.images.raw()) + static_cast<size_t>(row) * bytes, scratch.row);
    std::fill_n(slot.labels.data<int32_t>() + row * views(), views(), example->label);
  }
}

// Waits until no thread is at work; what was made is forgotten. REQUIRES: not paused by another.
void InputPipeline::Stop() {
  std::unique_lock lock(mutex_);
  is_paused_ = true;
  done_.wait(lock, [&] { return busy_ == 0; });
}

absl::Status InputPipeline::StartEpoch(int64_t epoch, int64_t first_batch) {
  if (epoch < 0 || first_batch < 0 || first_batch > num_batches()) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch ", first_batch, " of epoch ", epoch, "; an epoch has ", num_batches()));
  }
  const int64_t target = epoch * num_batches() + first_batch;
  bool goes_on;
  {
    std::lock_guard lock(mutex_);
    goes_on = !is_paused_ && target == consumed_;
  }
  if (!goes_on) Stop();
  {
    std::lock_guard lock(mutex_);
    if (!goes_on) {
      consumed_ = made_batch_ = target;
      made_row_ = 0;
      holds_ = false;
    }
    epoch_end_ = (epoch + 1) * num_batches();
    is_paused_ = false;
  }
  wake_.notify_all();
  return absl::OkStatus();
}

// Moves the rows that are there over those that are missing.
void InputPipeline::DropMissing(Slot& slot) const {
  const size_t bytes = static_cast<size_t>(shape_.num_elements() * views()) * DataTypeSize(options_.dtype);
  const auto label_bytes = static_cast<size_t>(views()) * sizeof(int32_t);
  auto* images = static_cast<char*>(slot.images.raw());
  auto* labels = static_cast<char*>(slot.labels.raw());
  size_t kept = 0;
  for (size_t row = 0; row < static_cast<size_t>(slot.rows); ++row) {
    if (slot.is_missing[row] != 0) continue;
    if (kept != row) {
      std::memcpy(images + kept * bytes, images + row * bytes, bytes);
      std::memcpy(labels + kept * label_bytes, labels + row * label_bytes, label_bytes);
    }
    ++kept;
  }
  slot.rows = static_cast<int64_t>(kept);
}

absl::StatusOr<bool> InputPipeline::Next(std::vector<Tensor>* feeds) {
  Slot* slot = nullptr;
  do {
    std::unique_lock lock(mutex_);
    holds_ = false;
    if (consumed_ >= epoch_end_) return false;
    const int64_t batch = consumed_;
    slot = &SlotOf(batch);
    if (threads_.empty()) {
      while (made_batch_ == batch) {
        const Piece piece = Take();
        const Order order = OrderOf(batch / num_batches());
        lock.unlock();
        Make(piece, *order, own_scratch_);
        lock.lock();
        --slot->pieces_left;
      }
    } else {
      wake_.notify_all();
      done_.wait(lock, [&] { return made_batch_ > batch && slot->pieces_left == 0; });
    }
    ++consumed_;
    holds_ = true;
    SLUICE_RETURN_IF_ERROR(slot->status);
    lock.unlock();
    if (options_.on_bad == OnBad::kSkip) DropMissing(*slot);
  } while (slot->rows == 0);
  const int64_t rows = slot->rows * views();
  feeds->assign(
      {Tensor(options_.dtype, Shape{rows, shape_.dim(0), shape_.dim(1), shape_.dim(2)}, slot->images.buffer()),
       Tensor(DataType::kInt32, Shape{rows}, slot->labels.buffer())});
  return true;
}

}  // namespace sluice
