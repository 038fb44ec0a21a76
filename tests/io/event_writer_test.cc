#include "io/event_writer.h"

#include <cfloat>
#include <gtest/gtest.h>

#include "absl/strings/match.h"

#include "io/event_reader.h"
#include "io/png.h"
#include "tests/io/memory_file_system.h"

namespace sluice {
namespace {

std::vector<LoggedEvent> ReadAll(const std::string& path, FileSystem& fs) {
  std::vector<LoggedEvent> events;
  auto reader = EventReader::Open(path, fs);
  EXPECT_TRUE(reader.ok()) << reader.status();
  for (;;) {
    auto event = (*reader)->Next();
    EXPECT_TRUE(event.ok()) << event.status();
    if (!event.ok() || !event->has_value()) return events;
    events.push_back(**std::move(event));
  }
}

class EventWriterTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventWriter> Open(EventWriterOptions options = {}) {
    options.directory = "/logs/run";
    auto writer = EventWriter::Open(options, fs_);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }

  MemoryFileSystem fs_;
};

TEST_F(EventWriterTest, TheFirstRecordIsThereAtOnce) {
  auto writer = Open({.suffix = ".x"});
  EXPECT_TRUE(absl::StartsWith(writer->path(), "/logs/run/events.out.tfevents.")) << writer->path();
  EXPECT_TRUE(absl::EndsWith(writer->path(), ".0.x")) << writer->path();
  auto events = ReadAll(writer->path(), fs_);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].file_version, "brain.Event:2");
  EXPECT_GT(events[0].wall_time, 1.7e9);
}

TEST_F(EventWriterTest, EveryKindIsReadBack) {
  auto writer = Open();
  Histogram histogram;
  histogram.Add(1);
  Tensor pixels(DataType::kUint8, Shape{2, 3, 1});
  std::memset(pixels.raw(), 7, pixels.bytes());
  auto picture = PictureSummary("p", pixels);
  ASSERT_TRUE(picture.ok());
  std::vector<SummaryValue> values = {{"s", 1.5f}, {"h", histogram.data()}, *picture};
  ASSERT_TRUE(writer->AddGraph("graph").ok());
  ASSERT_TRUE(writer->AddValues(3, values).ok());
  ASSERT_TRUE(writer->AddSummary(4, SerializeSummary(values)).ok());
  ASSERT_TRUE(writer->AddRunMetadata(5, "step_5", "metadata").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(writer->AddSummary(6, "no summary")));
  std::string path = writer->path();
  ASSERT_TRUE(writer->Close().ok());
  auto events = ReadAll(path, fs_);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[1].graph_def, "graph");
  EXPECT_EQ(events[2].step, 3);
  EXPECT_EQ(events[2].values, values);
  EXPECT_EQ(events[3].values, values);
  EXPECT_EQ(events[4].run_metadata_tag, "step_5");
  EXPECT_EQ(events[4].run_metadata, "metadata");
  auto decoded = DecodePng(std::get<SummaryPicture>(events[2].values[2].value).encoded);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, pixels);
}

TEST_F(EventWriterTest, EventsWaitUntilTheyAreMany) {
  auto writer = Open({.flush_seconds = 1e9, .flush_bytes = 100});
  ASSERT_TRUE(writer->AddScalar(1, "s", 1).ok());
  EXPECT_EQ(ReadAll(writer->path(), fs_).size(), 1u);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(writer->AddScalar(1, "s", 1).ok());
  EXPECT_GT(ReadAll(writer->path(), fs_).size(), 1u);
  ASSERT_TRUE(writer->Flush().ok());
  EXPECT_EQ(ReadAll(writer->path(), fs_).size(), 5u);
}

TEST_F(EventWriterTest, ARunThatGoesOnHasAFileMoreAndItsLaterStepsAreVoid) {
  for (int begin : {0, 3}) {
    auto writer = Open();
    if (begin > 0) {
      ASSERT_TRUE(writer->AddRestart(begin).ok());
    }
    for (int step = begin + 1; step <= begin + 5; ++step) {
      ASSERT_TRUE(writer->AddScalar(step, "loss", static_cast<float>(100 * begin + step)).ok());
      if (begin == 0) {
        ASSERT_TRUE(writer->AddScalar(step, "old", 0).ok());
      }
    }
    ASSERT_TRUE(writer->Close().ok());
    EXPECT_TRUE(absl::IsFailedPrecondition(writer->Flush()));
  }
  auto files = EventFiles("/logs/run", fs_);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->size(), 2u);
  auto scalars = ReadScalars("/logs/run", fs_);
  ASSERT_TRUE(scalars.ok()) << scalars.status();
  std::vector<float> values;
  for (const ScalarPoint& point : (*scalars)["loss"]) values.push_back(point.value);
  EXPECT_EQ(values, (std::vector<float>{1, 2, 3, 304, 305, 306, 307, 308}));
  EXPECT_EQ((*scalars)["old"].size(), 3u);
}

TEST_F(EventWriterTest, AFileThatIsCutOffEndsThere) {
  auto writer = Open();
  ASSERT_TRUE(writer->AddScalar(1, "s", 1).ok());
  ASSERT_TRUE(writer->Flush().ok());
  std::string bytes = *fs_.ReadFile(writer->path(), 1 << 20);
  auto cut = fs_.Create("/logs/cut.tfevents");
  ASSERT_TRUE((*cut)->Append(bytes.substr(0, bytes.size() - 3)).ok());
  ASSERT_TRUE((*cut)->Close().ok());
  EXPECT_EQ(ReadAll("/logs/cut.tfevents", fs_).size(), 1u);
  EXPECT_TRUE(absl::IsNotFound(ReadScalars("/", fs_).status()));
}

TEST_F(EventWriterTest, AFullDiskIsSaidOnceAndForAll) {
  auto writer = Open();
  fs_.FailAt(fs_.operations(), absl::UnavailableError("no space left on device"));
  ASSERT_TRUE(writer->AddScalar(1, "s", 1).ok());
  EXPECT_TRUE(absl::IsUnavailable(writer->Flush()));
  EXPECT_TRUE(absl::IsUnavailable(writer->AddScalar(2, "s", 1)));
}

TEST(HistogramTest, BucketsGrowByATenthAndEmptyOnesAreJoined) {
  Histogram histogram;
  for (double value : {-1.0, 0.0, 1e-13, 1.0, 1.05, 3.0, DBL_MAX}) histogram.Add(value);
  HistogramData data = histogram.data();
  EXPECT_EQ(data.num, 7);
  EXPECT_EQ(data.min, -1);
  EXPECT_EQ(data.max, DBL_MAX);
  ASSERT_EQ(data.bucket.size(), data.bucket_limit.size());
  double counted = 0;
  for (size_t i = 0; i < data.bucket.size(); ++i) {
    counted += data.bucket[i];
    if (i > 0) {
      EXPECT_LT(data.bucket_limit[i - 1], data.bucket_limit[i]);
    }
    if (i > 0) {
      EXPECT_FALSE(data.bucket[i] == 0 && data.bucket[i - 1] == 0) << "two empty ones in a row";
    }
  }
  EXPECT_EQ(counted, 7);
  EXPECT_EQ(data.bucket_limit.back(), DBL_MAX);
  EXPECT_EQ(Histogram().data().bucket.size(), 1u);
}

TEST(SummaryTest, MergesAndRefuses) {
  std::string a = SerializeSummary({{SummaryValue{"a", 1.0f}}}), b = SerializeSummary({{SummaryValue{"b", 2.0f}}});
  auto merged = MergeSummaries({{a, b}});
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(*ParseSummary(*merged), (std::vector<SummaryValue>{{"a", 1.0f}, {"b", 2.0f}}));
  EXPECT_TRUE(absl::IsInvalidArgument(MergeSummaries({{a, a}}).status()));
  auto damaged = MergeSummaries({{a, std::string("\xff")}});
  EXPECT_TRUE(absl::StrContains(damaged.status().message(), "input 1")) << damaged.status();
}

}  // namespace
}  // namespace sluice
