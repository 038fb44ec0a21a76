#include <cmath>

#include "absl/strings/match.h"

#include "tests/gpu_check/checks.h"
#include "tests/gpu_check/comparison.h"
#include "tests/gpu_check/network_run.h"

namespace sluice::gpu_check {
namespace {

constexpr int64_t kBatch = 4;
constexpr double kSmallWidth = 0.125;  // of what `small` asks for

// Rounding grows from layer to layer, and a rectifier that falls on the other side of zero changes a gradient at once.
struct NetworkTolerance {
  double answer, loss, drift;
};
NetworkTolerance ToleranceOf(const std::string& network, const CheckOptions& options) {
  NetworkTolerance allowed = options.tf32 ? NetworkTolerance{2e-2, 2e-2, 0.2} : NetworkTolerance{1e-3, 1e-3, 2e-2};
  if (options.bf16) allowed.loss = 5e-2, allowed.drift = 0.3;
  // Without shortcuts every layer multiplies what the one before it made of rounding; after a hundred it decides alone where
  // a step goes.
  if (absl::StartsWith(network, "cifar_plain")) allowed.loss *= 20, allowed.drift *= 20;
  if (network == "cifar_plain110") allowed.drift = HUGE_VAL;
  return allowed;
}

bool IsDeep(const std::string& name) { return absl::StrContains(name, "1202"); }

// What is wrong with `actual`.
std::string Difference(const NetworkRun& run, const NetworkResult& actual, const NetworkResult& expected,
                       const NetworkTolerance& allowed) {
  std::string difference =
      Difference(actual.answer, expected.answer, Tolerance{.float_error = allowed.answer, .is_of_largest = true});
  if (!difference.empty()) return absl::StrCat("its answer: ", difference);
  for (size_t i = 0; i < expected.losses.size(); ++i) {
    const double is = actual.losses[i], should_be = expected.losses[i];
    if (std::fabs(is - should_be) <= allowed.loss * std::fabs(should_be)) continue;  // not where it is no number
    return absl::StrCat("the loss of step ", i, " is ", is, ", expected ", should_be);
  }
  if (expected.losses.empty()) return "";
  const double drift = run.Drift(expected, actual);
  return drift <= allowed.drift ? ""
                                : absl::StrCat("after training the variables are apart by ", drift,
                                               " of what they moved, allowed are ", allowed.drift);
}

absl::Status CheckOne(const Runtime& runtime, const CatalogNetwork& entry, const NetworkOptions& on_device,
                      const NetworkOptions& on_cpu, const SessionOptions& where, const CheckOptions& options) {
  const DataType precision = options.bf16 ? DataType::kBfloat16 : DataType::kFloat;
  const NetworkRun device(runtime, entry, on_device, precision), cpu(runtime, entry, on_cpu, precision);
  SLUICE_RETURN_IF_ERROR(device.status());
  SLUICE_RETURN_IF_ERROR(cpu.status());
  auto expected = cpu.Run(options.OnCpu(), kBatch, kRunsUntilCaptured);
  if (!expected.ok()) return WithContext(expected.status(), "on the CPU");
  SLUICE_ASSIGN_OR_RETURN(NetworkResult actual, device.Run(where, kBatch, kRunsUntilCaptured));
  if (options.tamper) {
    std::vector<Tensor> answer = {actual.answer};
    options.tamper(answer);
  }
  const std::string difference = Difference(device, actual, *expected, ToleranceOf(entry.name, options));
  return difference.empty() ? absl::OkStatus() : absl::InternalError(difference);
}

}  // namespace

absl::Status CheckNetworks(const Runtime& runtime, const CheckOptions& options, Report& report) {
  std::vector<const CatalogNetwork*> entries;
  for (const CatalogNetwork& entry : Catalog()) {
    const bool is_split = entry.name == "alexnet_2dev";  // CheckTowers
    if (!is_split && options.Wants(entry.name) && !(options.small && IsDeep(entry.name))) entries.push_back(&entry);
  }
  NetworkOptions network;
  if (options.small) network.width = kSmallWidth;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (report.IsOutOfTime()) {
      report.Fail(absl::StrCat("out of time: ", entries.size() - i, " networks are left, from ", entries[i]->name));
      break;
    }
    report.Expect(CheckOne(runtime, *entries[i], network, network, options.OnDevice(), options), entries[i]->name);
    report.Progress(absl::StrCat(i + 1, " of ", entries.size(), " networks, ", entries[i]->name));
  }
  return absl::OkStatus();
}

absl::Status CheckTowers(const Runtime& runtime, const CheckOptions& options, Report& report) {
  const CatalogNetwork* entry = FindNetwork("alexnet_2dev");
  if (entry == nullptr) return absl::InternalError("there is no alexnet_2dev");
  NetworkOptions on_device, on_cpu;
  if (options.small) on_device.width = on_cpu.width = kSmallWidth;
  on_device.devices = {options.Place(0), options.Place(1)};
  on_cpu.devices = {"/device:CPU:0", "/device:CPU:0"};
  SessionOptions where = options.OnDevice();
  where.devices = options.TwoDevices();
  report.Expect(CheckOne(runtime, *entry, on_device, on_cpu, where, options), where.devices);
  return absl::OkStatus();
}

}  // namespace sluice::gpu_check
