#include "runtime/devices.h"

#include <algorithm>
#include <optional>
#include <sched.h>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "core/cpu_device.h"

namespace sluice {
namespace {

constexpr int kMaxDevices = 256;

// One piece of the text: "sim:2", "gpu@h100".
struct Item {
  std::string type;  // in capitals
  std::optional<int> number;
  std::string model;  // of a device to compile for
};

absl::StatusOr<std::vector<Item>> Parse(absl::string_view text) {
  std::vector<Item> items;
  if (text.empty()) return items;
  for (absl::string_view piece : absl::StrSplit(text, ',')) {
    std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(piece, absl::MaxSplits(':', 1));
    Item item;
    if (size_t at = piece.find('@'); at != absl::string_view::npos) {
      item.type = absl::AsciiStrToUpper(absl::StripAsciiWhitespace(piece.substr(0, at)));
      item.model = absl::AsciiStrToLower(absl::StripAsciiWhitespace(piece.substr(at + 1)));
      if (item.type.empty() || item.type == "CPU" || item.model.empty() || absl::StrContains(piece, ':')) {
        return absl::InvalidArgumentError(absl::StrCat(
            "devices '", text, "': '", piece, "' is not a type with a model to compile for, as in 'gpu@h100'"));
      }
      items.push_back(std::move(item));
      continue;
    }
    item.type = absl::AsciiStrToUpper(absl::StripAsciiWhitespace(parts.first));
    int number = 0;
    bool has_number = parts.first.size() < piece.size();
    bool is_number = !parts.second.empty() && absl::ascii_isdigit(parts.second[0]) &&
                     absl::SimpleAtoi(parts.second, &number) && number <= kMaxDevices;
    if (item.type.empty() || has_number != is_number) {
      return absl::InvalidArgumentError(absl::StrCat("devices '", text, "': '", piece,
                                                     "' is not a type with a number of at most ", kMaxDevices,
                                                     ", as in 'cpu:2'"));
    }
    if (has_number) item.number = number;
    items.push_back(std::move(item));
  }
  return items;
}

// "cpu (AMD EPYC), sim (2 devices)": for messages.
std::string WhatThereIs(absl::Span<const Plugin> plugins) {
  std::string text = absl::StrCat("cpu (", DescribeProcessor(), ")");
  for (const Plugin& plugin : plugins) {
    auto list = plugin.devices->ListDevices();
    absl::StrAppend(&text, ", ", absl::AsciiStrToLower(plugin.devices->type()), " (",
                    list.ok() ? absl::StrJoin(*list, "; ") : std::string(list.status().message()), ")");
  }
  return text;
}

class Maker {
 public:
  Maker(const DeviceSpec& spec, const KernelRegistry& cpu_kernels, absl::Span<const Plugin> plugins)
      : spec_(spec), cpu_kernels_(cpu_kernels), plugins_(plugins) {}

  absl::StatusOr<std::vector<std::unique_ptr<Device>>> Make() {
    SLUICE_ASSIGN_OR_RETURN(std::vector<Item> items, Parse(spec_.devices));
    int cpus = 0;
    for (const Item& item : items) {
      if (item.type != "CPU") continue;
      int number = item.number.value_or(1);
      if (number == 0) return absl::InvalidArgumentError(absl::StrCat("devices '", spec_.devices, "': no CPU"));
      cpus += number;
    }
    AddCpus(std::max(cpus, 1));
    for (const Item& item : items) {
      if (item.type != "CPU") SLUICE_RETURN_IF_ERROR(AddOthers(item));
    }
    return std::move(devices_);
  }

 private:
  void AddCpus(int n) {
    int total = spec_.threads > 0 ? spec_.threads : DefaultThreads();
    auto memory = std::make_shared<HostAllocator>(spec_.memory_limit);
    for (int i = 0; i < n; ++i) {
      int share = std::max(total / n + (i < total % n ? 1 : 0), 1);
      devices_.push_back(std::make_unique<CpuDevice>(i, share, memory, cpu_kernels_));
    }
  }

  absl::Status AddOthers(const Item& item) {
    auto fail = [&](const std::string& what) {
      return absl::NotFoundError(
          absl::StrCat("devices '", spec_.devices, "': ", what, "; there are ", WhatThereIs(plugins_)));
    };
    auto plugin =
        std::find_if(plugins_.begin(), plugins_.end(), [&](const Plugin& p) { return p.devices->type() == item.type; });
    if (plugin == plugins_.end()) {
      return fail(absl::StrCat("no plug-in brings devices of type ", absl::AsciiStrToLower(item.type)));
    }
    if (!item.model.empty()) {
      auto device = plugin->devices->MakeTarget(item.model, OptionsOf(item.type));
      if (!device.ok()) return WithContext(device.status(), absl::StrCat("devices '", spec_.devices, "'"));
      devices_.push_back(*std::move(device));
      return absl::OkStatus();
    }
    auto list = plugin->devices->ListDevices();
    if (!list.ok()) return fail(std::string(list.status().message()));
    const int there = static_cast<int>(list->size());
    const bool is_counted = plugin->devices->is_counted();
    const int first = is_counted ? 0 : item.number.value_or(0);
    const int count = is_counted ? item.number.value_or(1) : 1;
    if (first + count > there || count == 0) {
      return fail(is_counted ? absl::StrCat("asked for ", count, " of ", there, " devices of type ", item.type)
                             : absl::StrCat("there is no device ", absl::AsciiStrToLower(item.type), ":", first));
    }
    for (int i = 0; i < count; ++i) {
      PluginDeviceOptions options = OptionsOf(item.type);
      options.ordinal = is_counted ? options.index : first;
      if (options.ordinal >= there) return fail(absl::StrCat("more than ", there, " devices of type ", item.type));
      auto device = plugin->devices->MakeDevice(options);
      if (!device.ok()) return WithContext(device.status(), absl::StrCat("devices '", spec_.devices, "'"));
      devices_.push_back(*std::move(device));
    }
    return absl::OkStatus();
  }

  // Of the next device of this type.
  PluginDeviceOptions OptionsOf(const std::string& type) const {
    PluginDeviceOptions options;
    options.index = static_cast<int>(
        std::count_if(devices_.begin(), devices_.end(), [&](const auto& d) { return d->type() == type; }));
    options.memory_limit = spec_.device_memory_limit;
    return options;
  }

  const DeviceSpec& spec_;
  const KernelRegistry& cpu_kernels_;
  const absl::Span<const Plugin> plugins_;
  std::vector<std::unique_ptr<Device>> devices_;
};

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<Device>>> MakeDevices(const DeviceSpec& spec,
                                                                 const KernelRegistry& cpu_kernels,
                                                                 absl::Span<const Plugin> plugins) {
  return Maker(spec, cpu_kernels, plugins).Make();
}

absl::StatusOr<std::vector<std::unique_ptr<Device>>> MakeDevices(const Runtime& runtime,
                                                                 const SessionOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<Plugin> plugins, OpenPlugins(options.plugins, runtime.cpu_kernels()));
  DeviceSpec spec;
  spec.devices = options.devices;
  spec.threads = options.threads;
  spec.memory_limit = options.memory_limit;
  spec.device_memory_limit = options.device_memory_limit;
  return MakeDevices(spec, runtime.cpu_kernels(), plugins);
}

int DefaultThreads() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) return std::max(CPU_COUNT(&cores), 1);
  return std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
}

}  // namespace sluice
