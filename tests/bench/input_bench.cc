// The input pipeline alone: TFRecords of JPEGs, padded crop, flip, normalisation, batches of 128.
//
//   input_bench FILE.tfrecord THREADS   reads numbers of seconds, a line each, from the standard input, and answers
//                                       each with the pictures a second that it made in that time
//   input_bench FILE.tfrecord THREADS cache    the same with decoded pictures kept in memory
//
// tests/bench/peers/compare_tf_data.py runs it in turn with tf.data.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "io/input_pipeline.h"

namespace {

double Seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

absl::StatusOr<std::unique_ptr<sluice::InputPipeline>> Open(const std::string& path, int threads, bool keeps) {
  SLUICE_ASSIGN_OR_RETURN(auto source, sluice::OpenTFRecordSource({path}, {.classes = 10}));
  SLUICE_ASSIGN_OR_RETURN(auto made, sluice::PictureTransform::Create({.crop_height = 32,
                                                                       .crop_width = 32,
                                                                       .pad = 4,
                                                                       .flip = true,
                                                                       .mean = {125.3f, 123.0f, 113.9f},
                                                                       .scale = {1 / 63.0f, 1 / 62.1f, 1 / 66.7f}}));
  auto transform = std::make_shared<const sluice::PictureTransform>(std::move(made));
  auto store = std::make_shared<const sluice::PictureStore>(
      std::move(source), transform, sluice::PictureStoreOptions{.cache_bytes = keeps ? int64_t{1} << 30 : 0});
  return sluice::InputPipeline::Create(store, transform, {.batch = 128, .threads = threads}, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: input_bench FILE.tfrecord THREADS [cache]\n");
    return 2;
  }
  auto pipeline = Open(argv[1], std::atoi(argv[2]), argc > 3);
  if (!pipeline.ok()) {
    fprintf(stderr, "input_bench: %s\n", pipeline.status().ToString().c_str());
    return 1;
  }
  int64_t epoch = 0;
  std::vector<sluice::Tensor> feeds;
  double seconds = 0;
  while (scanf("%lf", &seconds) == 1) {
    int64_t pictures = 0;
    const double begin = Seconds();
    while (Seconds() - begin < seconds) {
      auto more = (*pipeline)->Next(&feeds);
      if (!more.ok()) {
        fprintf(stderr, "input_bench: %s\n", more.status().ToString().c_str());
        return 1;
      }
      if (*more) {
        pictures += feeds[0].dim(0);
      } else if (absl::Status status = (*pipeline)->StartEpoch(++epoch, 0); !status.ok()) {
        return 1;
      }
    }
    printf("%.1f\n", static_cast<double>(pictures) / (Seconds() - begin));
    fflush(stdout);
  }
  return 0;
}
