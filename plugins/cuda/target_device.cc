#include "plugins/cuda/target_device.h"

#include <cstring>

#include "absl/strings/str_join.h"

#include "kernels/gpu/device_models.h"
#include "kernels/gpu/register_all.h"

namespace sluice::cuda {
namespace {

// Memory of the host that counts as a device's.
class StandInMemory : public Allocator {
 public:
  StandInMemory(MemoryKind kind, int64_t limit) : kind_(kind), host_(limit) {}
  void* Allocate(size_t bytes) override { return host_.Allocate(bytes); }
  void Deallocate(void* data, size_t bytes) override { host_.Deallocate(data, bytes); }
  MemoryKind kind() const override { return kind_; }
  Stats stats() const override { return host_.stats(); }

 private:
  const MemoryKind kind_;
  HostAllocator host_;
};

class DoneEvent : public Event {
 public:
  bool Done() const override { return true; }
  absl::Status Synchronize() override { return absl::OkStatus(); }
};

// Copies, for constants and variables; kernels do not get to it.
class CopyStream : public Stream {
 public:
  absl::Status Record(Event&) override { return absl::OkStatus(); }
  absl::Status Wait(Event& event) override { return event.Synchronize(); }
  absl::Status Copy(void* dst, MemoryKind, const void* src, MemoryKind, size_t bytes) override {
    if (bytes > 0) std::memcpy(dst, src, bytes);
    return absl::OkStatus();
  }
  absl::Status Synchronize() override { return absl::OkStatus(); }
};

}  // namespace

absl::StatusOr<std::unique_ptr<TargetDevice>> TargetDevice::Create(absl::string_view model,
                                                                   const PluginDeviceOptions& asked,
                                                                   const Options& options) {
  for (const gpu::DeviceModel& known : gpu::kDeviceModels) {
    if (model != known.name) continue;
    if (asked.memory_limit > known.memory) {
      return absl::ResourceExhaustedError(
          absl::StrCat(model, ": a limit of ", asked.memory_limit, " bytes was asked for, it has ", known.memory));
    }
    SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<const gpu::DnnTarget> target,
                            gpu::DnnTarget::FromProperties(known.properties, known.sm_version));
    const int64_t memory = asked.memory_limit > 0 ? asked.memory_limit : known.memory;
    return std::unique_ptr<TargetDevice>(new TargetDevice(asked, std::move(target), memory, options));
  }
  auto name = [](std::string* out, const gpu::DeviceModel& known) { absl::StrAppend(out, known.name); };
  return absl::NotFoundError(absl::StrCat("no GPU model '", model, "' is known here; there are ",
                                          absl::StrJoin(gpu::kDeviceModels, ", ", name)));
}

TargetDevice::TargetDevice(const PluginDeviceOptions& asked, std::shared_ptr<const gpu::DnnTarget> target,
                           int64_t memory, const Options& options)
    : index_(asked.index),
      name_(absl::StrCat("/job:localhost/replica:0/task:0/device:GPU:", asked.index)),
      target_(std::move(target)),
      plans_(std::make_shared<gpu::DnnPlanCache>(target_, options.plans)),
      allocator_(std::make_unique<StandInMemory>(MemoryKind::kDevice, memory)),
      pinned_(std::make_unique<StandInMemory>(MemoryKind::kPinned, 0)) {
  gpu::RegisterAllKernels(kernels_);
  const gpu::Libraries libraries{plans_, options.tf32 != 0};
  gpu::LibraryRegistrar registrar{kernels_, libraries};
  gpu::RegisterAllLibraryKernels(registrar);
}

std::string TargetDevice::description() const { return absl::StrCat(target_->description(), ", to compile for"); }

absl::StatusOr<std::unique_ptr<Stream>> TargetDevice::NewStream() { return std::make_unique<CopyStream>(); }

std::unique_ptr<Event> TargetDevice::NewEvent() { return std::make_unique<DoneEvent>(); }

}  // namespace sluice::cuda
