#include "models/batches.h"

#include <cstring>
#include <numeric>

#include "io/input_pipeline.h"

namespace sluice {

absl::StatusOr<BatchMaker> BatchMaker::Create(const ImageDataset& data, DataType dtype) {
  if (dtype != DataType::kUint8 && dtype != DataType::kFloat && dtype != DataType::kDouble) {
    return absl::UnimplementedError(absl::StrCat("pictures cannot be fed as ", DataTypeName(dtype)));
  }
  return BatchMaker(data, dtype);
}

absl::StatusOr<std::vector<Tensor>> BatchMaker::Make(absl::Span<const int64_t> indices) {
  auto n = static_cast<int64_t>(indices.size());
  if (images_.dtype() == DataType::kInvalid || images_.dim(0) != n) {
    Dims dims = data_->images.shape().dims();
    dims[0] = n;
    SLUICE_ASSIGN_OR_RETURN(images_, Tensor::Create(dtype_, Shape(dims)));
    labels_ = Tensor(DataType::kInt32, Shape{n});
  }
  int64_t pixels = data_->images.num_elements() / std::max<int64_t>(num_examples(), 1);
  const uint8_t* all = data_->images.data<uint8_t>();
  for (int64_t i = 0; i < n; ++i) {
    const uint8_t* from = all + indices[static_cast<size_t>(i)] * pixels;
    if (dtype_ == DataType::kUint8) {
      std::memcpy(images_.data<uint8_t>() + i * pixels, from, static_cast<size_t>(pixels));
    } else if (dtype_ == DataType::kFloat) {
      float* to = images_.data<float>() + i * pixels;
      for (int64_t p = 0; p < pixels; ++p) to[p] = static_cast<float>(from[p]) / 255;
    } else {
      double* to = images_.data<double>() + i * pixels;
      for (int64_t p = 0; p < pixels; ++p) to[p] = from[p] / 255.0;
    }
    labels_.data<int32_t>()[i] = data_->labels.data<int32_t>()[indices[static_cast<size_t>(i)]];
  }
  return std::vector<Tensor>{images_, labels_};
}

namespace {

class ImageBatches : public BatchSource {
 public:
  ImageBatches(BatchMaker maker, const ImageBatchOptions& options) : maker_(std::move(maker)), options_(options) {}

  int64_t num_examples() const override { return maker_.num_examples(); }
  int64_t batch_size() const override { return options_.batch; }
  int64_t num_batches() const override {
    return (num_examples() + (options_.drop_remainder ? 0 : options_.batch - 1)) / options_.batch;
  }
  uint64_t seed() const override { return options_.shuffle ? options_.seed : 0; }

  absl::Status StartEpoch(int64_t epoch, int64_t first_batch) override {
    if (options_.shuffle) {
      order_ = EpochOrder(num_examples(), options_.seed, epoch);
    } else if (order_.empty()) {
      order_.resize(static_cast<size_t>(num_examples()));
      std::iota(order_.begin(), order_.end(), int64_t{0});
    }
    next_ = first_batch;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next(std::vector<Tensor>* feeds) override {
    if (next_ >= num_batches()) return false;
    auto begin = static_cast<size_t>(next_++ * options_.batch);
    auto indices = absl::MakeConstSpan(order_).subspan(begin, static_cast<size_t>(options_.batch));
    SLUICE_ASSIGN_OR_RETURN(*feeds, maker_.Make(indices));
    return true;
  }

 private:
  BatchMaker maker_;
  const ImageBatchOptions options_;
  std::vector<int64_t> order_;
  int64_t next_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BatchSource>> NewImageBatches(const ImageDataset& data,
                                                             const ImageBatchOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(BatchMaker maker, BatchMaker::Create(data, options.dtype));
  if (options.batch < 1 || (options.drop_remainder && options.batch > maker.num_examples())) {
    return absl::InvalidArgumentError(
        absl::StrCat("batches of ", options.batch, " from ", maker.num_examples(), " examples: there is none"));
  }
  return std::make_unique<ImageBatches>(std::move(maker), options);
}

}  // namespace sluice
