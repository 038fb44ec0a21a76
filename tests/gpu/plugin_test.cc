// The plug-in on a machine without a GPU: it loads, and says why there is nothing.
#include "runtime/plugin.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/devices.h"

namespace sluice {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class CudaPluginTest : public ::testing::Test {
 protected:
  // The reason why there is no device; empty where there is one.
  static std::string Missing(const Plugin& plugin) {
    auto list = plugin.devices->ListDevices();
    return list.ok() ? "" : std::string(list.status().message());
  }
  KernelRegistry cpu_kernels_;
};

TEST_F(CudaPluginTest, LoadsAndSaysWhatIsMissing) {
  auto plugin = OpenPlugin(SLUICE_CUDA_PLUGIN, cpu_kernels_);
  ASSERT_TRUE(plugin.ok()) << plugin.status();
  EXPECT_EQ(plugin->devices->type(), "GPU");
  EXPECT_FALSE(plugin->devices->is_counted());
  const std::string missing = Missing(*plugin);
  if (missing.empty()) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_THAT(missing, AnyOf(HasSubstr("no CUDA driver is installed"), HasSubstr("finds no GPU"),
                             HasSubstr("this build needs one for CUDA")));
}

TEST_F(CudaPluginTest, AskingForAGpuThatIsNotThereIsAnError) {
  auto plugin = OpenPlugin(SLUICE_CUDA_PLUGIN, cpu_kernels_);
  ASSERT_TRUE(plugin.ok()) << plugin.status();
  const std::string missing = Missing(*plugin);
  if (missing.empty()) GTEST_SKIP() << "this machine has a GPU";
  DeviceSpec spec;
  spec.devices = "gpu:0,gpu:0";
  std::vector<Plugin> plugins;
  plugins.push_back(*std::move(plugin));
  auto devices = MakeDevices(spec, cpu_kernels_, plugins);
  EXPECT_EQ(devices.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(devices.status().message()), HasSubstr(missing));
  auto device = plugins[0].devices->MakeDevice({});
  EXPECT_EQ(device.status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CudaPluginTest, OptionsAreRefused) {
  auto plugin = OpenPlugin(SLUICE_CUDA_PLUGIN, cpu_kernels_, "speed=1");
  EXPECT_EQ(plugin.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(plugin.status().message()), HasSubstr("speed=1"));
}

}  // namespace
}  // namespace sluice
