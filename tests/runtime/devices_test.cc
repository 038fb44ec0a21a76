#include "runtime/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"

#include "tests/graph/fake_device.h"

namespace sluice {
namespace {

using testing::HasSubstr;

class FakePlugin : public DevicePlugin {
 public:
  FakePlugin(std::string type, bool is_counted, absl::StatusOr<std::vector<std::string>> list)
      : type_(std::move(type)), is_counted_(is_counted), list_(std::move(list)) {}
  absl::string_view type() const override { return type_; }
  bool is_counted() const override { return is_counted_; }
  absl::StatusOr<std::vector<std::string>> ListDevices() const override { return list_; }
  absl::StatusOr<std::unique_ptr<Device>> MakeDevice(const PluginDeviceOptions& options) override {
    made.push_back(options);
    return std::make_unique<FakeDevice>(type_, options.index, kernels_);
  }
  absl::StatusOr<std::unique_ptr<Device>> MakeTarget(absl::string_view model,
                                                     const PluginDeviceOptions& options) override {
    if (type_ != "GPU") return DevicePlugin::MakeTarget(model, options);
    if (model != "h100") return absl::NotFoundError("no such model");
    return std::make_unique<FakeDevice>(type_, options.index, kernels_);
  }
  std::vector<PluginDeviceOptions> made;

 private:
  const std::string type_;
  const bool is_counted_;
  const absl::StatusOr<std::vector<std::string>> list_;
  KernelRegistry kernels_;
};

class DevicesTest : public testing::Test {
 protected:
  DevicesTest() {
    auto gpu = std::make_unique<FakePlugin>("GPU", false, std::vector<std::string>{"a card", "another card"});
    gpu_ = gpu.get();
    plugins_.push_back({"gpu.so", std::move(gpu)});
    plugins_.push_back(
        {"sim.so", std::make_unique<FakePlugin>("SIM", true, std::vector<std::string>{"one", "two", "three"})});
    plugins_.push_back({"npu.so", std::make_unique<FakePlugin>("NPU", false, absl::NotFoundError("no driver"))});
  }
  absl::StatusOr<std::vector<std::unique_ptr<Device>>> Make(DeviceSpec spec) {
    return MakeDevices(spec, kernels_, plugins_);
  }
  // "CPU:0/2 SIM:0/1": type, index and threads; or the error.
  std::string Describe(DeviceSpec spec) {
    auto devices = Make(spec);
    if (!devices.ok()) return std::string(devices.status().message());
    return absl::StrJoin(*devices, " ", [](std::string* out, const std::unique_ptr<Device>& d) {
      absl::StrAppend(out, d->type(), ":", d->index(), "/", d->threads());
    });
  }

  KernelRegistry kernels_;
  std::vector<Plugin> plugins_;
  FakePlugin* gpu_;
};

TEST_F(DevicesTest, ReadsTheText) {
  struct {
    const char* text;
    int threads;
    const char* expected;
  } rows[] = {
      {"", 4, "CPU:0/4"},
      {"cpu", 4, "CPU:0/4"},
      {"cpu:2", 4, "CPU:0/2 CPU:1/2"},
      {"CPU:2", 5, "CPU:0/3 CPU:1/2"},
      {"cpu:3", 2, "CPU:0/1 CPU:1/1 CPU:2/1"},
      {"cpu:1,cpu:1", 2, "CPU:0/1 CPU:1/1"},
      {"sim:2", 3, "CPU:0/3 SIM:0/1 SIM:1/1"},
      {"sim", 1, "CPU:0/1 SIM:0/1"},
      {"sim:1,sim:2", 1, "CPU:0/1 SIM:0/1 SIM:1/1 SIM:2/1"},
      {"sim:1,cpu:2", 2, "CPU:0/1 CPU:1/1 SIM:0/1"},
      {"gpu:0,gpu:0", 1, "CPU:0/1 GPU:0/1 GPU:1/1"},
      {"gpu:1", 1, "CPU:0/1 GPU:0/1"},
      {"gpu@h100,GPU@H100", 1, "CPU:0/1 GPU:0/1 GPU:1/1"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Describe({.devices = row.text, .threads = row.threads}), row.expected) << row.text;
  }
}

TEST_F(DevicesTest, SaysWhatIsWrongAndWhatThereIs) {
  EXPECT_THAT(Describe({.devices = "sim:4"}), HasSubstr("asked for 4 of 3 devices of type SIM; there are cpu ("));
  EXPECT_THAT(Describe({.devices = "sim:2,sim:2"}), HasSubstr("more than 3 devices of type SIM"));
  EXPECT_THAT(Describe({.devices = "gpu:2"}), HasSubstr("there is no device gpu:2; there are cpu ("));
  EXPECT_THAT(Describe({.devices = "gpu:2"}),
              HasSubstr("gpu (a card; another card), sim (one; two; three), npu (no driver)"));
  EXPECT_THAT(Describe({.devices = "npu:0"}), HasSubstr("no driver"));
  EXPECT_THAT(Describe({.devices = "tpu:0"}), HasSubstr("no plug-in brings devices of type tpu"));
  EXPECT_THAT(Describe({.devices = "gpu@k80"}), HasSubstr("no such model"));
  EXPECT_THAT(Describe({.devices = "sim@h100"}), HasSubstr("nothing to compile for among devices of type SIM"));
  EXPECT_EQ(Make({.devices = "tpu:0"}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DevicesTest, RefusesMalformedText) {
  for (const char* text : {",", "cpu:", "cpu:x", "cpu:-1", "cpu:0", "cpu:1000", "cpu:1,", ":2", "cpu:1:1", "cpu: 1",
                           "gpu@", "@h100", "gpu:0@h100", "cpu@zen"}) {
    EXPECT_EQ(Make({.devices = text}).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST_F(DevicesTest, LogicalDevicesMayShareHardware) {
  ASSERT_TRUE(Make({.devices = "gpu:1,gpu:0,gpu:1", .device_memory_limit = 100}).ok());
  ASSERT_EQ(gpu_->made.size(), 3u);
  EXPECT_EQ(gpu_->made[0].ordinal, 1);
  EXPECT_EQ(gpu_->made[1].ordinal, 0);
  EXPECT_EQ(gpu_->made[2].ordinal, 1);
  EXPECT_EQ(gpu_->made[2].index, 2);
  EXPECT_EQ(gpu_->made[2].memory_limit, 100);
}

TEST_F(DevicesTest, CpusShareOneMemoryLimit) {
  auto devices = Make({.devices = "cpu:2", .memory_limit = 1000});
  ASSERT_TRUE(devices.ok());
  void* data = (*devices)[0]->allocator().Allocate(900);
  ASSERT_NE(data, nullptr);
  EXPECT_EQ((*devices)[1]->allocator().Allocate(900), nullptr);
  (*devices)[0]->allocator().Deallocate(data, 900);
}

TEST(PluginTest, SaysWhyAFileIsNoPlugin) {
  KernelRegistry kernels;
  auto missing = OpenPlugin("/nowhere/plugin.so", kernels);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("/nowhere/plugin.so"));
  auto other = OpenPlugin(SLUICE_OTHER_BUILD_PLUGIN, kernels);
  EXPECT_EQ(other.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("belongs to another build of Sluice: it has '01234"));
  // The error of a list is that of the first that fails.
  EXPECT_EQ(OpenPlugins({"/nowhere/plugin.so"}, kernels).status(), missing.status());
}

TEST(PluginTest, OpensEachFileOnceAndThoseOfTheEnvironmentToo) {
  KernelRegistry kernels;
  setenv("SLUICE_PLUGINS", absl::StrCat(":", SLUICE_SIMULATED_PLUGIN, ":").c_str(), 1);
  auto plugins = OpenPlugins({SLUICE_SIMULATED_PLUGIN}, kernels);
  unsetenv("SLUICE_PLUGINS");
  ASSERT_TRUE(plugins.ok()) << plugins.status();
  EXPECT_EQ(plugins->size(), 1u);
}

TEST(PluginTest, DevicesOutliveThePlugin) {
  KernelRegistry kernels;
  std::unique_ptr<Device> device;
  {
    auto plugin = OpenPlugin(SLUICE_SIMULATED_PLUGIN, kernels);
    ASSERT_TRUE(plugin.ok()) << plugin.status();
    device = *plugin->devices->MakeDevice({.ordinal = 1, .index = 5});
  }
  EXPECT_EQ(device->name(), "/job:localhost/replica:0/task:0/device:SIM:5");
  EXPECT_TRUE((*device->NewStream())->Synchronize().ok());
}

}  // namespace
}  // namespace sluice
