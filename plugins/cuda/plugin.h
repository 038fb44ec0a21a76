// The plug-in that brings NVIDIA's GPUs. It loads where there is no driver; then it lists no devices, and says why.
#pragma once

#include <memory>

#include "core/plugin.h"

namespace sluice::cuda {

// InvalidArgument for options that plugins/cuda/options.h does not have.
absl::StatusOr<std::unique_ptr<DevicePlugin>> MakePlugin(const PluginHost& host);

}  // namespace sluice::cuda
