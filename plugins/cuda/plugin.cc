#include "plugins/cuda/plugin.h"

#include "plugins/cuda/device.h"

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

 private:
  const Options options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DevicePlugin>> MakePlugin(const PluginHost& host) {
  SLUICE_ASSIGN_OR_RETURN(Options options, ParseOptions(host.options));
  return std::make_unique<CudaPlugin>(options);
}

}  // namespace sluice::cuda

SLUICE_DEVICE_PLUGIN(sluice::cuda::MakePlugin)
