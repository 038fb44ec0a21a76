// What --data stands for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/dataset.h"
#include "io/input_pipeline.h"
#include "models/batches.h"
#include "tools/common_options.h"

namespace sluice::tools {

struct DataSet {
  ImageDataset images;
  std::vector<std::string> labels;  // names of the classes; empty where they have none
};

// All of a part of a data set in memory, as it is in the files: pictures of one size, neither augmented nor normalised.
// Specs as OpenData takes them, of which only the source counts.
absl::StatusOr<DataSet> LoadData(const std::string& spec, Split split);

// How to write a spec, for --help.
extern const char* const kDataSpecHelp;

// A spec, read: SOURCE[:OPTION]…
//
// SOURCE   fashion-mnist[:DIR]   Debian's package dataset-fashion-mnist, or a folder with its files
//          mnist:DIR, DIR        the same names
//          cifar10:DIR           train.tfrecord, test.tfrecord and labels.txt there
//          tfrecord:GLOB         tf.train.Examples with image/encoded and image/class/label
//          folder:DIR            a folder a class; DIR/train and DIR/test (or val) where they are there
// OPTION   classes=N, labels=FILE, first-label=N  (tfrecord: default labels.txt beside the files)
//          test=GLOB             (tfrecord) the test part
//          holdout=N             (tfrecord, folder) without a test part: every Nth example is one (default 10)
//          channels=1|3, size=S (shorter side) or size=HxW, resize=bilinear|antialias|area
//          crop=N or crop=HxW, pad=N, flip, flip=no, brightness=X, contrast=X, saturation=X, pca=X
//          ten-crop              (test part) the mean over ten windows counts
//          mean=X[/Y/Z]|dataset|pixel, std=X[/Y/Z]|dataset, scale=X[/Y/Z]
//          cache=SIZE|no, shuffle=N, threads=N, prefetch=N, on-bad=fail|skip
struct DataSpec {
  enum class Source { kMnist, kCifar10, kTFRecord, kFolder };
  Source source = Source::kMnist;
  bool is_fashion = false;
  std::string path, test_path, labels_path;
  int64_t classes = 0, first_label = 0, holdout = 10, channels = 0;
  AugmentOptions augment;  // without what comes from the data
  enum class Statistic { kGiven, kDataset, kPixel };
  Statistic mean = Statistic::kGiven, deviation = Statistic::kGiven;
  bool is_normalized = false;  // by the user's options rather than by default
  bool ten_crop = false;
  int64_t cache_bytes = int64_t{1} << 30;
  int64_t shuffle_buffer = 0, threads = 1, prefetch = 4;
  OnBad on_bad = OnBad::kFail;
};
// A usage error names what it does not know.
absl::StatusOr<DataSpec> ParseDataSpec(const std::string& spec);

struct DataBatchOptions {
  int64_t batch = 64;
  DataType dtype = DataType::kFloat;  // of the network's pictures; uint8 are neither normalised nor scaled
  uint64_t seed = 1;
};

// Says what is left out as warnings: the first ones one by one, then only that there are more.
std::shared_ptr<BadExamples> WarnOfBadExamples(LogLevel level);

// Training and test part of a data set, ready to make batches.
class OpenedData {
 public:
  // The files' errors, with file and record. A usage error for a spec that is none.
  static absl::StatusOr<std::unique_ptr<OpenedData>> Open(const std::string& spec, std::shared_ptr<BadExamples> bad);

  int classes() const { return training_->source().classes(); }
  const std::vector<std::string>& labels() const { return training_->source().labels(); }
  const Shape& picture_shape() const { return shape_; }  // [height, width, channels], as batches have it
  // How many examples were skipped so far, each counted once a part.
  int64_t bad_count() const { return bad_->count(); }
  // Rows of a test batch that belong to one example, one after another: 10 with ten-crop, else 1.
  int test_views() const { return spec_.ten_crop ? ViewsOf(PictureView::kTenCrops) : 1; }

  // Shuffled and augmented; every batch is full.
  absl::StatusOr<std::unique_ptr<BatchSource>> Training(const DataBatchOptions& options) const;
  // All examples, in order, the centre of each (or its ten crops); `batch` counts examples.
  absl::StatusOr<std::unique_ptr<BatchSource>> Test(const DataBatchOptions& options) const;

 private:
  OpenedData(DataSpec spec, std::shared_ptr<BadExamples> bad) : spec_(std::move(spec)), bad_(std::move(bad)) {}
  absl::Status OpenSources();
  absl::Status TakeStatistics();
  absl::StatusOr<std::unique_ptr<BatchSource>> Make(const std::shared_ptr<const PictureStore>& store,
                                                    InputPipelineOptions pipeline,
                                                    const DataBatchOptions& options) const;

  DataSpec spec_;
  const std::shared_ptr<BadExamples> bad_;
  std::shared_ptr<const PictureStore> training_, test_;
  std::shared_ptr<const PictureTransform> transform_;
  Shape shape_;
};

}  // namespace sluice::tools
