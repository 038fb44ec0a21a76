#include <algorithm>

#include "absl/strings/ascii.h"

#include "tests/gpu_check/checks.h"

namespace sluice::gpu_check {

std::string CheckOptions::Type() const {
  return absl::AsciiStrToUpper(absl::string_view(device).substr(0, device.find_first_of(":@")));
}

std::string CheckOptions::Place(int index) const { return absl::StrCat("/device:", Type(), ":", index); }

std::string CheckOptions::TwoDevices() const { return Type() == "SIM" ? "sim:2" : absl::StrCat(device, ",", device); }

bool CheckOptions::Wants(const std::string& name) const {
  return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
}

SessionOptions CheckOptions::OnDevice() const { return {.devices = device, .exact = !tf32, .plugins = plugins}; }

SessionOptions CheckOptions::OnCpu() const { return {.devices = "cpu:1", .exact = true}; }

}  // namespace sluice::gpu_check
