#include "models/pipeline_batches.h"

namespace sluice {
namespace {

class PipelineBatches : public BatchSource {
 public:
  explicit PipelineBatches(std::unique_ptr<InputPipeline> pipeline) : pipeline_(std::move(pipeline)) {}

  int64_t num_examples() const override { return pipeline_->num_examples(); }
  int64_t batch_size() const override { return pipeline_->options().batch; }
  int64_t num_batches() const override { return pipeline_->num_batches(); }
  uint64_t seed() const override {
    const InputPipelineOptions& options = pipeline_->options();
    return options.shuffle || options.view == PictureView::kRandom ? options.seed : 0;
  }
  absl::Status StartEpoch(int64_t epoch, int64_t first_batch) override {
    return pipeline_->StartEpoch(epoch, first_batch);
  }
  absl::StatusOr<bool> Next(std::vector<Tensor>* feeds) override { return pipeline_->Next(feeds); }

 private:
  const std::unique_ptr<InputPipeline> pipeline_;
};

}  // namespace

std::unique_ptr<BatchSource> NewPipelineBatches(std::unique_ptr<InputPipeline> pipeline) {
  return std::make_unique<PipelineBatches>(std::move(pipeline));
}

}  // namespace sluice
