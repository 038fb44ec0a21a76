// What `sluice train` and `sluice eval` do about data that are not as they should be, and about a disk that is full.
#include <filesystem>
#include <signal.h>
#include <sys/resource.h>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "io/jpeg.h"
#include "io/png.h"
#include "tests/tools/run_binary.h"
#include "tests/tools/test_models.h"

namespace sluice::tools {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// 28×28 pictures with one channel: light ones are cats, dark ones dogs.
std::string Folder() {
  const std::string folder = TestFolder() + "/pictures";
  for (int i = 0; i < 40; ++i) {
    Tensor image(DataType::kUint8, Shape{28, 28, 1});
    for (int64_t p = 0; p < image.num_elements(); ++p) {
      image.data<uint8_t>()[p] = static_cast<uint8_t>((i % 2 == 0 ? 190 : 20) + (p * 7 + i * 13) % 50);
    }
    WriteTestFile(absl::StrCat(folder, i % 2 == 0 ? "/cat/" : "/dog/", i, ".png"), *EncodePng(image));
  }
  return folder;
}

std::vector<std::string> Training(const std::string& data, std::vector<std::string> more = {}) {
  std::vector<std::string> command = {
      "train",      "lenet", "--data",    data, "--classes", "2",    "--epochs", "2",
      "--batch",    "6",     "--threads", "1",  "--rate",    "0.02", "--out",    TestFolder() + "/out",
      "--overwrite"};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

// Exit code 3 with what is wrong; with on-bad=skip a training that tells of it and counts it.
void ExpectFatalOrSkipped(const std::string& data, const std::vector<std::string>& texts, int count = 1) {
  BinaryResult result = RunBinary(Training(data));
  EXPECT_EQ(result.exit_code, 3) << result.err;
  for (const std::string& text : texts) EXPECT_THAT(result.err, HasSubstr(text));
  result = RunBinary(Training(data + ":on-bad=skip"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const std::string& text : texts) EXPECT_THAT(result.err, HasSubstr(text));
  EXPECT_THAT(result.out, HasSubstr(absl::StrCat("left out    ", count, " examples")));
  result = RunBinary(Training(data + ":on-bad=skip", {"--json"}));
  EXPECT_EQ(ParsedOutput(result)["left_out"], count) << result.err;
}

TEST(BadData, AClassFolderWithoutPictures) {
  const std::string folder = Folder();
  std::filesystem::create_directories(folder + "/emu");
  for (const char* on_bad : {"", ":on-bad=skip"}) {
    BinaryResult result = RunBinary(Training("folder:" + folder + ":channels=1" + on_bad));
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_THAT(result.err, HasSubstr("/emu: a class without pictures"));
  }
  EXPECT_FALSE(std::filesystem::exists(TestFolder() + "/out")) << "refused before anything was written";
}

TEST(BadData, AFileThatIsNoPicture) {
  const std::string folder = Folder();
  WriteTestFile(folder + "/cat/10.png", "not a picture");
  ExpectFatalOrSkipped("folder:" + folder + ":channels=1", {"/cat/10.png", "neither a JPEG nor a PNG"});
  WriteTestFile(folder + "/cat/10.png", ReadTestFile(folder + "/cat/12.png").substr(0, 100));
  ExpectFatalOrSkipped("folder:" + folder + ":channels=1", {"/cat/10.png"});
}

TEST(BadData, ADamagedRecord) {
  const std::string folder = Folder(), records = TestFolder() + "/all.tfrecord";
  ASSERT_EQ(RunBinary({"dataset", "pack", folder, "-o", records}).exit_code, 0);
  std::string bytes = ReadTestFile(records);
  bytes[bytes.size() / 2] ^= 1;
  WriteTestFile(records, bytes);
  ExpectFatalOrSkipped("tfrecord:" + records + ":channels=1", {"all.tfrecord: record ", " at byte "});
}

TEST(BadData, ALabelOutOfRange) {
  const std::string folder = Folder(), records = TestFolder() + "/all.tfrecord";
  ASSERT_EQ(RunBinary({"dataset", "pack", folder, "-o", records, "--in-order"}).exit_code, 0);
  std::filesystem::remove(TestFolder() + "/labels.txt");
  // The dogs are the second half; every tenth picture is for the test, and all are seen at some time.
  ExpectFatalOrSkipped("tfrecord:" + records + ":channels=1:classes=1",
                       {"all.tfrecord: record ", " at byte ", "label 1, expected 0 to 0"}, 20);
}

TEST(BadData, AnEvaluationCountsItToo) {
  const std::string folder = Folder(), data = "folder:" + folder + ":channels=1:holdout=2";
  ASSERT_EQ(RunBinary(Training(data)).exit_code, 0);
  // In the order of the folder every other picture is of the test part.
  WriteTestFile(folder + "/cat/10.png", "not a picture");
  WriteTestFile(folder + "/cat/12.png", "not a picture");
  const std::vector<std::string> command = {"eval", TestFolder() + "/out/frozen.pb", "--data"};
  std::vector<std::string> strict = command, lenient = command;
  strict.push_back(data);
  lenient.insert(lenient.end(), {data + ":on-bad=skip", "--json"});
  EXPECT_EQ(RunBinary(strict).exit_code, 3);
  BinaryResult result = RunBinary(lenient);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ParsedOutput(result)["examples"], 19);
  EXPECT_EQ(ParsedOutput(result)["left_out"], 1);
  EXPECT_THAT(result.err, HasSubstr("left out: "));
}

TEST(BadData, OfManyOnlyTheFirstAreTold) {
  const std::string folder = Folder();
  for (int i = 0; i < 60; ++i) WriteTestFile(absl::StrCat(folder, "/cat/z", i, ".png"), "not a picture");
  BinaryResult result = RunBinary(Training("folder:" + folder + ":channels=1:on-bad=skip", {"--json"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ParsedOutput(result)["left_out"], 60);
  EXPECT_THAT(result.err, HasSubstr("only counted"));
  int lines = 0;
  for (size_t at = 0; (at = result.err.find("left out: ", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 20);
}

// A disk that is full from one moment on: the process may write no file any more that is as large as a checkpoint.
TEST(BadData, AFullDiskLeavesTheCheckpointBefore) {
  const std::string data = WriteSmallData(), out = TestFolder() + "/out";
  auto before = signal(SIGXFSZ, SIG_IGN);  // which the process inherits: writing fails instead of ending it
  Binary binary({"train", "lenet", "--data", data, "--out", out, "--epochs", "100000", "--batch", "20", "--keep", "1"});
  signal(SIGXFSZ, before);
  for (int i = 0; i < 5000 && !std::filesystem::exists(out + "/checkpoint"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const rlimit limit = {1 << 20, 1 << 20};
  ASSERT_EQ(prlimit(binary.process(), RLIMIT_FSIZE, &limit, nullptr), 0);
  BinaryResult result = binary.Wait();
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("no checkpoint could be written"), HasSubstr("is whole")));
  EXPECT_EQ(RunBinary({"checkpoint", "verify", out}).exit_code, 0);
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("tmp"))) << "no half of a file stays";
  }
  // With room again it goes on from there.
  result = RunBinary({"train", "lenet", "--data", data, "--out", out, "--epochs", "100000", "--batch", "20", "--keep",
                      "1", "--resume", "--max-minutes", "0.001"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("resuming from "));
}

}  // namespace
}  // namespace sluice::tools
