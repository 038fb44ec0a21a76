// Batches of labelled pictures, made ahead in threads of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "core/api.h"
#include "core/tensor.h"
#include "io/augment.h"
#include "io/picture_store.h"

namespace SLUICE_API sluice {

struct InputPipelineOptions {
  int64_t batch = 64;
  DataType dtype = DataType::kFloat;  // of the pictures: uint8, float or double
  PictureView view = PictureView::kRandom;
  // Each epoch in an order of its own, a function of seed and epoch; otherwise in the order of the source.
  bool shuffle = true;
  // 0: every order is as likely as any other. Else only that many examples are mixed at a time, the next one always
  // in place of the one that was taken, so that files are read nearly front to back.
  int64_t shuffle_buffer = 0;
  uint64_t seed = 1;
  // Leaves out of each epoch the examples that do not fill a batch.
  bool drop_remainder = true;
  // 0: batches are made when they are asked for, in the caller's thread.
  int threads = 1;
  // How many batches are made ahead. Their memory is all that the pipeline takes, apart from the store's.
  int64_t prefetch = 4;
  // What to do about an example that cannot be read. kSkip: where batches have to be full (drop_remainder), another
  // example, drawn at random, takes its place; elsewhere the batch is shorter.
  OnBad on_bad = OnBad::kFail;
};

// The order of `n` examples in an epoch; see InputPipelineOptions. The same on every machine.
std::vector<int64_t> EpochOrder(int64_t n, uint64_t seed, int64_t epoch, int64_t shuffle_buffer = 0);

// What StartEpoch makes it give is a function of the options and its two arguments, for any number of threads. Used by
// one thread at a time.
class InputPipeline {
 public:
  // Reads one example to learn the shape, which all must have after the transform. InvalidArgument where that cannot
  // be, or for options that make no batch. `bad` (may be null) counts what is skipped, each example once.
  static absl::StatusOr<std::unique_ptr<InputPipeline>> Create(std::shared_ptr<const PictureStore> store,
                                                               std::shared_ptr<const PictureTransform> transform,
                                                               const InputPipelineOptions& options,
                                                               std::shared_ptr<BadExamples> bad);
  ~InputPipeline();
  InputPipeline(const InputPipeline&) = delete;
  InputPipeline& operator=(const InputPipeline&) = delete;

  int64_t num_examples() const { return store_->size(); }
  int64_t num_batches() const;  // of an epoch
  const InputPipelineOptions& options() const { return options_; }
  const Shape& picture_shape() const { return shape_; }  // [height, width, channels]
  // Rows that belong to one example: 10 for ten crops.
  int views() const { return ViewsOf(options_.view); }

  // The next batch is number `first_batch` of epoch `epoch`, both from 0. Costs nothing where that is where it is.
  absl::Status StartEpoch(int64_t epoch, int64_t first_batch);
  // Fills `feeds` with {images [n * views(), height, width, channels], labels int32 [n * views()]} and returns true;
  // false at the epoch's end. They stay as they are until the next call. Errors name file and record.
  absl::StatusOr<bool> Next(std::vector<Tensor>* feeds);

 private:
  // A batch that is being made. Its rows are made in pieces, by whichever thread is free.
  struct Slot {
    Tensor images, labels;
    int64_t rows = 0;         // examples it is to have
    int64_t pieces_left = 0;  // not made yet
    std::vector<uint8_t> is_missing;
    int64_t failed_row = -1;  // the first one, whichever thread saw it
    absl::Status status;
  };
  struct Scratch {
    ExampleScratch example;
    std::vector<float> row;
  };
  struct Piece {
    int64_t batch, begin, end;  // batches are counted through all epochs
  };
  using Order = std::shared_ptr<const std::vector<int64_t>>;

  InputPipeline(std::shared_ptr<const PictureStore> store, std::shared_ptr<const PictureTransform> transform,
                const InputPipelineOptions& options, std::shared_ptr<BadExamples> bad);
  absl::Status LearnShape();
  absl::Status AllocateSlots();
  int64_t RowsOf(int64_t batch) const;
  Slot& SlotOf(int64_t batch) { return slots_[static_cast<size_t>(batch) % slots_.size()]; }
  Order OrderOf(int64_t epoch);
  void Work();
  bool CanTake() const;
  Piece Take();
  void Make(const Piece& piece, const std::vector<int64_t>& order, Scratch& scratch);
  absl::StatusOr<LabelledPicture> Example(int64_t i, int64_t epoch, int64_t* used, Scratch& scratch);
  absl::StatusOr<LabelledPicture> Checked(int64_t i, Scratch& scratch);
  void Stop();
  void DropMissing(Slot& slot) const;

  const std::shared_ptr<const PictureStore> store_;
  const std::shared_ptr<const PictureTransform> transform_;
  const InputPipelineOptions options_;
  const std::shared_ptr<BadExamples> bad_;
  Shape shape_;
  int64_t piece_rows_ = 1;

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<Slot> slots_;
  int64_t consumed_ = 0;    // the batch that Next gives next
  int64_t epoch_end_ = 0;   // where Next returns false
  int64_t made_batch_ = 0;  // the next piece to take is of this batch,
  int64_t made_row_ = 0;    // from this row on
  int64_t busy_ = 0;        // threads that make a piece
  bool holds_ = false;      // the caller still uses the slot before `consumed_`
  bool is_paused_ = true, is_ending_ = false;
  std::map<int64_t, Order> orders_;
  std::vector<uint8_t> is_bad_;  // examples that were reported
  Scratch own_scratch_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
