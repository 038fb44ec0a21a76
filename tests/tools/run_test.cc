// `sluice run` from outside: exit codes, streams, what is written and what is not.
#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "io/file.h"
#include "io/jpeg.h"
#include "io/npy.h"
#include "io/png.h"
#include "tests/tools/run_binary.h"
#include "tests/tools/test_models.h"

namespace sluice::tools {
namespace {

using ::testing::HasSubstr;

void WriteArray(const std::string& path, const Tensor& tensor) {
  absl::Status written = WriteNpy(tensor, path, IfExists::kReplace);
  ASSERT_TRUE(written.ok()) << written;
}

Tensor Row(std::vector<float> values) {
  return Tensor::Of<float>(values, Shape{1, static_cast<int64_t>(values.size())});
}

TEST(Run, PrintsATableOnTheStandardOutputAlone) {
  BinaryResult result = RunBinary({"run", WriteSmallModel(), "--input", "const:1.5"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("twice"));
  EXPECT_THAT(result.out, HasSubstr("[1,3]"));
  EXPECT_THAT(result.out, HasSubstr("probabilities"));
  EXPECT_EQ(result.err, "");
}

TEST(Run, PrintsOneJsonObject) {
  BinaryResult result = RunBinary({"run", WriteSmallModel(), "--input=x=const:1.5:2x3", "--fetch", "sum:0", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  nlohmann::json json = ParsedOutput(result);
  EXPECT_EQ(json["schema"], 1);
  EXPECT_TRUE(json["versions"].contains("onednn"));
  EXPECT_EQ(json["items"][0]["outputs"][0]["values"], (std::vector<double>{4.5, 4.5}));
  EXPECT_EQ(json["items"][0]["outputs"][0]["shape"], std::vector<int>{2});
}

struct BadUse {
  const char* name;
  std::vector<std::string> arguments;  // MODEL stands for the small model
  int exit_code;
  const char* mentions;
};

class BadUses : public testing::TestWithParam<BadUse> {};

TEST_P(BadUses, EndWithTheirExitCodeAndSayWhatIsWrong) {
  BadUse use = GetParam();
  for (std::string& argument : use.arguments) {
    if (argument == "MODEL") argument = WriteSmallModel();
  }
  BinaryResult result = RunBinary(use.arguments);
  EXPECT_EQ(result.exit_code, use.exit_code) << result.err;
  EXPECT_THAT(result.err, HasSubstr(use.mentions));
  EXPECT_EQ(result.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadUses,
    testing::Values(
        BadUse{"nothing", {}, 2, "usage"}, BadUse{"subcommand", {"rum"}, 2, "did you mean run?"},
        BadUse{"option", {"run", "MODEL", "--ftech", "x"}, 2, "did you mean --fetch?"},
        BadUse{"no_model", {"run"}, 2, "MODEL"}, BadUse{"no_file", {"run", "no/such/model.pb"}, 5, "no/such/model.pb"},
        BadUse{"fetch", {"run", "MODEL", "--input", "const:1", "--fetch", "twic"}, 2, "twic"},
        BadUse{"unfed", {"run", "MODEL"}, 2, "'x' float[?,3]"},
        BadUse{"input_name", {"run", "MODEL", "--input", "y=const:1"}, 2, "y"},
        BadUse{"input_twice", {"run", "MODEL", "--input", "x=zeros", "--input", "x=zeros"}, 2, "twice"},
        BadUse{"input_shape", {"run", "MODEL", "--input", "x=zeros:2x4"}, 2, "[?,3]"},
        BadUse{"input_spec", {"run", "MODEL", "--input", "x=what.txt"}, 2, "what.txt"},
        BadUse{"input_missing", {"run", "MODEL", "--input", "x=what.npy"}, 5, "what.npy"},
        BadUse{"preprocessing", {"run", "MODEL", "--input", "x=a.png:sise=2x2"}, 2, "sise"},
        BadUse{"threads", {"run", "MODEL", "--threads", "many"}, 2, "threads"},
        BadUse{"memory_limit", {"run", "MODEL", "--memory-limit", "2 elephants"}, 2, "--memory-limit"},
        BadUse{"timeout", {"run", "MODEL", "--timeout", "0"}, 2, "--timeout"},
        BadUse{"pass", {"run", "MODEL", "--disable", "fusee"}, 2, "did you mean fuse?"},
        BadUse{"device", {"run", "MODEL", "--input", "zeros", "--devices", "gpu:0"}, 6, "gpu"},
        BadUse{"devices", {"run", "MODEL", "--input", "zeros", "--devices", "cpu:x"}, 2, "--devices"},
        BadUse{"inter_threads", {"run", "MODEL", "--input", "zeros", "--inter-threads", "-1"}, 2, "--inter-threads"},
        BadUse{"output", {"run", "MODEL", "--input", "zeros", "--output", "y.txt"}, 2, "y.txt"},
        BadUse{"outputs", {"run", "MODEL", "--input", "zeros", "--output", "y.npy"}, 2, "say which"},
        BadUse{"labels", {"run", "MODEL", "--input", "zeros", "--labels", "none.txt"}, 5, "none.txt"}),
    [](const auto& info) { return info.param.name; });

TEST(Run, FeedsAndWritesArrays) {
  std::string model = WriteSmallModel(), folder = TestFolder();
  WriteArray(folder + "/x.npy", Tensor::Vector<double>({1, 2, 3}));  // another type, and no batch
  std::vector<std::string> command = {
      "run", model, "--input", folder + "/x.npy", "--output", "twice=" + folder + "/y.npy"};
  BinaryResult result = RunBinary(command);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  auto written = ReadNpy(folder + "/y.npy", 1 << 20);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_TRUE(*written == Row({2, 4, 6})) << written->ToString();

  std::string before = ReadTestFile(folder + "/y.npy");
  command[3] = "const:7";
  result = RunBinary(command);
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("y.npy"));
  EXPECT_THAT(result.err, HasSubstr("--overwrite"));
  EXPECT_EQ(ReadTestFile(folder + "/y.npy"), before);

  command.push_back("--overwrite");
  EXPECT_EQ(RunBinary(command).exit_code, 0);
  EXPECT_NE(ReadTestFile(folder + "/y.npy"), before);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_NE(entry.path().filename().string()[0], '.') << "left behind: " << entry.path();
  }
}

TEST(Run, PrintsTheBestClasses) {
  std::string model = WriteSmallModel(), folder = TestFolder();
  WriteArray(folder + "/x.npy", Row({0, 3, 1}));
  WriteTestFile(folder + "/labels.txt", "cat\ndog\nbird\n");
  BinaryResult result = RunBinary({"run", model, "--input", folder + "/x.npy", "--fetch", "probabilities", "--top", "2",
                                   "--labels", folder + "/labels.txt"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_LT(result.out.find("dog"), result.out.find("bird"));
  EXPECT_EQ(result.out.find("cat"), std::string::npos);

  WriteTestFile(folder + "/labels.txt", "cat\ndog\n");
  result = RunBinary(
      {"run", model, "--input", folder + "/x.npy", "--fetch", "probabilities", "--labels", folder + "/labels.txt"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("2 labels for 3 classes"));
}

TEST(Run, DoesTheOthersOfAFolderWithABadOne) {
  std::string model = WriteSmallModel(), folder = TestFolder();
  std::filesystem::create_directories(folder + "/in");
  WriteArray(folder + "/in/a.npy", Row({1, 1, 1}));
  WriteTestFile(folder + "/in/b.npy", "no array");
  WriteArray(folder + "/in/c.npy", Row({2, 2, 2}));
  WriteArray(folder + "/in/d.npy", Row({2, 2, 2, 2}));
  std::vector<std::string> command = {"run",     model, "--input",  folder + "/in",
                                      "--fetch", "sum", "--output", "sum=" + folder + "/{}-sum.npy"};
  BinaryResult result = RunBinary(command);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("b.npy"));
  EXPECT_THAT(result.err, HasSubstr("d.npy"));
  EXPECT_THAT(result.err, HasSubstr("2 of 4"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/a-sum.npy"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/c-sum.npy"));

  command.back() = "sum=" + folder + "/sum.npy";
  result = RunBinary(command);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("{}"));

  WriteTestFile(folder + "/list.txt", "in/a.npy\nin/b.npy\n");
  result = RunBinary({"run", model, "--input", "@" + folder + "/list.txt", "--fetch", "sum", "--json"});
  EXPECT_EQ(result.exit_code, 1);
  nlohmann::json json = ParsedOutput(result);
  EXPECT_EQ(json["items"].size(), 2u);
  EXPECT_EQ(json["items"][0]["outputs"][0]["values"][0], 3);
  EXPECT_TRUE(json["items"][1].contains("error"));
}

TEST(Run, ReadsPictures) {
  std::string model = WriteSmallModel(), folder = TestFolder();
  Tensor picture = Tensor::Of<uint8_t>({10, 20, 30, 40, 50, 60}, Shape{1, 2, 3});
  auto png = EncodePng(picture);
  ASSERT_TRUE(png.ok());
  WriteTestFile(folder + "/p.png", *png);
  // [1,1,2,3] does not go into [?,3]; the message says what there is.
  BinaryResult result = RunBinary({"run", model, "--input", folder + "/p.png"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("[1,1,2,3]"));
  WriteTestFile(folder + "/broken.png", png->substr(0, png->size() / 2));
  EXPECT_EQ(RunBinary({"run", model, "--input", folder + "/broken.png"}).exit_code, 3);
}

TEST(Run, ReadsAndWritesJpeg) {
  std::string folder = TestFolder(), model = folder + "/identity.pbtxt";
  WriteTestFile(model,
                "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }"
                "node { name: 'y' op: 'Identity' input: 'x' attr { key: 'T' value { type: DT_FLOAT } } }");
  Tensor picture(DataType::kUint8, Shape{8, 16, 3});
  std::fill_n(picture.data<uint8_t>(), picture.num_elements(), uint8_t{100});
  auto jpeg = EncodeJpeg(picture);
  ASSERT_TRUE(jpeg.ok());
  WriteTestFile(folder + "/p.jpg", *jpeg);
  BinaryResult result =
      RunBinary({"run", model, "--input", folder + "/p.jpg:size=4x4,resize=area", "--output", folder + "/q.jpeg"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  auto written = DecodeJpeg(*PosixFileSystem().ReadFile(folder + "/q.jpeg", 1 << 20));
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(written->shape(), (Shape{4, 4, 3}));
  EXPECT_NEAR(written->data<uint8_t>()[0], 100, 2);
  WriteTestFile(folder + "/broken.jpg", jpeg->substr(0, jpeg->size() / 2));
  EXPECT_EQ(RunBinary({"run", model, "--input", folder + "/broken.jpg"}).exit_code, 3);
}

TEST(Run, DamagedAndUnknownModels) {
  std::string folder = TestFolder();
  WriteTestFile(folder + "/garbage.pb", "\xff\xfe garbage \x01\x02");
  EXPECT_EQ(RunBinary({"run", folder + "/garbage.pb"}).exit_code, 3);
  WriteTestFile(folder + "/unknown.pbtxt",
                "node { name: 'strange' op: 'FrobnicateV9' } node { name: 'odd' op: 'Gargle' }");
  BinaryResult result = RunBinary({"run", folder + "/unknown.pbtxt"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("FrobnicateV9"));
  EXPECT_THAT(result.err, HasSubstr("Gargle"));
  EXPECT_EQ(RunBinary({"run", folder}).exit_code, 5);
}

TEST(Run, TargetsAndVariables) {
  std::string model = WriteVariableModel();
  BinaryResult result = RunBinary({"run", model, "--fetch", "value"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("'v'"));
  EXPECT_EQ(RunBinary({"run", model, "--target", "set"}).exit_code, 0);
  EXPECT_EQ(RunBinary({"run", model, "--target", "sett"}).exit_code, 2);
  EXPECT_EQ(RunBinary({"run", model, "--fetch", "value", "--checkpoint", "none"}).exit_code, 5);
}

TEST(Run, WritesAChromeTrace) {
  std::string model = WriteSmallModel(), folder = TestFolder();
  std::vector<std::string> command = {
      "run", model, "--input", "random", "--trace", folder + "/trace.json", "--run-metadata", folder + "/run.pb"};
  ASSERT_EQ(RunBinary(command).exit_code, 0);
  auto trace = nlohmann::json::parse(ReadTestFile(folder + "/trace.json"), nullptr, false);
  ASSERT_TRUE(trace.contains("traceEvents"));
  bool has_softmax = false;
  for (const auto& event : trace["traceEvents"]) has_softmax |= event["name"] == "Softmax";
  EXPECT_TRUE(has_softmax);
  EXPECT_FALSE(ReadTestFile(folder + "/run.pb").empty());
  EXPECT_EQ(RunBinary(command).exit_code, 5);
}

TEST(Run, RefusesMoreMemoryThanAllowed) {
  BinaryResult result = RunBinary({"run", WriteSmallModel(), "--input", "zeros:1000000x3", "--memory-limit", "1MiB"});
  EXPECT_EQ(result.exit_code, 6) << result.err;
}

}  // namespace
}  // namespace sluice::tools
