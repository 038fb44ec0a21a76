// The boundary between this library and a device plug-in: a shared library that brings devices of one type.
//
// A plug-in defines one extern "C" function, with SLUICE_DEVICE_PLUGIN below, and imports no symbol of ours:
// what it needs of core/ is linked into it, hidden, and what it needs of its host comes in PluginHost. Both
// sides share C++ classes, so both must have been built from the same headers by the same compiler:
// kBuildHash says so, and is compared before anything else. A plug-in loads where its hardware's driver is
// not installed; then it lists no devices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/options.h"

#include "core/api.h"
#include "core/build_hash.h"
#include "core/device.h"
#include "core/kernel_registry.h"

namespace SLUICE_API sluice {

#define SLUICE_STRING_INNER(x) #x
#define SLUICE_STRING(x) SLUICE_STRING_INNER(x)

// Equal on both sides of the boundary, or the plug-in is refused: the headers of core/ and the flags of the
// library's build (generated), then what the compiler says of itself here.
inline constexpr char kBuildHash[] =
    SLUICE_CORE_HASH " " __VERSION__ " abi " SLUICE_STRING(__GXX_ABI_VERSION) " cxx " SLUICE_STRING(__cplusplus)
#ifdef _GLIBCXX_USE_CXX11_ABI
        " cxx11abi " SLUICE_STRING(_GLIBCXX_USE_CXX11_ABI)
#endif
#ifdef _GLIBCXX_DEBUG
            " debug containers"
#endif
            " absl " SLUICE_STRING(ABSL_OPTION_INLINE_NAMESPACE_NAME);

// What a plug-in may use of its host. All of it outlives every object of the plug-in.
struct PluginHost {
  const char* build_hash = kBuildHash;  // first, whatever else changes here
  // The kernels of the CPU, for devices that compute with them or leave small work to the host.
  const KernelRegistry* cpu_kernels = nullptr;
  // The plug-in's own options, as its documentation says; may be empty. Valid during the entry's call.
  const char* options = "";
};

// One device as it is asked for.
struct PluginDeviceOptions {
  int ordinal = 0;           // which of ListDevices()
  int index = 0;             // the logical index in its name; two logical devices may have one ordinal
  int64_t memory_limit = 0;  // bytes, 0: what the device has
};

// An opened plug-in. Thread-safe. Devices may outlive it.
class DevicePlugin {
 public:
  virtual ~DevicePlugin() = default;
  // The devices' type in capitals: "GPU", "SIM".
  virtual absl::string_view type() const = 0;
  // A line for each device that is there: model, memory, versions. Where there is none the error says why.
  virtual absl::StatusOr<std::vector<std::string>> ListDevices() const = 0;
  // True for devices that are made up, as many as one asks for: `sim:2` means two of them. Otherwise the
  // number means one: `gpu:2` is the third.
  virtual bool is_counted() const = 0;
  virtual absl::StatusOr<std::unique_ptr<Device>> MakeDevice(const PluginDeviceOptions& options) = 0;
  // A device of this model ("h100"), which need not be there: programs are compiled for it, and cannot run. The ordinal is
  // not looked at. NotFound naming the models that are known.
  virtual absl::StatusOr<std::unique_ptr<Device>> MakeTarget([[maybe_unused]] absl::string_view model,
                                                             [[maybe_unused]] const PluginDeviceOptions& options) {
    return absl::NotFoundError(absl::StrCat("there is nothing to compile for among devices of type ", type()));
  }
};

// What the entry answers.
struct PluginAnswer {
  const char* build_hash = nullptr;  // the plug-in's own, always
  DevicePlugin* plugin = nullptr;    // the caller's; null where the hashes differ
  // Where `plugin` is null though the hashes agree: why (options that the plug-in does not understand).
  std::string* error = nullptr;
};

using PluginEntry = void(const PluginHost* host, PluginAnswer* answer);
inline constexpr char kPluginEntry[] = "sluice_device_plugin";

// Defines the entry. `make` is callable as absl::StatusOr<std::unique_ptr<DevicePlugin>>(const PluginHost&).
#define SLUICE_DEVICE_PLUGIN(make)                                                                              \
  extern "C" __attribute__((visibility("default"))) void sluice_device_plugin(const ::sluice::PluginHost* host, \
                                                                              ::sluice::PluginAnswer* answer) { \
    answer->build_hash = ::sluice::kBuildHash;                                                                  \
    if (std::strcmp(host->build_hash, ::sluice::kBuildHash) != 0) return;                                       \
    ::absl::StatusOr<std::unique_ptr<::sluice::DevicePlugin>> plugin = (make)(*host);                           \
    if (plugin.ok()) {                                                                                          \
      answer->plugin = plugin->release();                                                                       \
    } else {                                                                                                    \
      *answer->error = std::string(plugin.status().message());                                                  \
    }                                                                                                           \
  }

}  // namespace sluice
