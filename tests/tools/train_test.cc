// `sluice train` from outside: what it writes, interruptions and exact resume.
#include <chrono>
#include <filesystem>
#include <random>
#include <signal.h>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/tools/run_binary.h"
#include "tests/tools/test_models.h"

namespace sluice::tools {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> Training(const std::string& data, const std::string& out, std::vector<std::string> more = {}) {
  std::vector<std::string> command = {"train",    "lenet",  "--data",  data, "--out",           out,
                                      "--epochs", "3",      "--batch", "20", "--deterministic", "--threads",
                                      "1",        "--rate", "0.02"};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

bool WaitFor(const std::string& path) {
  for (int i = 0; i < 5000 && !std::filesystem::exists(path); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return std::filesystem::exists(path);
}

// Every file of both folders but `checkpoint`, which has times.
void ExpectSameFiles(const std::string& a, const std::string& b) {
  for (const char* name : {"/graph.pb", "/frozen.pb", "/model-30.data-00000-of-00001", "/model-30.index"}) {
    EXPECT_FALSE(ReadTestFile(a + name).empty()) << name;
    EXPECT_TRUE(ReadTestFile(a + name) == ReadTestFile(b + name)) << name << " differs";
  }
}

TEST(Train, LearnsAndWritesItsFiles) {
  std::string data = WriteSmallData(), out = TestFolder() + "/out";
  BinaryResult result = RunBinary(Training(data, out, {"--json"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  nlohmann::json json = ParsedOutput(result);
  EXPECT_GT(json["test_accuracy"], 0.9) << result.err;
  EXPECT_EQ(json["step"], 30);
  EXPECT_THAT(result.err, HasSubstr("epoch 3/3"));

  std::string frozen = json["frozen"];
  result = RunBinary({"eval", frozen, "--data", data, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ParsedOutput(result)["top1"], json["test_accuracy"]);
  result = RunBinary({"eval", out + "/graph.pb", "--checkpoint", out, "--data", data, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ParsedOutput(result)["top1"], json["test_accuracy"]);
  EXPECT_EQ(RunBinary({"checkpoint", "verify", out}).exit_code, 0);

  result = RunBinary(Training(data, out));
  EXPECT_EQ(result.exit_code, 5) << "never over an earlier training";
  EXPECT_THAT(result.err, HasSubstr("--resume"));
  result = RunBinary(Training(data, out, {"--resume", "--momentum", "0.5"}));
  EXPECT_EQ(result.exit_code, 2) << "another graph";
  result = RunBinary(Training(data, out, {"--resume", "--batch", "10"}));
  EXPECT_EQ(result.exit_code, 2) << "another order of examples";
  EXPECT_THAT(result.err, HasSubstr("batch"));
}

TEST(Train, KilledAtAnyTimeItResumesExactly) {
  std::string data = WriteSmallData(), folder = TestFolder();
  std::vector<std::string> more = {"--resume", "--snapshot-steps", "1"};
  ASSERT_EQ(RunBinary(Training(data, folder + "/whole", more)).exit_code, 0);
  std::mt19937 random(7);
  int killed = 0;
  BinaryResult result;
  for (int attempt = 0; attempt < 200; ++attempt) {
    Binary binary(Training(data, folder + "/parts", more));
    // On a busy machine the first steps come late: the longer it takes, the longer each try may.
    std::this_thread::sleep_for(std::chrono::milliseconds(30 + random() % static_cast<unsigned>(250 + 20 * attempt)));
    if (binary.IsRunning()) {
      ++killed;
      binary.Signal(SIGKILL);
      binary.Wait();
      continue;
    }
    result = binary.Wait();
    break;
  }
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_GE(killed, 1);
  ExpectSameFiles(folder + "/whole", folder + "/parts");
}

TEST(Train, InterruptedItWritesACheckpointAndSaysHowToGoOn) {
  std::string data = WriteSmallData(), folder = TestFolder();
  std::vector<std::string> slow = {"--epochs", "2000"};
  Binary binary(Training(data, folder + "/out", slow));
  ASSERT_TRUE(WaitFor(folder + "/out/checkpoint"));
  binary.Signal(SIGINT);
  BinaryResult result = binary.Wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("--resume"));
  EXPECT_EQ(RunBinary({"checkpoint", "verify", folder + "/out"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder + "/out/frozen.pb"));
}

TEST(Train, HangupAsksForACheckpointAndTrainingGoesOn) {
  std::string data = WriteSmallData(), folder = TestFolder();
  Binary binary(Training(data, folder + "/out", {"--epochs", "2000", "--log-level", "info", "--batch", "200"}));
  ASSERT_TRUE(WaitFor(folder + "/out/checkpoint"));
  binary.Signal(SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(binary.IsRunning());
  binary.Signal(SIGTERM);
  EXPECT_EQ(binary.Wait().exit_code, 0);
}

// Handlers ran on the stack of the thread that computes, which oneDNN had on the heap for a while.
TEST(Train, SignalsDoNotOverwriteTheHeap) {
  std::string data = WriteSmallData(), folder = TestFolder();
  Binary binary(Training(data, folder + "/out", {"--epochs", "2000"}));
  ASSERT_TRUE(WaitFor(folder + "/out/checkpoint"));
  for (int i = 0; i < 500 && binary.IsRunning(); ++i) {
    binary.Signal(SIGHUP);
    std::this_thread::sleep_for(std::chrono::milliseconds(4));
  }
  binary.Signal(SIGTERM);
  BinaryResult result = binary.Wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST(Train, ALossThatIsNoNumberEndsIt) {
  std::string data = WriteSmallData(), folder = TestFolder();
  BinaryResult result = RunBinary(Training(data, folder + "/out", {"--rate", "1e20", "--optimizer", "sgd"}));
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("loss is"));
  EXPECT_THAT(result.err, HasSubstr("the first value that is not finite was made"));
}

TEST(Train, EveryOptimizerAndOption) {
  std::string data = WriteSmallData(), folder = TestFolder();
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
           {"--optimizer", "adam", "--rate", "0.002", "--clip-norm", "5"},
           {"--optimizer", "rmsprop", "--rate", "0.01", "--clip-value", "1"},
           {"--optimizer", "adagrad", "--rate", "0.02", "--schedule", "exponential:0.9"},
           {"--optimizer", "nesterov", "--schedule", "onecycle:momentum=0.85,0.95", "--label-smoothing", "0.1"},
           {"--schedule", "step:1e,2e:0.5", "--weight-decay", "0.001", "--recompute"},
           {"--schedule", "plateau:0.5:patience=1:warmup=5", "--keep-best", "--evaluate-every", "2"},
           {"--mixed-precision", "bf16"},
           {"--mixed-precision", "f16", "--loss-scale", "1e9", "--optimizer", "adam", "--rate", "0.002"},
           {"--published"}}) {
    std::vector<std::string> command = more;
    command.insert(command.end(), {"--json", "--overwrite"});
    BinaryResult result = RunBinary(Training(data, folder + "/out", command));
    ASSERT_EQ(result.exit_code, 0) << more[0] << more[1] << result.err;
    nlohmann::json json = ParsedOutput(result);
    EXPECT_GT(json["test_accuracy"], 0.7) << more[0] << " " << (more.size() > 1 ? more[1] : "");
    EXPECT_GE(json["test_top5"], json["test_accuracy"]);
    if (!json["best_checkpoint"].get<std::string>().empty()) {
      EXPECT_EQ(RunBinary({"checkpoint", "verify", json["best_checkpoint"]}).exit_code, 0);
    }
  }
}

TEST(Train, TimeOrPatienceEndIt) {
  std::string data = WriteSmallData(), folder = TestFolder();
  std::vector<std::string> long_one = {"--epochs", "100000", "--max-minutes", "0.01", "--json"};
  BinaryResult result = RunBinary(Training(data, folder + "/time", long_one));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("the time is up"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/time/frozen.pb"));
  result = RunBinary(Training(data, folder + "/patience", {"--epochs", "100000", "--rate", "0", "--patience", "2"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("no longer rises"));
}

TEST(Train, ATerminalGetsABar) {
  std::string data = WriteSmallData(), folder = TestFolder();
  BinaryResult result =
      RunBinaryOnTerminal(Training(data, folder + "/out", {"--epochs", "100000", "--max-minutes", "0.02"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  for (const char* part :
       {"\r\033[Kepoch ", "[", "/100000", "loss ", "accuracy ", "rate 0.0200", "images/s", " left"}) {
    EXPECT_THAT(result.err, HasSubstr(part));
  }
  EXPECT_THAT(result.out, HasSubstr("test accuracy "));
  EXPECT_THAT(result.out, HasSubstr("frozen      "));
}

TEST(Train, SplitOverTwoDevicesItComputesTheSameBits) {
  std::string data = WriteSmallData(), folder = TestFolder();
  ASSERT_EQ(RunBinary(Training(data, folder + "/one", {"--split", "/cpu:0,/cpu:1"})).exit_code, 0);
  BinaryResult result = RunBinary(Training(data, folder + "/two", {"--split", "/cpu:0,/cpu:1", "--devices", "cpu:2"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  ExpectSameFiles(folder + "/one", folder + "/two");
}

// The network of the trainer over two devices of a plug-in, which are simulated and asynchronous.
TEST(Train, SplitOverTwoSimulatedDevicesItComputesWhatOneDeviceDoes) {
  std::string data = WriteSmallData(), folder = TestFolder();
  ASSERT_EQ(RunBinary(Training(data, folder + "/cpu")).exit_code, 0);
  BinaryResult result = RunBinary(
      Training(data, folder + "/simulated",
               {"--plugin", SLUICE_SIMULATED_PLUGIN, "--devices", "sim:2", "--split", "/device:SIM:0,/device:SIM:1"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  // A checkpoint's data are the tensors alone; the graphs differ by their device strings.
  for (const char* name : {"/model-30.data-00000-of-00001", "/model-30.index"}) {
    EXPECT_FALSE(ReadTestFile(folder + "/cpu" + name).empty()) << name;
    EXPECT_TRUE(ReadTestFile(folder + "/cpu" + name) == ReadTestFile(folder + "/simulated" + name)) << name;
  }
}

TEST(Train, BadUses) {
  std::string data = WriteSmallData(), folder = TestFolder();
  EXPECT_EQ(RunBinary({"train", "lennet", "--data", data}).exit_code, 2);
  EXPECT_EQ(RunBinary({"train", "lenet"}).exit_code, 2);
  EXPECT_EQ(RunBinary({"train", "lenet", "--data", "imagenet"}).exit_code, 2);
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{{"--optimizer", "magic"},
                                                                                     {"--schedule", "magic"},
                                                                                     {"--schedule", "cosine:x=1"},
                                                                                     {"--clip-norm", "-1"},
                                                                                     {"--label-smoothing", "1"},
                                                                                     {"--max-minutes", "nan"},
                                                                                     {"--mixed-precision", "int8"},
                                                                                     {"--loss-scale", "-1"},
                                                                                     {"--classes", "5"}}) {
    BinaryResult result = RunBinary(Training(data, folder + "/out", wrong));
    EXPECT_EQ(result.exit_code, 2) << wrong[0] << " " << wrong[1] << ": " << result.err;
  }
  // A schedule with a momentum for an optimizer without one.
  EXPECT_NE(
      RunBinary(Training(data, folder + "/sgd", {"--optimizer", "sgd", "--schedule", "onecycle:momentum=0.8,0.9"}))
          .exit_code,
      0);
  std::filesystem::remove(data + "train-labels-idx1-ubyte");
  EXPECT_EQ(RunBinary(Training(data, folder + "/out")).exit_code, 5);
  WriteTestFile(data + "train-labels-idx1-ubyte", "short");
  EXPECT_EQ(RunBinary(Training(data, folder + "/out")).exit_code, 3);
}

}  // namespace
}  // namespace sluice::tools
