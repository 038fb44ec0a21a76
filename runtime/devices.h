// The devices of a session, from the text that a user gives.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"

#include "core/api.h"
#include "core/device.h"
#include "runtime/plugin.h"
#include "runtime/runtime.h"
#include "runtime/session_options.h"

namespace SLUICE_API sluice {

struct DeviceSpec {
  // Separated by commas: `cpu:2` means two logical CPU devices; so does the number for any type whose devices
  // are made up as asked for (the simulated ones). For hardware it is one device, `gpu:0,gpu:0` are two
  // logical devices on the first GPU. Without a number: one device, the first. `gpu@h100` is a device of that
  // model, which need not be there and that programs are compiled for, not run on. Case does not matter. Empty: one
  // CPU.
  std::string devices;
  int threads = 0;                  // host threads of all CPU devices together; 0: as many as there are cores
  int64_t memory_limit = 0;         // bytes of the host, for all CPU devices together; 0: none
  int64_t device_memory_limit = 0;  // bytes of each other device; 0: all that it has
};

// The CPUs come first, CPU:0 even where the text names none; then the others as the text has them. Each CPU
// gets an equal share of the threads, at least one. `cpu_kernels` must outlive the devices. InvalidArgument
// for a malformed text; NotFound for a device that is not there, saying what there is.
absl::StatusOr<std::vector<std::unique_ptr<Device>>> MakeDevices(const DeviceSpec& spec,
                                                                 const KernelRegistry& cpu_kernels,
                                                                 absl::Span<const Plugin> plugins);

// The same for a session: opens the plug-ins that the options and SLUICE_PLUGINS name first. The runtime must outlive the
// devices.
absl::StatusOr<std::vector<std::unique_ptr<Device>>> MakeDevices(const Runtime& runtime, const SessionOptions& options);

// Host threads where the user names no number: the cores that this process may run on.
int DefaultThreads();

}  // namespace sluice
