// The groups of checks of a device against the CPU. Each takes the same options and tells a report what it found; an error is
// what kept the group from checking at all.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "runtime/session.h"
#include "tests/gpu_check/report.h"

namespace sluice::gpu_check {

// A device captures its work in the second run and issues it at once from then on (runtime/step.h): so many runs show both.
inline constexpr int kRunsUntilCaptured = 3;

struct CheckOptions {
  std::string device = "gpu:0";      // as a session takes it
  std::vector<std::string> plugins;  // files
  std::string vectors;               // the folder of TensorFlow's recordings
  // Float convolutions and products may be rounded to TF32; else everything is exact.
  bool tf32 = false;
  bool bf16 = false;              // networks train in bfloat16 (models/mixed_precision.h), on the CPU as well
  std::vector<std::string> only;  // ops or networks; empty: all
  int shard = 0, shards = 1;      // of the ops, every `shards`th
  int max_cases = 0;              // of each op; 0: all
  bool small = false;             // narrow networks, and not the deepest
  // For tests of the checks: changes what the device computed.
  std::function<void(std::vector<Tensor>&)> tamper;

  // "GPU" of "gpu:0".
  std::string Type() const;
  // "/device:GPU:0": the first or second of the session's devices of that type.
  std::string Place(int index) const;
  // The list for two logical devices: two on one card, or two simulated ones.
  std::string TwoDevices() const;
  bool Wants(const std::string& name) const;
  SessionOptions OnDevice() const;
  SessionOptions OnCpu() const;
};

// Every kernel of the device, for each of its types: fails for one without a case.
absl::Status CheckKernels(const Runtime& runtime, const CheckOptions& options, Report& report);
// The same without running anything: for a device that need not be there ("gpu@h100").
absl::Status CheckCoverage(const Runtime& runtime, const CheckOptions& options, Report& report);
// Every network of the catalog: what it computes, and a step of its training.
absl::Status CheckNetworks(const Runtime& runtime, const CheckOptions& options, Report& report);
// AlexNet's two towers on two logical devices.
absl::Status CheckTowers(const Runtime& runtime, const CheckOptions& options, Report& report);
// Too little memory, and what is said then.
absl::Status CheckLimits(const Runtime& runtime, const CheckOptions& options, Report& report);
// What a device cannot do or is not there, and work that fails while it runs.
absl::Status CheckErrors(const Runtime& runtime, const CheckOptions& options, Report& report);

}  // namespace sluice::gpu_check
