#include "io/plan_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/coding.h"
#include "io/crc32c.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

StoredPlans SomePlans() {
  return {.device = "a device",
          .libraries = "a library 1.2",
          .plans = {{"conv 1", std::string("\0\1\2", 3)}, {"conv 2", ""}, {"x", "y"}},
          .graph = "a graph",
          .programs = {{"memory", std::string("\0", 1)}, {"order", "a"}}};
}

// The file around these bytes, with a checksum that is right.
std::string FileOf(const std::string& body) {
  std::string file = "sluplans";
  AppendLittleEndian<uint32_t>(2, file);
  AppendLittleEndian(MaskCrc32c(Crc32c(body)), file);
  return file + body;
}

TEST(PlanFile, ReadsWhatItWrote) {
  for (const StoredPlans& plans : {SomePlans(), StoredPlans{}}) {
    auto read = DecodePlanFile(EncodePlanFile(plans));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, plans);
  }
}

TEST(PlanFile, EveryDamagedByteAndEveryMissingEndIsFound) {
  const std::string file = EncodePlanFile(SomePlans());
  for (size_t i = 0; i < file.size(); ++i) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(DecodePlanFile(damaged).ok()) << i;
    auto cut = DecodePlanFile(file.substr(0, i));
    EXPECT_EQ(cut.status().code(), absl::StatusCode::kDataLoss) << i;
  }
  EXPECT_FALSE(DecodePlanFile(file + "x").ok());
}

TEST(PlanFile, WhatIsWrongWithARightChecksumIsFound) {
  const struct {
    const char* what;
    std::string body;
  } rows[] = {
      {"nothing", ""},
      {"a text longer than the file", "\x7f"},
      {"fewer plans than it says", std::string("\1d\1l\2\1a\1b\0\0", 11)},
      {"plans out of order", std::string("\1d\1l\2\1b\1x\1a\1x\0\0", 15)},
      {"a plan twice", std::string("\1d\1l\2\1a\1x\1a\1x\0\0", 15)},
      {"more than it says", std::string("\1d\1l\0\0\0x", 8)},
      {"a count without end", std::string("\1d\1l\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 13)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(DecodePlanFile(FileOf(row.body)).status().code(), absl::StatusCode::kDataLoss) << row.what;
  }
  EXPECT_TRUE(DecodePlanFile(FileOf(std::string("\1d\1l\1\1a\1b\0\0", 11))).ok());
}

TEST(PlanFile, AnotherVersionSaysWhatToDo) {
  std::string file = EncodePlanFile(SomePlans());
  file[8] = 1;
  auto read = DecodePlanFile(file);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("version 1"));
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("compile the model again"));
}

TEST(PlanFile, ErrorsNameTheFile) {
  auto read = ReadPlanFile("/no/such/file.plans");
  EXPECT_EQ(read.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("/no/such/file.plans"));
}

}  // namespace
}  // namespace sluice
