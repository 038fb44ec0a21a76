// `sluice train --logdir`: what TensorBoard finds there.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "io/event_reader.h"
#include "io/png.h"
#include "tests/tools/run_binary.h"
#include "tests/tools/test_models.h"

namespace sluice::tools {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::vector<std::string> Training(const std::string& data, const std::string& folder,
                                  std::vector<std::string> more = {}) {
  std::vector<std::string> command = {"train", "lenet",         "--data",   data,           "--epochs",
                                      "3",     "--batch",       "20",       "--threads",    "1",
                                      "--out", folder + "/out", "--logdir", folder + "/log"};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

std::vector<LoggedEvent> Events(const std::string& directory) {
  std::vector<LoggedEvent> events;
  const std::vector<std::string> files = EventFiles(directory).value();
  for (const std::string& file : files) {
    auto reader = EventReader::Open(file).value();
    for (auto event = reader->Next().value(); event; event = reader->Next().value()) events.push_back(*event);
  }
  return events;
}

TEST(EventLog, HasScalarsPicturesTheGraphAndATrace) {
  std::string data = WriteSmallData(), folder = TestFolder();
  BinaryResult result = RunBinary(Training(data, folder));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::set<std::string> tags;
  int graphs = 0;
  std::string metadata_tag;
  for (const LoggedEvent& event : Events(folder + "/log")) {
    for (const SummaryValue& value : event.values) tags.insert(value.tag);
    if (!event.graph_def.empty()) ++graphs;
    if (!event.run_metadata.empty()) metadata_tag = event.run_metadata_tag;
  }
  for (const char* tag : {"train/loss", "train/accuracy", "learning_rate", "test/loss", "test/accuracy", "test/top5",
                          "examples/0", "filters/conv1/weights", "conv1/weights", "fc2/biases"}) {
    EXPECT_THAT(tags, Contains(tag));
  }
  EXPECT_EQ(graphs, 1);
  EXPECT_THAT(metadata_tag, HasSubstr("step_"));

  auto scalars = ReadScalars(folder + "/log").value();
  EXPECT_EQ(scalars["train/loss"].size(), 30u);
  EXPECT_EQ(scalars["test/accuracy"].size(), 3u);
  EXPECT_EQ(scalars["test/accuracy"].back().step, 30);
  EXPECT_LT(scalars["train/loss"].back().value, scalars["train/loss"].front().value);

  // The projector's files: a row for each point, and a sprite with a square for each.
  auto lines = [&](const char* name) {
    std::ifstream file(folder + "/log/" + name);
    int n = 0;
    for (std::string line; std::getline(file, line);) ++n;
    return n;
  };
  const int points = lines("embedding.tsv");
  EXPECT_GT(points, 0);
  EXPECT_EQ(lines("metadata.tsv"), points + 1);
  EXPECT_THAT(ReadTestFile(folder + "/log/projector_config.pbtxt"), HasSubstr("tensor_path: \"embedding.tsv\""));
  auto sprite = DecodePng(ReadTestFile(folder + "/log/sprite.png"));
  ASSERT_TRUE(sprite.ok()) << sprite.status();
  EXPECT_GE(sprite->dim(0) / 28 * (sprite->dim(1) / 28), points);
}

TEST(EventLog, GoesOnWhereATrainingIsResumed) {
  std::string data = WriteSmallData(), folder = TestFolder();
  ASSERT_EQ(RunBinary(Training(data, folder, {"--epochs", "2"})).exit_code, 0);
  BinaryResult result = RunBinary(Training(data, folder, {"--resume"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  auto scalars = ReadScalars(folder + "/log").value();
  EXPECT_EQ(scalars["train/loss"].size(), 30u);
  EXPECT_EQ(scalars["train/loss"].back().step, 30);
}

TEST(EventLog, NeverMixesTwoRuns) {
  std::string data = WriteSmallData(), folder = TestFolder();
  ASSERT_EQ(RunBinary(Training(data, folder)).exit_code, 0);
  std::filesystem::remove_all(folder + "/out");
  BinaryResult result = RunBinary(Training(data, folder));
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("--overwrite"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/out")) << "refused before anything was written";
  result = RunBinary(Training(data, folder, {"--overwrite"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ReadScalars(folder + "/log").value()["train/loss"].size(), 30u);
}

}  // namespace
}  // namespace sluice::tools
