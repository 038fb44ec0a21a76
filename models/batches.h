// The order in which a data set is seen, and the batches made from it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/tensor.h"
#include "io/dataset.h"

namespace SLUICE_API sluice {

// Where a training or an evaluation gets its batches from. What StartEpoch makes it give is a function of the source
// and of its two arguments, whatever was read before, on every machine and for every number of threads: that is how
// an interrupted training goes on exactly. Used by one thread at a time; it may read ahead in threads of its own.
class BatchSource {
 public:
  virtual ~BatchSource() = default;

  virtual int64_t num_examples() const = 0;  // of an epoch
  virtual int64_t batch_size() const = 0;
  virtual int64_t num_batches() const = 0;  // of an epoch: every epoch gives as many
  // What the order and the augmentation follow from; kept in checkpoints. 0 where there is nothing random.
  virtual uint64_t seed() const = 0;
  // The next batch is number `first_batch` of epoch `epoch`, both from 0.
  virtual absl::Status StartEpoch(int64_t epoch, int64_t first_batch) = 0;
  // Fills `feeds` with {images [n, …], labels int32 [n]} and returns true; false at the epoch's end. All batches but
  // the last have n = batch_size(). The tensors' elements stay as they are until the next call. Errors say which
  // file and record it was.
  virtual absl::StatusOr<bool> Next(std::vector<Tensor>* feeds) = 0;
};

struct ImageBatchOptions {
  int64_t batch = 64;
  DataType dtype = DataType::kUint8;  // of the pictures, see BatchMaker
  bool shuffle = true;                // as EpochOrder (io/input_pipeline.h) has it; otherwise in the order of the data
  uint64_t seed = 1;
  // Leaves out of each epoch the examples that do not fill a batch: a training wants all batches alike.
  bool drop_remainder = true;
};
// Batches of pictures in memory, which must outlive it. InvalidArgument for a batch that is below 1, or, with
// drop_remainder, larger than the data.
absl::StatusOr<std::unique_ptr<BatchSource>> NewImageBatches(const ImageDataset& data,
                                                             const ImageBatchOptions& options);

// Gathers pictures and labels into tensors that are used again for each batch.
class BatchMaker {
 public:
  // Pictures become `dtype`: uint8 as they are, float and double divided by 255. Unimplemented for other types.
  // The data set must outlive it.
  static absl::StatusOr<BatchMaker> Create(const ImageDataset& data, DataType dtype);

  int64_t num_examples() const { return data_->labels.num_elements(); }
  // {images [n, …], labels [n]} of the examples `indices`, valid until the next call.
  absl::StatusOr<std::vector<Tensor>> Make(absl::Span<const int64_t> indices);

 private:
  BatchMaker(const ImageDataset& data, DataType dtype) : data_(&data), dtype_(dtype) {}

  const ImageDataset* data_;
  DataType dtype_;
  Tensor images_, labels_;
};

}  // namespace sluice
