// `sluice compile` and its files, without a GPU: plans are made for one and loaded for one.
#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "io/atomic_file.h"
#include "io/plan_file.h"
#include "tests/tools/run_binary.h"

namespace sluice::tools {
namespace {

using ::testing::HasSubstr;

std::string InFolder(const std::string& name) { return ::testing::TempDir() + "/sluice_compile_" + name; }

// A model with convolutions, made once.
const std::string& Lenet() {
  static const std::string& path = *new std::string([] {
    std::string file = InFolder("lenet.pb");
    BinaryResult result = RunBinary({"export", "lenet", "-o", file, "--overwrite"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return file;
  }());
  return path;
}

std::vector<std::string> CompileArguments(const std::string& out) {
  return {"compile", Lenet(), "--target", "h100", "-o", out, "--overwrite", "--plugin", SLUICE_CUDA_PLUGIN};
}

std::vector<std::string> With(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(Compile, WritesPlansForAGpuThatIsNotHere) {
  const std::string path = InFolder("lenet.plans");
  nlohmann::json report =
      ParsedOutput(RunBinary(With(CompileArguments(path), {"--json", "--input", "zeros:64x28x28x1"})));
  EXPECT_EQ(report["command"], "compile");
  EXPECT_EQ(report["device"], "NVIDIA H100 80GB HBM3, compute capability 9.0, 132 multiprocessors");
  EXPECT_EQ(report["plans"], 2);
  EXPECT_EQ(report["programs"], 2);  // an order of the nodes, a layout of memory
  EXPECT_GT(report["arena_bytes"], 0);
  EXPECT_TRUE(report["remarks"].empty()) << report["remarks"];
  auto plans = ReadPlanFile(path);
  ASSERT_TRUE(plans.ok()) << plans.status();
  ASSERT_EQ(plans->plans.size(), 2);
  EXPECT_THAT(plans->plans[0].first, HasSubstr("forward float tf32, batch 64, channels"));
  EXPECT_THAT(plans->plans[0].first, HasSubstr("+ bias"));

  // Compiled with its own plans, it makes the same file.
  const std::string again = InFolder("again.plans");
  BinaryResult result = RunBinary(With(CompileArguments(again), {"--plans", path, "--input", "zeros:64x28x28x1"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, HasSubstr("2 plans of cuDNN 9."));
  auto read = ReadPlanFile(again);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->plans.size(), 2);
}

TEST(Compile, PlansOfOthersAreRefused) {
  const std::string path = InFolder("mine.plans");
  ASSERT_EQ(RunBinary(CompileArguments(path)).exit_code, 0);
  auto mine = ReadPlanFile(path);
  ASSERT_TRUE(mine.ok()) << mine.status();
  const std::string bad = InFolder("bad.plans"), out = InFolder("out.plans");
  auto attempt = [&](const std::string& bytes) {
    EXPECT_TRUE(WriteFile(bad, bytes, IfExists::kReplace).ok());
    return RunBinary(With(CompileArguments(out), {"--plans", bad}));
  };
  StoredPlans other = *mine;
  other.device = "NVIDIA A100";
  BinaryResult result = attempt(EncodePlanFile(other));
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr("bad.plans"));
  EXPECT_THAT(result.err, HasSubstr("the plans are for NVIDIA A100, this device is NVIDIA H100"));
  other = *mine;
  other.libraries = "cuDNN 8.9.7";
  result = attempt(EncodePlanFile(other));
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr("made by cuDNN 8.9.7, here is cuDNN 9."));

  std::string bytes = EncodePlanFile(*mine);
  result = attempt(bytes.substr(0, bytes.size() - 5));
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("damaged plan file"));
  bytes[8] = 9;
  result = attempt(bytes);
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.err, HasSubstr("version 9"));
  result = RunBinary(With(CompileArguments(out), {"--plans", InFolder("none.plans")}));
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("none.plans"));
  result = RunBinary({"run", Lenet(), "--input", "random", "--plans", path});
  EXPECT_EQ(result.exit_code, 6) << result.err;
  EXPECT_THAT(result.err, HasSubstr("no device here takes plans"));
}

// A plan that cuDNN does not take is made again, with a remark.
TEST(Compile, APlanOfNoUseIsMadeAgain) {
  const std::string path = InFolder("useless.plans"), out = InFolder("mended.plans");
  ASSERT_EQ(RunBinary(CompileArguments(path)).exit_code, 0);
  auto plans = ReadPlanFile(path);
  ASSERT_TRUE(plans.ok()) << plans.status();
  plans->plans[0].second.resize(plans->plans[0].second.size() / 2);
  ASSERT_TRUE(WriteFile(path, EncodePlanFile(*plans), IfExists::kReplace).ok());
  BinaryResult result = RunBinary(With(CompileArguments(out), {"--plans", path}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("a stored plan is made again"));
}

// The file's plans are used for another graph as far as they fit.
TEST(Compile, PlansOfAnotherGraphAreTold) {
  const std::string path = InFolder("lenet_of.plans"), out = InFolder("of_another.plans");
  ASSERT_EQ(RunBinary(CompileArguments(path)).exit_code, 0);
  auto plans = ReadPlanFile(path);
  ASSERT_TRUE(plans.ok()) << plans.status();
  EXPECT_EQ(plans->graph.size(), 16U);
  plans->graph = "0123456789abcdef";
  ASSERT_TRUE(WriteFile(path, EncodePlanFile(*plans), IfExists::kReplace).ok());
  BinaryResult result = RunBinary(With(CompileArguments(out), {"--plans", path}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("the plans are of another graph"));
}

TEST(Compile, SaysWhatIsWrong) {
  const std::string out = InFolder("never.plans");
  BinaryResult result = RunBinary({"compile", Lenet(), "-o", out, "--plugin", SLUICE_CUDA_PLUGIN});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--target"));
  result = RunBinary({"compile", Lenet(), "--target", "h100", "--plugin", SLUICE_CUDA_PLUGIN});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("-o FILE"));
  result = RunBinary({"compile", Lenet(), "--target", "k80", "-o", out, "--plugin", SLUICE_CUDA_PLUGIN});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr("no GPU model 'k80' is known here; there are h100"));
  result = RunBinary({"compile", Lenet(), "--target", "h100", "-o", out});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr("no plug-in brings devices of type gpu"));
  result = RunBinary(With(CompileArguments(out), {"--autotune"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--autotune times a device that is there"));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(Autotune, IsAcceptedOnTheCpu) {
  const std::string path = InFolder("not_there.plans");
  BinaryResult result = RunBinary({"run", Lenet(), "--input", "random", "--autotune", "--plans", path});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_FALSE(std::filesystem::exists(path)) << "the CPU has nothing to keep";
}

TEST(Compile, ADeviceToCompileForRunsNothing) {
  BinaryResult result =
      RunBinary({"run", Lenet(), "--input", "random", "--devices", "gpu@h100", "--plugin", SLUICE_CUDA_PLUGIN});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("to compile for and runs nothing"));
}

}  // namespace
}  // namespace sluice::tools
