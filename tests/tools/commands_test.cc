// The smaller subcommands from outside.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/tools/run_binary.h"
#include "tests/tools/test_models.h"

namespace sluice::tools {
namespace {

using ::testing::HasSubstr;

TEST(Commands, EveryOneHasHelpWithAnExample) {
  for (const char* name : {"run", "train", "eval", "bench", "inspect", "convert", "draw", "plot", "models", "export",
                           "compile", "checkpoint", "dataset", "devices"}) {
    BinaryResult result = RunBinary({name, "--help"});
    EXPECT_EQ(result.exit_code, 0) << name;
    EXPECT_THAT(result.out, HasSubstr(std::string("sluice ") + name)) << name;
    EXPECT_THAT(result.out, HasSubstr("Example:")) << name;
    EXPECT_EQ(result.err, "") << name;
  }
  EXPECT_THAT(RunBinary({"--help"}).out, HasSubstr("checkpoint"));
  EXPECT_THAT(RunBinary({"--version"}).out, HasSubstr("onednn"));
}

TEST(Commands, JsonIsOneObjectWithASchemaVersion) {
  std::string model = WriteSmallModel();
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"models", "--json"},
                                             {"devices", "--json"},
                                             {"inspect", model, "--json"},
                                             {"bench", model, "--json", "--num_runs", "5"}}) {
    BinaryResult result = RunBinary(command);
    EXPECT_EQ(result.exit_code, 0) << command[0] << result.err;
    EXPECT_EQ(ParsedOutput(result)["schema"], 1) << command[0];
    EXPECT_EQ(ParsedOutput(result)["command"], command[0]);
  }
}

TEST(Commands, ModelsAndExportAgree) {
  nlohmann::json models = ParsedOutput(RunBinary({"models", "--json"}))["models"];
  ASSERT_GT(models.size(), 30u);
  const std::set<std::string> small = {"lenet", "cifar10_quick", "cifar_cnn4_relu", "cifar_nin", "squeezenet1_1"};
  for (const auto& network : models) {
    std::string name = network["name"], path = TestFolder() + "/" + name + ".pb";
    if (!small.contains(name)) continue;
    BinaryResult result = RunBinary({"export", name, "-o", path});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    nlohmann::json summary = ParsedOutput(RunBinary({"inspect", path, "--json"}));
    EXPECT_EQ(summary["parameters"], network["parameters"]) << name;
    EXPECT_EQ(RunBinary({"run", path, "--input", "random"}).exit_code, 0) << name;
    EXPECT_EQ(RunBinary({"export", name, "-o", path}).exit_code, 5) << "never over a file that is there";
  }
}

TEST(Commands, ExportTakesTheNetworksOptions) {
  std::string path = TestFolder() + "/net.pb";
  auto parameters = [&](std::vector<std::string> arguments) -> int64_t {
    arguments.insert(arguments.begin(), "export");
    arguments.insert(arguments.end(), {"-o", path, "--overwrite"});
    BinaryResult result = RunBinary(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return ParsedOutput(RunBinary({"inspect", path, "--json"}))["parameters"];
  };
  EXPECT_EQ(parameters({"lenet", "--classes", "3"}), 431080 - 7 * 501);
  // Each layer's inputs and outputs are an eighth: 62 + 12 of the biases stay.
  EXPECT_EQ(parameters({"cifar_cnn4_relu", "--width=1/8"}), 75 * 4 + 4 + 100 * 4 + 4 + 100 * 8 + 8 + 128 * 10 + 10);
  EXPECT_EQ(parameters({"cifar_cnn4_relu", "--input-size", "16x8"}), 89578 - (16 - 2) * 64 * 10);
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"lenet", "--aux"},
                                             {"lenet", "--classes", "0"},
                                             {"lenet", "--width", "0"},
                                             {"lenet", "--width", "1/0"},
                                             {"lenet", "--width", "wide"},
                                             {"lenet", "--input-size", "4y4"},
                                             {"lenet", "--input-size", "2"},
                                             {"lenet", "--input-mean", "a"},
                                             {"transform_net", "--classes", "4"},
                                             {"transform_net", "--training"},
                                             {"lenet", "--mixed-precision", "bf16"},
                                             {"lenet", "--training", "--mixed-precision", "int8"},
                                             {"lenett"}}) {
    std::vector<std::string> arguments = {"export", "-o", TestFolder() + "/wrong.pb"};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    BinaryResult result = RunBinary(arguments);
    EXPECT_EQ(result.exit_code, 2) << wrong[0] << " " << wrong.back() << result.err;
  }
}

TEST(Commands, ExportOfATrainingInHalfPrecisionHasItsCasts) {
  const std::string path = TestFolder() + "/half.pbtxt";
  ASSERT_EQ(RunBinary({"export", "lenet", "--training", "--mixed-precision", "bf16", "-o", path}).exit_code, 0);
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(text, HasSubstr("DT_BFLOAT16"));
}

TEST(Commands, ExportWritesWeightsAsACheckpoint) {
  std::string path = TestFolder() + "/net.pb", prefix = TestFolder() + "/weights", frozen = TestFolder() + "/frozen.pb";
  BinaryResult result = RunBinary({"export", "lenet", "-o", path, "--checkpoint", prefix});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ReadTestFile(prefix + ".data-00000-of-00001").size(), 4u * 431080);
  ASSERT_EQ(RunBinary({"export", "lenet", "-o", frozen}).exit_code, 0);
  result = RunBinary({"run", path, "--checkpoint", prefix, "--input", "random", "--fetch", "probabilities", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ParsedOutput(result)["outputs"],
            ParsedOutput(RunBinary({"run", frozen, "--input", "random", "--json"}))["outputs"]);
}

// Four bytes for each parameter and each moving average, and nothing else: the networks' files as the papers count them.
TEST(Commands, AWeightFileIsAsLargeAsItsNetwork) {
  const std::map<std::string, int64_t> averages = {
      {"resnet18", 9600},       {"resnet34", 17024},       {"resnet50", 53120},         {"resnet101", 105344},
      {"resnet152", 151424},    {"cifar_resnet20", 1376},  {"cifar_resnet32", 2272},    {"cifar_resnet44", 3168},
      {"cifar_resnet56", 4064}, {"cifar_resnet110", 8096}, {"cifar_resnet1202", 89632}, {"mobilenet_v2", 34112}};
  const bool is_long = std::getenv("SLUICE_LONG_TESTS") != nullptr;
  const nlohmann::json models = ParsedOutput(RunBinary({"models", "--json"}))["models"];
  for (const auto& network : models) {
    const std::string name = network["name"], prefix = TestFolder() + "/" + name;
    const int64_t parameters = network["parameters"];
    if (parameters > 8000000 && !is_long) continue;  // up to half a gigabyte each
    BinaryResult result =
        RunBinary({"export", name, "-o", TestFolder() + "/net.pb", "--checkpoint", prefix, "--overwrite"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const std::string twin = absl::StrReplaceAll(name, {{"plain", "resnet"}});
    const std::string file = prefix + ".data-00000-of-00001";
    EXPECT_EQ(std::filesystem::file_size(file),
              4u * static_cast<uint64_t>(parameters + (averages.contains(twin) ? averages.at(twin) : 0)))
        << name;
    std::filesystem::remove(file);
  }
}

TEST(Commands, InspectShowsEveryStage) {
  std::string path = TestFolder() + "/lenet.pb";
  ASSERT_EQ(RunBinary({"export", "lenet", "-o", path, "--split", "/cpu:0,/cpu:1"}).exit_code, 0);
  for (const char* stage : {"import", "prune", "fold", "merge", "simplify", "layout", "batch_norm", "fuse", "place"}) {
    BinaryResult result = RunBinary({"inspect", path, "--after", stage});
    EXPECT_EQ(result.exit_code, 0) << stage << result.err;
    EXPECT_THAT(result.out, HasSubstr("probabilities")) << stage;
  }
  BinaryResult result = RunBinary({"inspect", path, "--after=partition", "--devices", "cpu:2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("crossing between devices: 3,200 bytes")) << "pool2's 800 floats, and nothing else";
  EXPECT_THAT(RunBinary({"inspect", path, "--after", "compile"}).out, HasSubstr("Softmax"));
  EXPECT_THAT(RunBinary({"inspect", path, "--explain"}).out, HasSubstr("MFLOP"));
  EXPECT_EQ(RunBinary({"inspect", path, "--after", "lunch"}).exit_code, 2);
}

TEST(Commands, InspectShowsWhatLayersCost) {
  std::string path = TestFolder() + "/net.pb";
  ASSERT_EQ(RunBinary({"export", "lenet", "-o", path}).exit_code, 0);
  auto layers_of = [](const std::string& model) {
    const nlohmann::json report = ParsedOutput(RunBinary({"inspect", model, "--layers", "--json"}));
    std::map<std::string, nlohmann::json> layers;
    for (const auto& layer : report["layers"]) layers[layer["layer"]] = layer;
    return layers;
  };
  std::map<std::string, nlohmann::json> layers = layers_of(path);
  EXPECT_EQ(layers["conv1"]["output"], "[1,24,24,20]");
  EXPECT_EQ(layers["conv1"]["parameters"], 5 * 5 * 20 + 20);
  EXPECT_EQ(layers["conv2"]["macs"], 8 * 8 * 50 * 5 * 5 * 20);
  EXPECT_EQ(layers["pool2"]["parameters"], 0);
  EXPECT_EQ(layers["fc1"]["parameters"], 801 * 500);
  EXPECT_EQ(layers["fc1"]["macs"], 800 * 500);
  BinaryResult result = RunBinary({"inspect", path, "--layers", "--input", "zeros:8x28x28x1"});
  EXPECT_THAT(result.out, HasSubstr("[8,24,24,20]"));
  EXPECT_THAT(result.out, HasSubstr("431,080")) << "all of them together";

  // Batch normalisation's averages are no parameters.
  ASSERT_EQ(RunBinary({"export", "cifar_resnet20", "-o", path, "--overwrite"}).exit_code, 0);
  EXPECT_EQ(ParsedOutput(RunBinary({"inspect", path, "--json"}))["parameters"], 269722);
  EXPECT_THAT(RunBinary({"inspect", path, "--layers"}).out, HasSubstr("269,722"));

  // Three stacked 3x3 layers of VGG hold 27 C^2 weights; one of 7x7 that sees as much would hold 49 C^2.
  ASSERT_EQ(RunBinary({"export", "vgg16", "-o", path, "--width", "1/8", "--input-size", "32", "--overwrite"}).exit_code,
            0);
  layers = layers_of(path);
  int64_t stacked = 0;
  for (const char* name : {"conv5_1", "conv5_2", "conv5_3"}) stacked += layers[name]["parameters"].get<int64_t>();
  EXPECT_EQ(stacked, 27 * 64 * 64 + 3 * 64);
}

// What is predicted without running is what a run then takes.
TEST(Commands, InspectPredictsTheMemoryOfATrainingStep) {
  std::string path = TestFolder() + "/net.pb", weights = TestFolder() + "/weights";
  for (const char* network : {"lenet", "cifar_resnet20", "cifar_nin"}) {
    ASSERT_EQ(
        RunBinary({"export", network, "--training", "-o", path, "--checkpoint", weights, "--overwrite"}).exit_code, 0);
    std::string shape = std::string(network) == "lenet" ? "16x28x28x1" : "16x32x32x3";
    std::vector<std::string> step = {
        path,      "--target",        "train", "--fetch", "loss", "--input", "images=random:" + shape,
        "--input", "labels=zeros:16", "--json"};
    std::vector<std::string> inspect = step, bench = step;
    inspect.insert(inspect.begin(), "inspect");
    bench.insert(bench.begin(), "bench");
    bench.insert(bench.end(), {"--checkpoint", weights, "--num_runs", "2"});
    BinaryResult inspected = RunBinary(inspect), ran = RunBinary(bench);
    ASSERT_EQ(inspected.exit_code, 0) << network << inspected.err;
    ASSERT_EQ(ran.exit_code, 0) << network << ran.err;
    nlohmann::json predicted = ParsedOutput(inspected), actual = ParsedOutput(ran);
    EXPECT_GT(predicted["peak_bytes"], predicted["parameter_bytes"].get<int64_t>() * 2) << network;
    EXPECT_NEAR(predicted["peak_bytes"].get<double>() / actual["peak_bytes"].get<double>(), 1, 0.1) << network;
  }
  EXPECT_EQ(RunBinary({"inspect", path, "--target", "trian"}).exit_code, 2);
}

TEST(Commands, BenchTakesBenchmarkModelsFlags) {
  std::string model = WriteSmallModel();
  BinaryResult result = RunBinary({"bench", "--graph=" + model, "--input_layer=x", "--input_layer_shape=4,3",
                                   "--output_layer=twice:0,sum", "--num_runs=20", "--warmup_runs=2", "--num_threads=1",
                                   "--show_memory=true", "--show_type=false"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("p50"));
  EXPECT_THAT(result.out, HasSubstr("first run"));
  EXPECT_THAT(result.out, HasSubstr("By memory"));
  EXPECT_EQ(result.out.find("By op"), std::string::npos);
  EXPECT_THAT(result.err, HasSubstr("Average inference timings in us: Warmup: "));
  EXPECT_EQ(RunBinary({"bench", "--graph=" + model, "--input_layer=x", "--input_layer_shape=4,3:2"}).exit_code, 2);
  EXPECT_EQ(RunBinary({"bench"}).exit_code, 2);
}

TEST(Commands, ConvertFreezesWithACheckpoint) {
  std::string data = WriteSmallData(), folder = TestFolder();
  ASSERT_EQ(RunBinary({"train", "lenet", "--data", data, "--out", folder + "/out", "--epochs", "1"}).exit_code, 0);
  std::string graph = folder + "/out/graph.pb";
  BinaryResult result = RunBinary({"convert", graph, "--freeze", "--fetch", "probabilities", "-o", folder + "/f.pb"});
  EXPECT_EQ(result.exit_code, 2) << "without values";
  EXPECT_THAT(result.err, HasSubstr("--checkpoint"));
  result = RunBinary({"convert", graph, "--freeze", "--fetch", "probabilities", "--checkpoint", folder + "/out", "-o",
                      folder + "/f.pb"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(ReadTestFile(folder + "/f.pb") == ReadTestFile(folder + "/out/frozen.pb"));
  ASSERT_EQ(RunBinary({"convert", graph, "-o", folder + "/g.pbtxt"}).exit_code, 0);
  ASSERT_EQ(RunBinary({"convert", folder + "/g.pbtxt", "-o", folder + "/g.pb"}).exit_code, 0);
  EXPECT_TRUE(ReadTestFile(folder + "/g.pb") == ReadTestFile(graph));
}

TEST(Commands, DatasetExtractsPicturesThatRunReads) {
  std::string data = WriteSmallData(), folder = TestFolder();
  BinaryResult result = RunBinary({"dataset", "extract", data, "--count", "3", "-o", folder + "/pictures"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  ASSERT_EQ(RunBinary({"export", "lenet", "-o", folder + "/lenet.pb"}).exit_code, 0);
  result = RunBinary({"run", folder + "/lenet.pb", "--input", folder + "/pictures", "--top", "1", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  nlohmann::json items = ParsedOutput(result)["items"];
  ASSERT_EQ(items.size(), 3u);
  EXPECT_THAT(items[1]["item"], HasSubstr("00001-1.png"));
  result = RunBinary({"dataset", "extract", data, "--count", "3", "-o", folder + "/pictures"});
  EXPECT_EQ(result.exit_code, 5) << "never over files that are there";
}

TEST(Commands, CheckpointFindsDamage) {
  std::string data = WriteSmallData(), out = TestFolder() + "/out";
  ASSERT_EQ(RunBinary({"train", "lenet", "--data", data, "--out", out, "--epochs", "1", "--batch", "100"}).exit_code,
            0);
  BinaryResult result = RunBinary({"checkpoint", "show", out});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("conv1/weights"));
  EXPECT_THAT(result.out, HasSubstr("conv1/weights/Momentum"));
  EXPECT_THAT(result.out, HasSubstr("global_step"));
  std::string file = out + "/model-2.data-00000-of-00001";
  std::string bytes = ReadTestFile(file);
  ASSERT_FALSE(bytes.empty());
  bytes[bytes.size() / 2] ^= 1;
  WriteTestFile(file, bytes);
  EXPECT_EQ(RunBinary({"checkpoint", "verify", out + "/model-2"}).exit_code, 3);
  result = RunBinary({"checkpoint", "verify", file});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("model-2")) << "the prefix to pass instead";
  EXPECT_EQ(RunBinary({"checkpoint", "lose", out}).exit_code, 2);
}

}  // namespace
}  // namespace sluice::tools
