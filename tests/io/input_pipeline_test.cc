#include "io/input_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "tests/io/picture_files.h"
#include "tests/io/temporary_folder.h"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class InputPipelineTest : public ::testing::Test {
 protected:
  void Write(const std::string& bytes) { WriteTestBytes(folder_ / "f", bytes); }

  absl::StatusOr<std::unique_ptr<InputPipeline>> Open(
      InputPipelineOptions options, int64_t cache_bytes = 0,
      AugmentOptions augment = {.crop_height = 8, .crop_width = 8, .pad = 2, .flip = true, .brightness = 0.1}) {
    bad_ = std::make_shared<BadExamples>();
    SLUICE_ASSIGN_OR_RETURN(
        auto source, OpenTFRecordSource({folder_ / "f"}, {.classes = 3, .on_bad = options.on_bad, .bad = bad_.get()}));
    SLUICE_ASSIGN_OR_RETURN(PictureTransform made, PictureTransform::Create(augment));
    auto transform = std::make_shared<const PictureTransform>(std::move(made));
    store_ = std::make_shared<const PictureStore>(std::move(source), transform,
                                                  PictureStoreOptions{.cache_bytes = cache_bytes});
    return InputPipeline::Create(store_, transform, options, bad_);
  }

  TemporaryFolder folder_;
  std::shared_ptr<BadExamples> bad_;
  std::shared_ptr<const PictureStore> store_;
};

// The rest of the epoch, with memory of its own.
std::vector<std::vector<Tensor>> Drain(InputPipeline& pipeline) {
  std::vector<std::vector<Tensor>> batches;
  std::vector<Tensor> feeds;
  for (;;) {
    auto more = pipeline.Next(&feeds);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return batches;
    batches.push_back({*feeds[0].Clone(), *feeds[1].Clone()});
  }
}

TEST_F(InputPipelineTest, TheSameStreamForAnyThreadsAndCache) {
  Write(TFRecordsOf(53));
  InputPipelineOptions options{.batch = 8, .seed = 7, .threads = 0};
  auto one = *Open(options);
  std::vector<std::vector<std::vector<Tensor>>> expected;
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    ASSERT_TRUE(one->StartEpoch(epoch, 0).ok());
    expected.push_back(Drain(*one));
    EXPECT_EQ(expected.back().size(), 6u);
  }
  EXPECT_NE(expected[0], expected[1]);
  for (int threads : {1, 2, 4}) {
    for (int64_t cache : {0, 1 << 20}) {
      for (int64_t prefetch : {1, 5, 20}) {
        options.threads = threads;
        options.prefetch = prefetch;
        auto pipeline = *Open(options, cache);
        for (int64_t epoch = 0; epoch < 3; ++epoch) {
          ASSERT_TRUE(pipeline->StartEpoch(epoch, 0).ok());
          EXPECT_EQ(Drain(*pipeline), expected[static_cast<size_t>(epoch)]) << threads << " " << cache << " " << epoch;
        }
        EXPECT_EQ(store_->keeps(), cache > 0);
        // Back, and into the midst of it.
        ASSERT_TRUE(pipeline->StartEpoch(1, 4).ok());
        std::vector<std::vector<Tensor>> rest = Drain(*pipeline);
        ASSERT_EQ(rest.size(), 2u);
        EXPECT_EQ(rest[0], expected[1][4]);
        EXPECT_EQ(rest[1], expected[1][5]);
      }
    }
  }
  options.seed = 8;
  auto other = *Open(options);
  ASSERT_TRUE(other->StartEpoch(0, 0).ok());
  EXPECT_NE(Drain(*other), expected[0]);
}

TEST_F(InputPipelineTest, AnEvaluationSeesEveryExampleOnceInOrder) {
  Write(TFRecordsOf(10));
  for (int threads : {0, 1, 3}) {
    auto pipeline = *Open(
        {.batch = 4, .view = PictureView::kCenter, .shuffle = false, .drop_remainder = false, .threads = threads});
    EXPECT_EQ(pipeline->num_batches(), 3);
    for (int round = 0; round < 2; ++round) {
      ASSERT_TRUE(pipeline->StartEpoch(0, 0).ok());
      std::vector<int> labels;
      for (const auto& batch : Drain(*pipeline)) {
        for (int label : batch[1].values<int32_t>()) labels.push_back(label);
        EXPECT_EQ(batch[0].dim(0), batch[1].dim(0));
      }
      EXPECT_THAT(labels, ::testing::ElementsAre(0, 1, 2, 0, 1, 2, 0, 1, 2, 0));
    }
  }
}

TEST_F(InputPipelineTest, TenCropsAreTenRows) {
  Write(TFRecordsOf(3));
  auto pipeline = *Open({.batch = 2, .view = PictureView::kTenCrops, .shuffle = false, .drop_remainder = false}, 0,
                        {.crop_height = 6, .crop_width = 6});
  ASSERT_TRUE(pipeline->StartEpoch(0, 0).ok());
  auto batches = Drain(*pipeline);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0][0].shape(), (Shape{20, 6, 6, 3}));
  EXPECT_EQ(batches[1][1], Tensor::Vector<int32_t>(std::vector<int32_t>(10, 2)));
}

// What is left out does not depend on the threads either.
TEST_F(InputPipelineTest, BadExamples) {
  std::string bytes;
  for (int i = 0; i < 24; ++i) {
    std::string record = LabelledRecord(i % 8 == 5 ? "no picture" : SmallJpeg(i), i == 3 ? 99 : i % 3);
    AppendTFRecord(record, bytes);
    if (i == 10) bytes[bytes.size() - 20] ^= 1;
  }
  Write(bytes);
  InputPipelineOptions options{.batch = 8, .on_bad = OnBad::kSkip};
  std::vector<std::vector<Tensor>> first;
  for (int threads : {1, 2, 4, 0}) {
    options.threads = threads;
    auto pipeline = *Open(options);
    ASSERT_TRUE(pipeline->StartEpoch(0, 0).ok());
    auto batches = Drain(*pipeline);
    EXPECT_EQ(batches.size(), 3u);
    if (threads == 1) first = batches;
    EXPECT_EQ(batches, first);
    EXPECT_EQ(bad_->count(), 5);
  }
  auto test = *Open({.batch = 8,
                     .view = PictureView::kCenter,
                     .shuffle = false,
                     .drop_remainder = false,
                     .threads = 2,
                     .on_bad = OnBad::kSkip});
  ASSERT_TRUE(test->StartEpoch(0, 0).ok());
  int64_t rows = 0;
  for (const auto& batch : Drain(*test)) rows += batch[1].dim(0);
  EXPECT_EQ(rows, 19);
  EXPECT_EQ(bad_->count(), 5);

  for (int threads : {0, 3}) {
    auto strict = *Open({.batch = 8, .view = PictureView::kCenter, .shuffle = false, .threads = threads});
    ASSERT_TRUE(strict->StartEpoch(0, 0).ok());
    std::vector<Tensor> feeds;
    // The first of two bad ones of the batch, whichever thread is faster.
    EXPECT_THAT(std::string(strict->Next(&feeds).status().message()),
                AllOf(HasSubstr("f: record 3 at byte"), HasSubstr("label 99, expected 0 to 2")));
  }
}

TEST_F(InputPipelineTest, OnlyBadExamples) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) AppendTFRecord(LabelledRecord("no picture", 0), bytes);
  Write(bytes);
  EXPECT_THAT(std::string(Open({.batch = 4, .on_bad = OnBad::kSkip}).status().message()), HasSubstr("record 0"));
}

TEST_F(InputPipelineTest, PicturesOfDifferentSizes) {
  std::string bytes;
  AppendTFRecord(LabelledRecord(SmallJpeg(1, 8, 8), 0), bytes);
  AppendTFRecord(LabelledRecord(SmallJpeg(2, 9, 12), 1), bytes);
  Write(bytes);
  auto pipeline = *Open({.batch = 2}, 0, {});
  std::vector<Tensor> feeds;
  EXPECT_THAT(std::string(pipeline->Next(&feeds).status().message()),
              AllOf(HasSubstr("record 1"), HasSubstr("[9,12,3] among others [8,8,3]")));
  EXPECT_TRUE((*Open({.batch = 2}, 0, {.resize_height = 4, .resize_width = 4}))->Next(&feeds).ok());
}

TEST_F(InputPipelineTest, RefusesOptionsThatMakeNoBatch) {
  Write(TFRecordsOf(3));
  EXPECT_FALSE(Open({.batch = 4}).ok());
  EXPECT_FALSE(Open({.batch = 0}).ok());
  EXPECT_FALSE(Open({.batch = 1, .threads = -1}).ok());
  EXPECT_FALSE(Open({.batch = 1, .prefetch = 0}).ok());
  EXPECT_FALSE(Open({.batch = 1, .dtype = DataType::kInt32}).ok());
  auto pipeline = *Open({.batch = 1});
  EXPECT_FALSE(pipeline->StartEpoch(0, 4).ok());
  EXPECT_FALSE(pipeline->StartEpoch(-1, 0).ok());
}

TEST(EpochOrderTest, IsAPermutation) {
  for (int64_t buffer : {0, 1, 7, 100}) {
    std::vector<int64_t> order = EpochOrder(50, 3, 1, buffer);
    std::set<int64_t> seen(order.begin(), order.end());
    EXPECT_EQ(seen.size(), 50u);
    EXPECT_EQ(*seen.rbegin(), 49);
    EXPECT_EQ(order == EpochOrder(50, 3, 2, buffer), buffer == 1);
    for (int64_t i = 0; buffer == 7 && i < 50; ++i) EXPECT_LT(order[static_cast<size_t>(i)], i + 7);
  }
}

}  // namespace
}  // namespace sluice
