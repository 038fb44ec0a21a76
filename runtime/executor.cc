// The loop that runs a part: the only code that is executed for every instruction of every run.

#include <cstring>

#include "core/parallel.h"
#include "graph/flops.h"
#include "graph/partition.h"
#include "runtime/step.h"

namespace sluice {
namespace {

int64_t MicrosSince(Deadline start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

absl::Status Step::Interrupted() const {
  if (control_.failed.load(std::memory_order_relaxed)) return absl::AbortedError("another part of the run failed");
  if (control_.cancellation != nullptr && control_.cancellation->load(std::memory_order_relaxed)) {
    return absl::CancelledError("the run was cancelled");
  }
  if (control_.deadline != kNoDeadline && std::chrono::steady_clock::now() >= control_.deadline) {
    return absl::DeadlineExceededError("the run's time is over");
  }
  return absl::OkStatus();
}

void Step::RunPart(Part& part) {
  SetThreadsOfCaller(part.program->device->threads());
  const bool takes_turns = part.program->device->is_synchronous();
  if (takes_turns) turns_.Take();
  part.status = Execute(part);
  if (takes_turns) turns_.GiveBack();
  if (!part.status.ok()) {
    control_.failed.store(true, std::memory_order_relaxed);
    for (auto& channel : channels_) channel->Abandon(control_.run);
  }
  // Also after an error: what was issued still uses the memory of this step.
  absl::Status rest = part.stream->Synchronize();
  if (part.status.ok()) part.status = rest;
  if (!plan_->parts.empty() && part.program->has_dynamic()) part.dynamic->ReleaseAll();
}

absl::Status Step::Execute(Part& part) {
  const Program& program = *part.program;
  if (!program.device->is_synchronous()) {
    for (auto [feed, slot] : program.feeds) {
      SLUICE_RETURN_IF_ERROR(part.stream->Copy(part.slots[slot], MemoryKind::kDevice, control_.feeds[feed].raw(),
                                               MemoryKind::kHost, control_.feeds[feed].bytes()));
    }
  }
  RunContext context;
  context.slots = part.slots.data();
  context.stream = part.stream.get();
  context.cancelled = &control_.failed;
  const uint32_t* operands = program.operands.data();
  part.trace.clear();
  const bool may_be_interrupted =
      control_.cancellation != nullptr || control_.deadline != kNoDeadline || parts_.size() > 1;
  for (const Instruction& instruction : program.instructions) {
    if (may_be_interrupted) SLUICE_RETURN_IF_ERROR(Interrupted());
    const int64_t start = control_.trace ? MicrosSince(control_.start) : 0;
    context.input_slots = operands + instruction.first_input;
    context.output_slots = operands + instruction.first_output;
    absl::Status status;
    if (instruction.kind == Instruction::kRun) [[likely]] {
      context.scratch_memory = instruction.scratch_slot == kNoSlot ? nullptr : part.slots[instruction.scratch_slot];
      context.state = instruction.state < 0 ? nullptr : part.states[instruction.state].get();
      status = instruction.kernel->Run(context);
      if (!status.ok()) [[unlikely]] {
        const Node& node = plan_->graph->node(instruction.node);
        return WithContext(status, absl::StrCat("node '", node.name, "' (", node.op(), ")"));
      }
    } else {
      SLUICE_RETURN_IF_ERROR(ExecuteOther(part, instruction, context));
    }
    if (control_.trace) {
      const Node& node = plan_->graph->node(instruction.node);
      const bool is_transfer = instruction.kind == Instruction::kSend || instruction.kind == Instruction::kReceive;
      NodeTrace trace{node.name,
                      is_transfer ? (instruction.kind == Instruction::kSend ? "_Send" : "_Recv") : node.op(),
                      program.device->name(),
                      start,
                      MicrosSince(control_.start),
                      0,
                      is_transfer ? 0 : NodeFlops(node, plan_->infos)};
      if (!is_transfer && !node.output_types.empty()) {
        trace.output_bytes = static_cast<int64_t>(program.slots[operands[instruction.first_output]].bytes);
      }
      part.trace.push_back(std::move(trace));
    }
  }
  return CopyFetches(part);
}

absl::Status Step::ExecuteOther(Part& part, const Instruction& instruction, RunContext context) {
  switch (instruction.kind) {
    case Instruction::kCheckVariable:
      if (!instruction.variable->is_initialized()) {
        return absl::FailedPreconditionError(absl::StrCat("node '", plan_->graph->node(instruction.node).name,
                                                          "' (ReadVariableOp): variable '",
                                                          instruction.variable->name(), "' is not initialised"));
      }
      return absl::OkStatus();
    case Instruction::kSend:
      return Send(part, instruction);
    case Instruction::kReceive:
      return Receive(part, instruction);
    default:
      return part.dynamic->Run(instruction.index, context);
  }
}

absl::Status Step::Send(Part& part, const Instruction& instruction) {
  const ChannelSpec& spec = plan_->channels[instruction.index];
  ChannelState& channel = *channels_[instruction.index];
  const bool is_synchronous = part.program->device->is_synchronous();
  if (spec.source.index != kControl) {
    const uint32_t slot = part.program->operands[instruction.first_input];
    size_t bytes = static_cast<size_t>(spec.bytes);
    if (spec.bytes < 0) {
      channel.shape = part.dynamic->shape(slot);
      bytes = static_cast<size_t>(channel.shape.num_elements()) * DataTypeSize(spec.dtype);
      if (bytes > channel.capacity) {
        Allocator& memory = is_synchronous ? state_.host_allocator() : part.program->device->pinned_allocator();
        SLUICE_ASSIGN_OR_RETURN(channel_buffers_[instruction.index],
                                Tensor::Create(DataType::kUint8, Shape{static_cast<int64_t>(bytes)}, memory));
        channel.buffer = channel_buffers_[instruction.index].raw();
        channel.capacity = bytes;
      }
    }
    if (bytes > 0 && is_synchronous) {
      std::memcpy(channel.buffer, part.slots[slot], bytes);
    } else if (bytes > 0) {
      SLUICE_RETURN_IF_ERROR(
          part.stream->Copy(channel.buffer, MemoryKind::kPinned, part.slots[slot], MemoryKind::kDevice, bytes));
    }
  }
  if (!is_synchronous) SLUICE_RETURN_IF_ERROR(part.stream->Record(*channel.sent));
  channel.Signal(control_.run, is_synchronous ? nullptr : channel.sent.get());
  return absl::OkStatus();
}

absl::Status Step::AwaitChannel(ChannelState& channel, Event** event) {
  constexpr auto kCancellationPoll = std::chrono::milliseconds(20);
  while (true) {
    Deadline until = control_.deadline;
    if (control_.cancellation != nullptr) {
      until = std::min(until, std::chrono::steady_clock::now() + kCancellationPoll);
    }
    if (channel.Await(control_.run, until, event)) return absl::OkStatus();
    SLUICE_RETURN_IF_ERROR(Interrupted());
  }
}

absl::Status Step::Receive(Part& part, const Instruction& instruction) {
  const ChannelSpec& spec = plan_->channels[instruction.index];
  ChannelState& channel = *channels_[instruction.index];
  const Device& receiver = *part.program->device;
  Event* event = nullptr;
  if (receiver.is_synchronous()) turns_.GiveBack();
  absl::Status arrived = AwaitChannel(channel, &event);
  if (receiver.is_synchronous()) turns_.Take();
  SLUICE_RETURN_IF_ERROR(arrived);
  if (event != nullptr) {
    // A stream waits for an event of its own kind; anything else the host waits for.
    if (!receiver.is_synchronous() && state_.devices()[spec.from_device]->type() == receiver.type()) {
      SLUICE_RETURN_IF_ERROR(part.stream->Wait(*event));
    } else {
      SLUICE_RETURN_IF_ERROR(event->Synchronize());
    }
  }
  if (spec.source.index == kControl) return absl::OkStatus();
  const uint32_t slot = part.program->operands[instruction.first_output];
  size_t bytes = static_cast<size_t>(spec.bytes);
  if (spec.bytes < 0) {
    SLUICE_RETURN_IF_ERROR(part.dynamic->Allocate(slot, channel.shape));
    bytes = static_cast<size_t>(channel.shape.num_elements()) * DataTypeSize(spec.dtype);
    if (receiver.is_synchronous() && bytes > 0) std::memcpy(part.slots[slot], channel.buffer, bytes);
  }
  if (!receiver.is_synchronous() && bytes > 0) {
    return part.stream->Copy(part.slots[slot], MemoryKind::kDevice, channel.buffer, MemoryKind::kPinned, bytes);
  }
  return absl::OkStatus();
}

absl::Status Step::CopyFetches(Part& part) {
  const Program& program = *part.program;
  for (size_t f = 0; f < plan_->fetches.size(); ++f) {
    const FetchSpec& spec = plan_->fetches[f];
    if (spec.device != program.device_index || !spec.needs_copy) continue;
    if (spec.is_dynamic) SLUICE_RETURN_IF_ERROR(FetchBuffer(static_cast<int>(f), part.dynamic->shape(spec.slot)));
    Tensor& to = fetched_[f];
    const void* from = part.slots[spec.slot];
    if (spec.dtype == DataType::kString) {
      auto* source = static_cast<const std::string*>(from);
      std::copy(source, source + to.num_elements(), to.data<std::string>());
    } else if (to.bytes() > 0) {
      const bool is_host = program.device->is_synchronous();
      SLUICE_RETURN_IF_ERROR(part.stream->Copy(to.raw(), MemoryKind::kHost, from,
                                               is_host ? MemoryKind::kHost : MemoryKind::kDevice, to.bytes()));
    }
  }
  return absl::OkStatus();
}

}  // namespace sluice
