#include "plugins/simulated/device.h"

#include <algorithm>
#include <cstdlib>

#include "kernels/gpu/register_all.h"
#include "plugins/simulated/kernels.h"
#include "plugins/simulated/stream.h"

namespace sluice::simulated {
namespace {

std::string Describe(const Options& options, int64_t limit) {
  return absl::StrCat("simulated, ", limit, " bytes, delay ", options.delay_us, " us, seed ", options.seed);
}

class SimulatedDevice : public Device {
 public:
  SimulatedDevice(std::shared_ptr<DeviceState> state, int logical_index, int64_t limit, const KernelRegistry& cpu)
      : state_(std::move(state)),
        index_(logical_index),
        allocator_(state_->name, state_->space, limit, state_->options.fail_alloc, state_->is_lost) {
    AddKernels(cpu, state_, kernels_);
  }
  const std::string& name() const override { return state_->name; }
  absl::string_view type() const override { return "SIM"; }
  int index() const override { return index_; }
  std::string description() const override { return Describe(state_->options, allocator_.limit()); }
  Allocator& allocator() override { return allocator_; }
  Allocator& pinned_allocator() override { return pinned_; }
  absl::StatusOr<std::unique_ptr<Stream>> NewStream() override { return New(Engine::kKernels); }
  absl::StatusOr<std::unique_ptr<Stream>> NewTransferStream(Transfer transfer) override {
    if (state_->options.copy_streams == 0) return nullptr;
    constexpr Engine kEngines[] = {Engine::kToDevice, Engine::kToHost, Engine::kPeer};
    return New(kEngines[static_cast<size_t>(transfer)]);
  }
  bool CanReach(const Device& peer) const override {
    auto* other = dynamic_cast<const SimulatedDevice*>(&peer);
    if (other == nullptr || other->state_->fabric != state_->fabric) return false;
    return other == this || state_->options.peers != 0;
  }
  std::unique_ptr<Event> NewEvent() override { return std::make_unique<SimulatedEvent>(state_->fabric); }
  const KernelRegistry& kernels() const override { return kernels_; }
  int threads() const override { return static_cast<int>(state_->options.threads); }
  bool is_synchronous() const override { return false; }
  bool captures_graphs() const override { return state_->options.graphs != 0 && !is_blocking(); }
  bool is_blocking() const override { return state_->options.blocking != 0; }

 private:
  absl::StatusOr<std::unique_ptr<Stream>> New(Engine engine) {
    SLUICE_RETURN_IF_ERROR(state_->Check());
    return std::make_unique<SimulatedStream>(state_, engine);
  }

  const std::shared_ptr<DeviceState> state_;
  const int index_;
  DeviceAllocator allocator_;
  PinnedAllocator pinned_;
  KernelRegistry kernels_;
};

class SimulatedPlugin : public DevicePlugin {
 public:
  SimulatedPlugin(const Options& options, const KernelRegistry& cpu) : options_(options), cpu_(cpu) {
    if (options.gpu_kernels != 0) gpu::RegisterAllKernels(*gpu_kernels_);
  }
  absl::string_view type() const override { return "SIM"; }
  bool is_counted() const override { return true; }
  absl::StatusOr<std::vector<std::string>> ListDevices() const override {
    return std::vector<std::string>(options_.devices, Describe(options_, options_.limit));
  }
  absl::StatusOr<std::unique_ptr<Device>> MakeDevice(const PluginDeviceOptions& asked) override {
    if (asked.ordinal < 0 || asked.ordinal >= options_.devices) {
      return absl::NotFoundError(
          absl::StrCat("simulated device ", asked.ordinal, " of ", options_.devices, " was asked for"));
    }
    if (asked.memory_limit > options_.limit) {
      return absl::ResourceExhaustedError(absl::StrCat("simulated device ", asked.ordinal, ": a limit of ",
                                                       asked.memory_limit, " bytes was asked for, it has ",
                                                       options_.limit));
    }
    const int64_t limit = asked.memory_limit > 0 ? asked.memory_limit : options_.limit;
    auto state = std::make_shared<DeviceState>();
    state->fabric = fabric_;
    state->gpu_kernels = gpu_kernels_;
    SLUICE_ASSIGN_OR_RETURN(state->space, AddressSpace::Create(static_cast<size_t>(limit)));
    fabric_->Add(state->space);
    state->options = options_;
    if (options_.fault_device >= 0 && options_.fault_device != asked.ordinal) {
      state->options.fail_alloc = state->options.fail_copy = state->options.fail_run = state->options.lose_at = 0;
    }
    state->index = asked.ordinal;
    state->name = absl::StrCat("/job:localhost/replica:0/task:0/device:SIM:", asked.index);
    return std::make_unique<SimulatedDevice>(std::move(state), asked.index, limit, cpu_);
  }

 private:
  const Options options_;
  const KernelRegistry& cpu_;
  const std::shared_ptr<KernelRegistry> gpu_kernels_ = std::make_shared<KernelRegistry>();
  const std::shared_ptr<Fabric> fabric_ = std::make_shared<Fabric>();
};

}  // namespace

absl::StatusOr<std::unique_ptr<DevicePlugin>> MakePlugin(const PluginHost& host) {
  absl::string_view text = host.options;
  if (const char* variable = std::getenv("SLUICE_SIM"); text.empty() && variable != nullptr) text = variable;
  SLUICE_ASSIGN_OR_RETURN(Options options, ParseOptions(text));
  return std::make_unique<SimulatedPlugin>(options, *host.cpu_kernels);
}

}  // namespace sluice::simulated

SLUICE_DEVICE_PLUGIN(sluice::simulated::MakePlugin)
