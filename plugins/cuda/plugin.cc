#include "plugins/cuda/plugin.h"

#include <cstdlib>

#include "plugins/cuda/device.h"
#include "plugins/cuda/target_device.h"

namespace sluice::cuda {
namespace {

class CudaPlugin : public DevicePlugin {
 public:
  explicit CudaPlugin(const Options& options) : options_(options) {}
  absl::string_view type() const override { return "GPU"; }
  bool is_counted() const override { return false; }
  absl::StatusOr<std::vector<std::string>> ListDevices() const override {
    SLUICE_ASSIGN_OR_RETURN(int count, CountDevices());
    std::vector<std::string> list;
    for (int i = 0; i < count; ++i) {
      auto description = DescribeDevice(i);
      list.push_back(description.ok() ? *description : std::string(description.status().message()));
    }
    return list;
  }
  absl::StatusOr<std::unique_ptr<Device>> MakeDevice(const PluginDeviceOptions& asked) override {
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<CudaDevice> device, CudaDevice::Create(asked, options_));
    return std::unique_ptr<Device>(std::move(device));
  }
  absl::StatusOr<std::unique_ptr<Device>> MakeTarget(absl::string_view model,
                                                     const PluginDeviceOptions& asked) override {
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<TargetDevice> device, TargetDevice::Create(model, asked, options_));
    return std::unique_ptr<Device>(std::move(device));
  }

 private:
  const Options options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DevicePlugin>> MakePlugin(const PluginHost& host) {
  absl::string_view text = host.options;
  if (const char* variable = std::getenv("SLUICE_GPU"); text.empty() && variable != nullptr) text = variable;
  SLUICE_ASSIGN_OR_RETURN(Options options, ParseOptions(text));
  return std::make_unique<CudaPlugin>(options);
}

}  // namespace sluice::cuda

SLUICE_DEVICE_PLUGIN(sluice::cuda::MakePlugin)
