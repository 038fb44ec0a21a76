#include "io/tfrecord.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

#include "io/atomic_file.h"
#include "tests/io/memory_file_system.h"

namespace sluice {
namespace {

class TFRecordTest : public ::testing::Test {
 protected:
  // The records of a file of these bytes up to the first error, which `status` then is.
  std::vector<std::string> Read(const std::string& bytes, absl::Status& status, uint64_t limit = 1 << 20) {
    EXPECT_TRUE(WriteFile("/file", bytes, IfExists::kReplace, fs_).ok());
    auto file = fs_.OpenForReading("/file");
    EXPECT_TRUE(file.ok());
    TFRecordReader reader(**file, "/file", limit);
    std::vector<std::string> records;
    for (std::string record; (status = reader.Next(record)).ok();) records.push_back(record);
    ends_inside_record_ = reader.ends_inside_record();
    return records;
  }

  MemoryFileSystem fs_;
  bool ends_inside_record_ = false;
};

// From TensorFlow's TFRecordWriter: the records "" and "abc".
const std::string kTwo(
    "\x00\x00\x00\x00\x00\x00\x00\x00\x29\x03\x98\x07\xd8\xea\x82\xa2"
    "\x03\x00\x00\x00\x00\x00\x00\x00\xb0\x99\x49\x0e"
    "abc"
    "\x6e\x57\xf1\x21",
    16 + 19);

TEST_F(TFRecordTest, WritesWhatTensorFlowWrites) {
  std::string bytes;
  AppendTFRecord("", bytes);
  AppendTFRecord("abc", bytes);
  EXPECT_EQ(bytes, kTwo);
}

TEST_F(TFRecordTest, ReadsInOrder) {
  absl::Status status;
  EXPECT_EQ(Read(kTwo, status), (std::vector<std::string>{"", "abc"}));
  EXPECT_TRUE(absl::IsOutOfRange(status)) << status;
  EXPECT_TRUE(Read("", status).empty());
  EXPECT_TRUE(absl::IsOutOfRange(status)) << status;
}

TEST_F(TFRecordTest, EveryTruncationIsAnErrorAtItsRecord) {
  for (size_t size = 1; size < kTwo.size(); ++size) {
    absl::Status status;
    auto records = Read(kTwo.substr(0, size), status);
    EXPECT_EQ(records.size(), size < 16 ? 0u : 1u);
    if (size == 16) continue;  // the end of the first record
    EXPECT_TRUE(absl::IsDataLoss(status) && ends_inside_record_) << size << status;
    EXPECT_TRUE(absl::StrContains(status.message(), size < 16 ? "/file: the record at byte 0 " : "at byte 16 "))
        << status;
  }
}

TEST_F(TFRecordTest, EveryFlippedBitIsAnError) {
  for (size_t bit = 0; bit < 8 * kTwo.size(); ++bit) {
    std::string bytes = kTwo;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    absl::Status status;
    Read(bytes, status);
    EXPECT_TRUE(absl::IsDataLoss(status)) << bit << status;
  }
}

TEST_F(TFRecordTest, RefusesARecordAboveTheLimit) {
  absl::Status status;
  EXPECT_EQ(Read(kTwo, status, 2).size(), 1u);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

}  // namespace
}  // namespace sluice
