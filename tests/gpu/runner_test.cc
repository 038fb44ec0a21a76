// The runner with the plug-in where there is no GPU.
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/tools/run_binary.h"

namespace sluice::tools {
namespace {

using ::testing::HasSubstr;

// Why the machine has no GPU, as the runner says it; empty where it has one.
std::string MissingGpu() {
  nlohmann::json report = ParsedOutput(RunBinary({"devices", "--json", "--plugin", SLUICE_CUDA_PLUGIN}));
  return report["missing"].value("GPU", "");
}

TEST(RunnerWithoutGpu, DevicesSaysWhyThereIsNone) {
  if (MissingGpu().empty()) GTEST_SKIP() << "this machine has a GPU";
  BinaryResult result = RunBinary({"devices", "--plugin", SLUICE_CUDA_PLUGIN});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("GPU: none: "));
  EXPECT_THAT(result.out, HasSubstr("driver"));
}

TEST(RunnerWithoutGpu, AskingForOneIsAnErrorOfTheDevice) {
  const std::string missing = MissingGpu();
  if (missing.empty()) GTEST_SKIP() << "this machine has a GPU";
  BinaryResult result = RunBinary({"devices", "--devices", "gpu:0", "--plugin", SLUICE_CUDA_PLUGIN});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr(missing));
  result = RunBinary({"devices", "--devices", "gpu:0"});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr("no plug-in brings devices of type gpu"));
}

}  // namespace
}  // namespace sluice::tools
