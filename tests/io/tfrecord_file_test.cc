#include "io/tfrecord_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "io/example.h"
#include "io/tfrecord.h"
#include "tests/io/memory_file_system.h"
#include "tests/io/test_files.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<TFRecordFile> OpenOrDie(const std::string& path, const TFRecordOptions& options = {},
                                        FileSystem& fs = PosixFileSystem()) {
  auto file = TFRecordFile::Open(path, options, fs);
  EXPECT_TRUE(file.ok()) << file.status();
  return *std::move(file);
}

std::vector<std::string> AllOf(const TFRecordFile& file) {
  std::vector<std::string> records(static_cast<size_t>(file.size()));
  for (int64_t i = 0; i < file.size(); ++i) {
    absl::Status status = file.Read(i, &records[static_cast<size_t>(i)]);
    EXPECT_TRUE(status.ok()) << status;
  }
  return records;
}

// A file of these bytes.
std::unique_ptr<TFRecordFile> OpenBytes(const std::string& bytes, const TFRecordOptions& options = {}) {
  MemoryFileSystem fs;
  EXPECT_TRUE(WriteFile("/f", bytes, IfExists::kReplace, fs).ok());
  return OpenOrDie("/f", options, fs);
}

TEST(TFRecordFileTest, ReadsWhatTensorFlowWrote) {
  for (const char* name : {"examples.tfrecord", "examples.gz"}) {
    SCOPED_TRACE(name);
    auto file = OpenOrDie(TestFile(absl::StrCat("io/recorded/tfrecord/", name)).string());
    EXPECT_TRUE(file->CheckUndamaged().ok());
    ASSERT_EQ(file->size(), 7);
    std::vector<std::string> records = AllOf(*file);
    for (int64_t i = 0; i < 7; ++i) {
      auto features = ParseExample(records[static_cast<size_t>(i)]);
      ASSERT_TRUE(features.ok()) << features.status();
      EXPECT_EQ(*SingleBytesOf(*FindFeature(*features, "bytes")), std::string(static_cast<size_t>(i), 'x'));
      EXPECT_EQ(*SingleIntOf(*FindFeature(*features, "label")), 1000 * i - 3000);
      std::vector<int64_t> ints = *IntsOf(*FindFeature(*features, "ints"));
      std::vector<float> floats = *FloatsOf(*FindFeature(*features, "floats"));
      ASSERT_EQ(ints.size(), static_cast<size_t>(i));
      ASSERT_EQ(floats.size(), static_cast<size_t>(i));
      for (int64_t j = 0; j < i; ++j) {
        EXPECT_EQ(ints[static_cast<size_t>(j)], -j * (int64_t{1} << 40));
        EXPECT_EQ(floats[static_cast<size_t>(j)], static_cast<float>(j) / 4);
      }
    }
  }
}

TEST(TFRecordFileTest, WritesTheBytesThatTensorFlowWrote) {
  const std::string original = TestFile("io/recorded/tfrecord/examples.tfrecord").string();
  MemoryFileSystem fs;
  auto writer = TFRecordWriter::Create("/copy", IfExists::kFail, fs);
  ASSERT_TRUE(writer.ok()) << writer.status();
  for (const std::string& record : AllOf(*OpenOrDie(original))) ASSERT_TRUE((*writer)->Write(record).ok());
  ASSERT_TRUE((*writer)->Commit().ok());
  EXPECT_EQ(*fs.ReadFile("/copy", 1 << 20), ReadTestFile(original));
}

TEST(TFRecordFileTest, RecordsOfAllSizes) {
  std::vector<std::string> records;
  for (size_t size : {0, 1, 4000, 70000, 3, 300000, 65536, 2, 0}) records.push_back(std::string(size, 'a'));
  std::string bytes;
  for (const std::string& record : records) AppendTFRecord(record, bytes);
  auto file = OpenBytes(bytes);
  EXPECT_TRUE(file->CheckUndamaged().ok());
  EXPECT_EQ(AllOf(*file), records);
  EXPECT_EQ(OpenBytes("")->size(), 0);
}

// Whatever byte is wrong, at most the record that it is in is lost, and it is said which.
TEST(TFRecordFileTest, FindsEveryFlippedBit) {
  std::string bytes;
  std::vector<size_t> begins;
  for (int i = 0; i < 4; ++i) {
    begins.push_back(bytes.size());
    AppendTFRecord(std::string(static_cast<size_t>(5 + i), static_cast<char>('a' + i)), bytes);
  }
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    auto file = OpenBytes(damaged);
    int64_t good = 0;
    std::string data;
    for (int64_t i = 0; i < file->size(); ++i) {
      absl::Status status = file->Read(i, &data);
      if (status.ok()) {
        ++good;
      } else {
        EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
        EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("f: record ", i, " at byte ")));
      }
    }
    EXPECT_EQ(good, 3) << bit;
    EXPECT_EQ(file->size() + static_cast<int64_t>(file->damages().size()), 4) << bit;
  }
}

TEST(TFRecordFileTest, TruncatedFiles) {
  std::string bytes;
  for (int i = 0; i < 3; ++i) AppendTFRecord("0123456789", bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto file = OpenBytes(bytes.substr(0, size));
    EXPECT_EQ(file->size(), static_cast<int64_t>(size / 26));
    EXPECT_EQ(file->CheckUndamaged().ok(), size % 26 == 0);
    if (size % 26 == 0) continue;
    EXPECT_EQ(file->damages().front().offset, size / 26 * 26);
    EXPECT_EQ(file->damages().front().bytes, size % 26);
    EXPECT_THAT(std::string(file->CheckUndamaged().message()), HasSubstr(absl::StrCat("at byte ", size / 26 * 26)));
  }
}

TEST(TFRecordFileTest, Limits) {
  std::string bytes;
  AppendTFRecord(std::string(1000, 'a'), bytes);
  AppendTFRecord("small", bytes);
  auto file = OpenBytes(bytes, {.max_record_bytes = 999});
  EXPECT_EQ(AllOf(*file), std::vector<std::string>{"small"});
  EXPECT_THAT(file->damages().front().reason, HasSubstr("the limit is 999"));
  const std::string packed = TestFile("io/recorded/tfrecord/examples.gz").string();
  EXPECT_EQ(TFRecordFile::Open(packed, {.max_unpacked_bytes = 500}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(TFRecordFile::Open("/none/such").status().code(), absl::StatusCode::kNotFound);
}

TEST(ExampleTest, BuildsWhatItParses) {
  std::string bytes =
      ExampleBuilder().AddBytes("a", std::string("x\0y", 3)).AddInt("b", -5).AddFloats("c", {1, 2.5}).Finish();
  auto features = ParseExample(bytes);
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_EQ(*SingleBytesOf(*FindFeature(*features, "a")), absl::string_view("x\0y", 3));
  EXPECT_EQ(*SingleIntOf(*FindFeature(*features, "b")), -5);
  EXPECT_THAT(*FloatsOf(*FindFeature(*features, "c")), ElementsAre(1, 2.5));
  EXPECT_EQ(FindFeature(*features, "d"), nullptr);
  EXPECT_EQ(SingleIntOf(*FindFeature(*features, "a")).status().message(),
            "feature 'a' is of bytes, expected one of integers");
  EXPECT_FALSE(FloatsOf(*FindFeature(*features, "b")).ok());
  EXPECT_FALSE(BytesOf(*FindFeature(*features, "c")).ok());
}

TEST(ExampleTest, NoOtherNumberOfValuesWhereOneIsExpected) {
  // {features {feature {key: "n" value {int64_list {value: [1, 2]}}}}}
  const std::string two = "\x0a\x0d\x0a\x0b\x0a\x01n\x12\x06\x1a\x04\x0a\x02\x01\x02";
  auto features = ParseExample(two);
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_EQ(SingleIntOf((*features)[0]).status().message(), "feature 'n' has 2 values, expected one");
}

TEST(ExampleTest, RefusesTruncations) {
  std::string bytes = ExampleBuilder().AddBytes("name", "value").AddInt("label", 300).Finish();
  for (size_t size = 1; size < bytes.size(); ++size) EXPECT_FALSE(ParseExample(bytes.substr(0, size)).ok()) << size;
  EXPECT_FALSE(ParseExample("no example").ok());
  EXPECT_TRUE(ParseExample("").ok());  // as protobuf has it: an example without features
}

}  // namespace
}  // namespace sluice
