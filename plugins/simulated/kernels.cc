#include "plugins/simulated/kernels.h"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "plugins/simulated/duration.h"
#include "plugins/simulated/variable_view.h"

namespace sluice::simulated {
namespace {

// Ops that stay on the host: they read and write files.
constexpr absl::string_view kHostOps[] = {"SaveV2", "RestoreV2"};

// Memory that a kernel gets within its Run, as the kernel may use it.
class ResolvingAllocator : public OutputAllocator {
 public:
  ResolvingAllocator(OutputAllocator* inner, const AddressSpace& space) : inner_(inner), space_(space) {}
  absl::StatusOr<void*> AllocateOutput(int index, const Shape& shape) override {
    SLUICE_ASSIGN_OR_RETURN(void* data, inner_->AllocateOutput(index, shape));
    return space_.Resolve(data);
  }

 private:
  OutputAllocator* const inner_;
  const AddressSpace& space_;
};

// Where an argument of a kernel has to be. Outputs are all on the device: what the CPU's kernel writes to the host is
// written there too.
enum class Place : uint8_t { kNowhere, kHost, kDevice };

class SimulatedKernel : public Kernel, private Work {
 public:
  SimulatedKernel(const KernelDef& def, std::shared_ptr<DeviceState> device)
      : def_(def), device_(std::move(device)), inner_(def.make()) {}
  // What was queued still uses this.
  ~SimulatedKernel() override { WaitUntilIdle(); }

  absl::Status Prepare(PrepareContext& ctx) override {
    WaitUntilIdle();
    for (const PrepareContext::Input& input : ctx.inputs) {
      if (!IsTrivial(input.dtype) && input.dtype != DataType::kResource) return Unsupported(input.dtype);
    }
    for (const PrepareContext::Output& output : ctx.outputs) {
      if (!IsTrivial(output.dtype) && output.dtype != DataType::kResource) return Unsupported(output.dtype);
    }
    node_ = absl::StrCat("node '", ctx.node, "' (", ctx.op, ")");
    initializes_ = ctx.op == "AssignVariableOp";
    SLUICE_RETURN_IF_ERROR(PrepareInner(ctx));
    waits_ = ctx.output_shapes_at_run;
    duration_us_ = KernelMicroseconds(device_->options, ctx);
    inputs_.clear();
    outputs_.clear();
    const int num_inputs = static_cast<int>(ctx.inputs.size());
    for (int i = 0; i < num_inputs; ++i) {
      const PrepareContext::Input& input = ctx.inputs[i];
      inputs_.push_back(PlaceOf(input.dtype, input.shape.num_elements(), def_.IsHostInput(i, num_inputs)));
    }
    for (const PrepareContext::Output& output : ctx.outputs) {
      // With shapes of its own the kernel asks for the memory itself.
      outputs_.push_back(waits_ ? Place::kNowhere : PlaceOf(output.dtype, output.shape.num_elements(), false));
    }
    operand_slots_.resize(inputs_.size() + outputs_.size());
    std::iota(operand_slots_.begin(), operand_slots_.end(), 0);
    return absl::OkStatus();
  }

  absl::Status Run(RunContext& ctx) const override {
    SLUICE_RETURN_IF_ERROR(device_->Check());
    for (size_t i = 0; i < inputs_.size(); ++i) {
      SLUICE_RETURN_IF_ERROR(Check(inputs_[i], ctx.input_slots[i], ctx, "input", i));
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
      SLUICE_RETURN_IF_ERROR(Check(outputs_[i], ctx.output_slots[i], ctx, "output", i));
    }
    auto& stream = static_cast<SimulatedStream&>(*ctx.stream);
    SLUICE_RETURN_IF_ERROR(FollowVariables(stream));
    const AddressSpace& space = *device_->space;
    absl::Status result;
    if (waits_ && stream.is_capturing()) {
      return absl::FailedPreconditionError("the host has to wait for the shapes: this cannot be captured");
    }
    stream.Enqueue([&](Task& task) {
      task.kind = Task::kRun;
      task.duration_us = duration_us_;
      task.work = this;
      task.operands.clear();
      for (size_t i = 0; i < inputs_.size(); ++i) {
        task.operands.push_back(inputs_[i] == Place::kNowhere ? nullptr : space.Resolve(ctx.slots[ctx.input_slots[i]]));
      }
      for (size_t i = 0; i < outputs_.size(); ++i) {
        task.operands.push_back(outputs_[i] == Place::kNowhere ? nullptr
                                                               : space.Resolve(ctx.slots[ctx.output_slots[i]]));
      }
      task.scratch = space.Resolve(ctx.scratch_memory);
      task.state = ctx.state;
      task.cancelled = ctx.cancelled;
      task.output_allocator = waits_ ? ctx.output_allocator : nullptr;
      task.result = waits_ ? &result : nullptr;
    });
    // The host may ask at once, as it may on hardware, whether the variable has a value.
    if (initializes_) {
      for (const auto& view : views_) view->real().set_initialized(true);
    }
    if (!waits_) return absl::OkStatus();
    stream.Drain();
    return result;
  }

  std::unique_ptr<KernelState> NewState() const override { return inner_->NewState(); }

 private:
  absl::Status Unsupported(DataType dtype) const {
    return absl::UnimplementedError(
        absl::StrCat("tensors of ", DataTypeName(dtype), " do not live on ", device_->name));
  }

  static Place PlaceOf(DataType dtype, int64_t num_elements, bool is_host) {
    if (dtype == DataType::kResource || num_elements == 0) return Place::kNowhere;
    return is_host ? Place::kHost : Place::kDevice;
  }

  // The inner kernel sees the variables' views instead of the variables.
  absl::Status PrepareInner(PrepareContext& ctx) {
    const PrepareContext original = ctx;
    while (true) {
      views_.clear();
      for (PrepareContext::Input& input : ctx.inputs) {
        if (input.variable != nullptr) input.variable = AddView(*input.variable);
      }
      if (ctx.own_variable != nullptr) ctx.own_variable = AddView(*ctx.own_variable);
      ctx.threads = static_cast<int>(device_->options.threads);
      SLUICE_RETURN_IF_ERROR(inner_->Prepare(ctx));
      for (size_t i = 0; i < ctx.inputs.size(); ++i) ctx.inputs[i].variable = original.inputs[i].variable;
      ctx.own_variable = original.own_variable;
      bool again = false;
      for (const auto& view : views_) {
        SLUICE_ASSIGN_OR_RETURN(bool moved, view->FollowReserve());
        again |= moved;
      }
      if (!again) break;
      ctx = original;
    }
    // One order of locking for all kernels.
    std::sort(views_.begin(), views_.end(), [](const auto& a, const auto& b) { return &a->real() < &b->real(); });
    return absl::OkStatus();
  }

  // Another assignment may have given a variable another shape, and so other memory, since Prepare (dynamic mode).
  absl::Status FollowVariables(SimulatedStream& stream) const {
    for (const auto& view : views_) {
      Variable& real = view->real();
      if (initializes_ && !(real.shape() == view->view().shape())) {
        stream.Drain();  // what is queued uses the memory that is freed now
        std::lock_guard lock(real.mutex());
        SLUICE_RETURN_IF_ERROR(real.Reserve(view->view().shape()));
      }
      if (!view->IsStale()) continue;
      WaitUntilIdle();
      view->Refresh();
    }
    return absl::OkStatus();
  }

  Variable* AddView(Variable& variable) {
    for (const auto& view : views_) {
      if (&view->real() == &variable) return &view->view();
    }
    return &views_.emplace_back(std::make_unique<VariableView>(variable, device_->space))->view();
  }

  absl::Status Check(Place place, uint32_t slot, const RunContext& ctx, const char* what, size_t index) const {
    if (place == Place::kNowhere) return absl::OkStatus();
    const void* p = ctx.slots[slot];
    bool is_right = place == Place::kHost ? !device_->space->IsHandle(p) : device_->space->IsHandle(p);
    if (is_right) [[likely]]
      return absl::OkStatus();
    return absl::InternalError(absl::StrCat(node_, ": ", what, " ", index, " is not in the memory of ",
                                            place == Place::kHost ? "the host" : device_->name.c_str()));
  }

  void Queued() const override { pending_.fetch_add(1, std::memory_order_relaxed); }

  // Work: on the stream's thread.
  absl::Status Do(const Task& task) const override {
    absl::Status status = RunInner(task);
    // What a kernel says of its values is told with its node on hardware too; that it crashed is not.
    const bool is_nameless = (task.is_in_graph || device_->options.nameless != 0) &&
                             (absl::IsInternal(status) || absl::IsUnavailable(status));
    if (!status.ok() && !is_nameless) status = WithContext(status, node_);
    if (pending_.fetch_sub(1, std::memory_order_release) == 1) pending_.notify_all();
    return status;
  }

  absl::Status RunInner(const Task& task) const {
    SLUICE_RETURN_IF_ERROR(device_->StartWork());
    if (device_->runs.fetch_add(1) + 1 == device_->options.fail_run) {
      return absl::InternalError(
          absl::StrCat(device_->name, ": kernel number ", device_->options.fail_run, " failed, as asked for"));
    }
    for (const auto& view : views_) view->real().mutex().lock();
    absl::Status status;
    for (const auto& view : views_) {
      if (status.ok()) status = view->BeforeRun();
    }
    if (status.ok()) {
      ResolvingAllocator allocator(task.output_allocator, *device_->space);
      RunContext ctx;
      ctx.slots = task.operands.data();
      ctx.input_slots = operand_slots_.data();
      ctx.output_slots = operand_slots_.data() + inputs_.size();
      ctx.scratch_memory = task.scratch;
      ctx.state = task.state;
      ctx.cancelled = task.cancelled;
      ctx.output_allocator = task.output_allocator != nullptr ? &allocator : nullptr;
      status = inner_->Run(ctx);
      for (const auto& view : views_) view->AfterRun();
    }
    for (const auto& view : views_) view->real().mutex().unlock();
    return status;
  }

  void WaitUntilIdle() const {
    for (int n = pending_.load(std::memory_order_acquire); n != 0; n = pending_.load(std::memory_order_acquire)) {
      pending_.wait(n);
    }
  }

  const KernelDef& def_;
  const std::shared_ptr<DeviceState> device_;
  const std::unique_ptr<Kernel> inner_;
  std::string node_;
  std::vector<Place> inputs_;
  std::vector<Place> outputs_;
  std::vector<uint32_t> operand_slots_;  // 0, 1, 2 …: operands of a task are in order
  std::vector<std::unique_ptr<VariableView>> views_;
  double duration_us_ = 0;
  bool initializes_ = false;
  bool waits_ = false;  // Run ends after the work: the host needs the shapes
  mutable std::atomic<int> pending_{0};
};

}  // namespace

void AddKernels(const KernelRegistry& cpu, const std::shared_ptr<DeviceState>& device, KernelRegistry& registry) {
  std::vector<DataType> plain(std::begin(kNumberTypes), std::end(kNumberTypes));
  plain.insert(plain.end(), {DataType::kBool, DataType::kResource});
  // The first of an op that takes its types is the one.
  std::vector<const KernelDef*> defs = device->gpu_kernels->All();
  const std::vector<const KernelDef*> others = cpu.All();
  defs.insert(defs.end(), others.begin(), others.end());
  for (const KernelDef* def : defs) {
    if (std::find(std::begin(kHostOps), std::end(kHostOps), def->op) != std::end(kHostOps)) continue;
    KernelDef& added = registry.Add(def->op, [def, device] { return std::make_unique<SimulatedKernel>(*def, device); });
    added.types = def->types;
    added.host_inputs = def->host_inputs;
    // What takes any type takes no strings here.
    for (const char* attr : {"T", "dtype"}) added.types.try_emplace(attr, plain);
  }
}

}  // namespace sluice::simulated
