// The data set behind a spec: statistics, and batches.
#include <algorithm>
#include <cstring>

#include "core/status.h"
#include "models/pipeline_batches.h"
#include "tools/data_sources.h"
#include "tools/data_spec.h"
#include "tools/exit_code.h"

namespace sluice::tools {
namespace {

// More pictures than that change a mean or a principal component by nothing that counts.
constexpr int64_t kStatisticsPictures = 50000;
constexpr int64_t kToldBadExamples = 20;

absl::StatusOr<std::shared_ptr<const PictureTransform>> ShareTransform(AugmentOptions options) {
  SLUICE_ASSIGN_OR_RETURN(PictureTransform transform, PictureTransform::Create(std::move(options)));
  return std::make_shared<const PictureTransform>(std::move(transform));
}

// A picture or a label that is wrong is a malformed file, whoever it is that asks for the batch.
class FileBatches : public BatchSource {
 public:
  explicit FileBatches(std::unique_ptr<BatchSource> batches) : batches_(std::move(batches)) {}
  int64_t num_examples() const override { return batches_->num_examples(); }
  int64_t batch_size() const override { return batches_->batch_size(); }
  int64_t num_batches() const override { return batches_->num_batches(); }
  uint64_t seed() const override { return batches_->seed(); }
  absl::Status StartEpoch(int64_t epoch, int64_t first_batch) override {
    return batches_->StartEpoch(epoch, first_batch);
  }
  absl::StatusOr<bool> Next(std::vector<Tensor>* feeds) override {
    auto more = batches_->Next(feeds);
    if (absl::IsInvalidArgument(more.status())) return WithExitCode(more.status(), ExitCode::kMalformed);
    return more;
  }

 private:
  const std::unique_ptr<BatchSource> batches_;
};

// Nothing but the resizing, which is all that kept pictures have gone through.
AugmentOptions ResizeOnly(const AugmentOptions& options) {
  return {.shorter_side = options.shorter_side,
          .resize_height = options.resize_height,
          .resize_width = options.resize_width,
          .resize = options.resize};
}

absl::StatusOr<ColorStatistics> StatisticsOf(const PictureStore& store, bool with_mean_picture, OnBad on_bad) {
  ColorStatistics statistics(with_mean_picture);
  ExampleScratch scratch;
  const int64_t step = std::max<int64_t>(1, store.size() / kStatisticsPictures);
  for (int64_t i = 0; i < store.size(); i += step) {
    auto example = store.Get(i, scratch);
    absl::Status status = example.ok() ? statistics.Add(example->picture) : example.status();
    if (!status.ok() && on_bad == OnBad::kFail) {
      return example.ok() ? WithContext(status, store.source().Describe(i)) : status;
    }
  }
  if (statistics.pictures() == 0) return absl::InvalidArgumentError("none of the pictures can be read");
  return statistics;
}

}  // namespace

std::shared_ptr<BadExamples> WarnOfBadExamples(LogLevel level) {
  return std::make_shared<BadExamples>([level, told = int64_t{0}](const std::string& message) mutable {
    if (++told <= kToldBadExamples) LogWarning(level, absl::StrCat("left out: ", message));
    if (told == kToldBadExamples) LogWarning(level, "what else is left out is only counted");
  });
}

absl::StatusOr<DataSet> LoadData(const std::string& text, Split split) {
  SLUICE_ASSIGN_OR_RETURN(DataSpec spec, ParseDataSpec(text));
  SLUICE_ASSIGN_OR_RETURN(DataSources sources, OpenDataSources(spec, nullptr));
  const ExampleSource& source = split == Split::kTrain ? *sources.training : *sources.test;
  DataSet data;
  data.labels = source.labels();
  data.images.classes = source.classes();
  data.images.labels = Tensor(DataType::kInt32, Shape{source.size()});
  SLUICE_ASSIGN_OR_RETURN(PictureTransform resize, PictureTransform::Create(ResizeOnly(spec.augment)));
  ImageOptions image{.channels = static_cast<int>(spec.channels)};
  resize.LimitDecoding(&image);
  ExampleScratch scratch;
  int64_t size = 0;
  Shape shape;
  for (int64_t i = 0; i < source.size(); ++i) {
    SLUICE_ASSIGN_OR_RETURN(LabelledPicture example, source.Read(i, image, scratch));
    SLUICE_ASSIGN_OR_RETURN(Tensor picture, resize.Resize(example.picture));
    if (i == 0) {
      shape = picture.shape();
      size = picture.num_elements();
      SLUICE_ASSIGN_OR_RETURN(data.images.images, Tensor::Create(DataType::kUint8, Shape{source.size(), shape.dim(0),
                                                                                         shape.dim(1), shape.dim(2)}));
    } else if (picture.shape() != shape) {
      return absl::InvalidArgumentError(absl::StrCat(source.Describe(i), ": a picture ", picture.shape().ToString(),
                                                     " among others ", shape.ToString()));
    }
    std::memcpy(data.images.images.data<uint8_t>() + i * size, picture.raw(), static_cast<size_t>(size));
    data.images.labels.data<int32_t>()[i] = example.label;
  }
  return data;
}

absl::StatusOr<std::unique_ptr<OpenedData>> OpenedData::Open(const std::string& text,
                                                             std::shared_ptr<BadExamples> bad) {
  SLUICE_ASSIGN_OR_RETURN(DataSpec spec, ParseDataSpec(text));
  if (bad == nullptr) bad = std::make_shared<BadExamples>();
  std::unique_ptr<OpenedData> data(new OpenedData(std::move(spec), std::move(bad)));
  SLUICE_RETURN_IF_ERROR(data->OpenSources());
  SLUICE_RETURN_IF_ERROR(data->TakeStatistics());
  // What the batches will look like, by the first picture; the pipeline is not started for that.
  InputPipelineOptions once{.batch = 1,
                            .view = PictureView::kCenter,
                            .shuffle = false,
                            .drop_remainder = false,
                            .threads = 0,
                            .on_bad = data->spec_.on_bad};
  auto pipeline = InputPipeline::Create(data->training_, data->transform_, once, data->bad_);
  if (!pipeline.ok()) return pipeline.status();
  data->shape_ = (*pipeline)->picture_shape();
  return data;
}

absl::Status OpenedData::OpenSources() {
  SLUICE_ASSIGN_OR_RETURN(DataSources sources, OpenDataSources(spec_, bad_.get()));
  SLUICE_ASSIGN_OR_RETURN(auto resize, ShareTransform(ResizeOnly(spec_.augment)));
  const PictureStoreOptions options{.channels = static_cast<int>(spec_.channels), .cache_bytes = spec_.cache_bytes};
  training_ = std::make_shared<const PictureStore>(sources.training, resize, options);
  test_ = std::make_shared<const PictureStore>(sources.test, resize, options);
  return absl::OkStatus();
}

absl::Status OpenedData::TakeStatistics() {
  AugmentOptions augment = spec_.augment;
  const bool wants_pixel = spec_.mean == DataSpec::Statistic::kPixel;
  if (wants_pixel || augment.pca > 0 || spec_.mean == DataSpec::Statistic::kDataset ||
      spec_.deviation == DataSpec::Statistic::kDataset) {
    SLUICE_ASSIGN_OR_RETURN(ColorStatistics statistics, StatisticsOf(*training_, wants_pixel, spec_.on_bad));
    if (spec_.mean == DataSpec::Statistic::kDataset) augment.mean = statistics.Mean();
    if (wants_pixel) augment.mean_picture = statistics.MeanPicture();
    if (spec_.deviation == DataSpec::Statistic::kDataset) {
      augment.scale.clear();
      for (float deviation : statistics.Deviation()) augment.scale.push_back(1 / std::max(deviation, 1e-3f));
    }
    if (augment.pca > 0) {
      SLUICE_ASSIGN_OR_RETURN(augment.components, statistics.Components());
    }
  }
  SLUICE_ASSIGN_OR_RETURN(transform_, ShareTransform(std::move(augment)));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<BatchSource>> OpenedData::Make(const std::shared_ptr<const PictureStore>& store,
                                                              InputPipelineOptions pipeline,
                                                              const DataBatchOptions& options) const {
  if (options.dtype == DataType::kUint8 && spec_.is_normalized) {
    return UsageError(
        "--data: mean, std and scale are for networks that are fed with floats (--input-type float); this one is fed "
        "with uint8");
  }
  pipeline.batch = options.batch;
  pipeline.dtype = options.dtype;
  pipeline.seed = options.seed;
  pipeline.shuffle_buffer = spec_.shuffle_buffer;
  pipeline.threads = static_cast<int>(std::min<int64_t>(spec_.threads, 1024));
  pipeline.prefetch = std::min<int64_t>(spec_.prefetch, 1 << 20);
  pipeline.on_bad = spec_.on_bad;
  SLUICE_ASSIGN_OR_RETURN(auto made, InputPipeline::Create(store, transform_, pipeline, bad_));
  return std::make_unique<FileBatches>(NewPipelineBatches(std::move(made)));
}

absl::StatusOr<std::unique_ptr<BatchSource>> OpenedData::Training(const DataBatchOptions& options) const {
  return Make(training_, {}, options);
}

absl::StatusOr<std::unique_ptr<BatchSource>> OpenedData::Test(const DataBatchOptions& options) const {
  InputPipelineOptions pipeline{.view = spec_.ten_crop ? PictureView::kTenCrops : PictureView::kCenter,
                                .shuffle = false,
                                .drop_remainder = false};
  return Make(test_, pipeline, options);
}

}  // namespace sluice::tools
