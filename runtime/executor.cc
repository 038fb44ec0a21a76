// The loop that runs a part: the only code that is executed for every instruction of every run.

#include <cstring>

#include "absl/strings/match.h"

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
  absl::Status rest = Synchronize(part);
  if (part.status.ok() || (absl::IsAborted(part.status) && !rest.ok())) part.status = rest;
  // Only Interrupted says Aborted: the part stopped because another one had failed.
  part.is_consequence = !part.status.ok() && (absl::IsAborted(part.status) || ReceivedFailure(part));
  if (!plan_->parts.empty() && part.program->has_dynamic()) part.dynamic->ReleaseAll();
}

// An asynchronous sender learns late that it failed. Until then its receivers go on with what is no value, and may fail
// for that alone.
bool Step::ReceivedFailure(Part& part) {
  for (const Instruction& instruction : part.program->instructions) {
    if (instruction.kind != Instruction::kReceive) continue;
    ChannelState& channel = *channels_[instruction.index];
    Event* sent = channel.signalled(control_.run);
    if (sent == nullptr) continue;
    if (!sent->Synchronize().ok() || (channel.made != nullptr && !channel.made->Synchronize().ok())) return true;
  }
  return false;
}

absl::Status Step::Synchronize(Part& part) {
  if (part.copies == nullptr) return part.stream->Synchronize();
  if (absl::Status status = part.copies->Synchronize(); !status.ok()) return NameKernels(part, status);
  if (control_.trace) part.device_trace->Finish(part.trace);
  for (size_t f = 0; f < fetch_staging_.size(); ++f) {
    if (part.fetch_sites[f] < 0 || fetch_staging_[f].bytes() == 0) continue;
    std::memcpy(fetched_[f].raw(), fetch_staging_[f].raw(), fetched_[f].bytes());
  }
  return absl::OkStatus();
}

NodeTrace Step::TraceRow(const Part& part, const Instruction& instruction) const {
  const Program& program = *part.program;
  const Node& node = plan_->graph->node(instruction.node);
  const bool is_transfer = instruction.kind == Instruction::kSend || instruction.kind == Instruction::kReceive;
  NodeTrace row;
  row.node = node.name;
  row.op = !is_transfer ? node.op() : instruction.kind == Instruction::kSend ? "_Send" : "_Recv";
  row.device = program.device->name();
  if (is_transfer) return row;
  row.flops = NodeFlops(node, plan_->infos);
  if (!node.output_types.empty()) {
    row.output_bytes = static_cast<int64_t>(program.slots[program.operands[instruction.first_output]].bytes);
  }
  return row;
}

absl::Status Step::RunKernel(Part& part, const Instruction& instruction, RunContext& context) {
  context.scratch_memory = instruction.scratch_slot == kNoSlot ? nullptr : part.slots[instruction.scratch_slot];
  context.state = instruction.state < 0 ? nullptr : part.states[instruction.state].get();
  ++part.launches;
  absl::Status status = instruction.kernel->Run(context);
  if (part.is_blocking && status.ok()) status = part.stream->Synchronize();
  if (status.ok()) [[likely]]
    return status;
  if (absl::StartsWith(status.message(), "node '")) return status;
  const Node& node = plan_->graph->node(instruction.node);
  return WithContext(status, absl::StrCat("node '", node.name, "' (", node.op(), ")"));
}

absl::Status Step::ExecuteOne(Part& part, const Instruction& instruction, RunContext& context) {
  context.input_slots = part.program->operands.data() + instruction.first_input;
  context.output_slots = part.program->operands.data() + instruction.first_output;
  return instruction.kind == Instruction::kRun ? RunKernel(part, instruction, context)
                                               : ExecuteOther(part, instruction, context);
}

absl::Status Step::Execute(Part& part) {
  const Program& program = *part.program;
  RunContext context;
  context.slots = part.slots.data();
  context.stream = part.stream.get();
  context.cancelled = &control_.failed;
  const uint32_t* operands = program.operands.data();
  part.trace.clear();
  part.launches = 0;
  DeviceTrace* device_trace = control_.trace ? part.device_trace.get() : nullptr;
  const bool may_be_interrupted =
      control_.cancellation != nullptr || control_.deadline != kNoDeadline || parts_.size() > 1;
  if (!program.segments.empty() && device_trace == nullptr) return ExecuteWithGraphs(part, context);
  for (const Instruction& instruction : program.instructions) {
    if (may_be_interrupted) SLUICE_RETURN_IF_ERROR(Interrupted());
    const int64_t start = control_.trace ? MicrosSince(control_.start) : 0;
    // Of an asynchronous device the kernels here, and the copies where they are issued.
    const bool is_timed_on_device =
        device_trace != nullptr && (instruction.kind == Instruction::kRun || instruction.kind == Instruction::kDynamic);
    if (is_timed_on_device) {
      NodeTrace row = TraceRow(part, instruction);
      row.start_us = row.end_us = start;
      device_trace->Begin(*part.stream, std::move(row));
    }
    context.input_slots = operands + instruction.first_input;
    context.output_slots = operands + instruction.first_output;
    if (instruction.kind == Instruction::kRun) [[likely]] {
      SLUICE_RETURN_IF_ERROR(RunKernel(part, instruction, context));
    } else {
      SLUICE_RETURN_IF_ERROR(ExecuteOther(part, instruction, context));
    }
    if (is_timed_on_device) {
      device_trace->End(*part.stream);
    } else if (control_.trace && device_trace == nullptr) {
      NodeTrace row = TraceRow(part, instruction);
      row.start_us = start;
      row.end_us = MicrosSince(control_.start);
      part.trace.push_back(std::move(row));
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
    case Instruction::kFeed:
      return Feed(part, instruction);
    case Instruction::kFetch:
      return Fetch(part, instruction);
    case Instruction::kAwaitSent:
      return part.stream->Wait(part.copies->done(channels_[instruction.index]->send_site));
    default:
      return part.dynamic->Run(instruction.index, context);
  }
}

absl::Status Step::Send(Part& part, const Instruction& instruction) {
  ChannelState& channel = *channels_[instruction.index];
  Event* sent = nullptr;
  if (plan_->channels[instruction.index].source.index != kControl) {
    SLUICE_RETURN_IF_ERROR(SendValue(part, instruction, channel, &sent));
  } else if (channel.sent != nullptr) {
    sent = channel.sent.get();
    SLUICE_RETURN_IF_ERROR(part.stream->Record(*sent));
  }
  channel.Signal(control_.run, sent);
  return absl::OkStatus();
}

absl::Status Step::SendValue(Part& part, const Instruction& instruction, ChannelState& channel, Event** sent) {
  const ChannelSpec& spec = plan_->channels[instruction.index];
  const uint32_t slot = part.program->operands[instruction.first_input];
  auto bytes = static_cast<size_t>(spec.bytes);
  if (spec.bytes < 0) {
    channel.shape = part.dynamic->shape(slot);
    bytes = static_cast<size_t>(channel.shape.num_elements()) * DataTypeSize(spec.dtype);
    if (bytes > channel.capacity) {
      Allocator& memory = BufferMemory(channel.route, *part.program->device, *state_.devices()[spec.to_device],
                                       state_.host_allocator());
      SLUICE_ASSIGN_OR_RETURN(channel_buffers_[instruction.index],
                              Tensor::Create(DataType::kUint8, Shape{static_cast<int64_t>(bytes)}, memory));
      channel.buffer = channel_buffers_[instruction.index].raw();
      channel.capacity = bytes;
    }
  }
  if (bytes == 0) return absl::OkStatus();
  if (part.copies == nullptr) {
    std::memcpy(channel.buffer, part.slots[slot], bytes);
    return absl::OkStatus();
  }
  CopyJob job{channel.buffer, MemoryKind::kPinned, part.slots[slot], MemoryKind::kDevice, bytes};
  if (channel.route == Route::kPeer) {
    job.dst = channel.target;
    job.dst_kind = MemoryKind::kDevice;
  }
  *sent = &part.copies->done(channel.send_site);
  return part.copies->FromComputation(channel.send_site, job);
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
  ChannelState& channel = *channels_[instruction.index];
  const bool is_synchronous = part.copies == nullptr;
  Event* sent = nullptr;
  if (is_synchronous) turns_.GiveBack();
  absl::Status arrived = AwaitChannel(channel, &sent);
  if (is_synchronous) turns_.Take();
  SLUICE_RETURN_IF_ERROR(arrived);
  return is_synchronous ? ReceiveOnHost(part, instruction, channel, sent)
                        : ReceiveOnDevice(part, instruction, channel, sent);
}

absl::Status Step::ReceiveOnHost(Part& part, const Instruction& instruction, ChannelState& channel, Event* sent) {
  const ChannelSpec& spec = plan_->channels[instruction.index];
  if (sent != nullptr) {
    absl::Status status = sent->Synchronize();
    // Where the computation failed, the copy went well and its value means nothing.
    if (channel.made != nullptr && status.ok()) status = channel.made->Synchronize();
    if (!status.ok()) {
      return WithContext(status, absl::StrCat("node '", plan_->graph->node(spec.source.node).name,
                                              "' was awaited from ", state_.devices()[spec.from_device]->name()));
    }
  }
  if (spec.source.index == kControl || spec.bytes >= 0) return absl::OkStatus();
  const uint32_t slot = part.program->operands[instruction.first_output];
  SLUICE_RETURN_IF_ERROR(part.dynamic->Allocate(slot, channel.shape));
  const size_t bytes = static_cast<size_t>(channel.shape.num_elements()) * DataTypeSize(spec.dtype);
  if (bytes > 0) std::memcpy(part.slots[slot], channel.buffer, bytes);
  return absl::OkStatus();
}

absl::Status Step::ReceiveOnDevice(Part& part, const Instruction& instruction, ChannelState& channel, Event* sent) {
  const ChannelSpec& spec = plan_->channels[instruction.index];
  const Device& receiver = *part.program->device;
  const Device& sender = *state_.devices()[spec.from_device];
  if (channel.receive_site >= 0 && spec.bytes > 0) {
    const uint32_t slot = part.program->operands[instruction.first_output];
    return part.copies->ToComputation(
        channel.receive_site,
        {part.slots[slot], MemoryKind::kDevice, channel.buffer, MemoryKind::kPinned, static_cast<size_t>(spec.bytes)},
        sent, &sender);
  }
  if (sent != nullptr) SLUICE_RETURN_IF_ERROR(WaitFor(*sent, sender, *part.stream, receiver));
  if (spec.source.index == kControl || spec.bytes >= 0) return absl::OkStatus();
  // Memory that is given out now was used by computation issued before.
  const uint32_t slot = part.program->operands[instruction.first_output];
  SLUICE_RETURN_IF_ERROR(part.dynamic->Allocate(slot, channel.shape));
  const size_t bytes = static_cast<size_t>(channel.shape.num_elements()) * DataTypeSize(spec.dtype);
  if (bytes == 0) return absl::OkStatus();
  return part.stream->Copy(part.slots[slot], MemoryKind::kDevice, channel.buffer, MemoryKind::kPinned, bytes);
}

absl::Status Step::Feed(Part& part, const Instruction& instruction) {
  const Tensor& feed = control_.feeds[instruction.index];
  if (feed.bytes() == 0) return absl::OkStatus();
  void* to = part.slots[part.program->operands[instruction.first_output]];
  return part.copies->ToComputation(part.feed_sites[instruction.index],
                                    {to, MemoryKind::kDevice, feed.raw(), MemoryKind::kHost, feed.bytes()});
}

absl::Status Step::Fetch(Part& part, const Instruction& instruction) {
  const int f = instruction.index;
  const uint32_t slot = part.program->operands[instruction.first_input];
  const bool is_dynamic = plan_->fetches[f].is_dynamic;
  if (is_dynamic) SLUICE_RETURN_IF_ERROR(FetchBuffer(f, part.dynamic->shape(slot)));
  const size_t bytes = fetched_[f].bytes();
  if (bytes == 0) return absl::OkStatus();
  return part.copies->FromComputation(part.fetch_sites[f], {is_dynamic ? fetched_[f].raw() : fetch_staging_[f].raw(),
                                                            is_dynamic ? MemoryKind::kHost : MemoryKind::kPinned,
                                                            part.slots[slot], MemoryKind::kDevice, bytes});
}

absl::Status Step::CopyFetches(Part& part) {
  const Program& program = *part.program;
  for (size_t f = 0; f < plan_->fetches.size(); ++f) {
    const FetchSpec& spec = plan_->fetches[f];
    if (spec.device != program.device_index || !spec.needs_copy) continue;
    if (part.copies != nullptr && IsTrivial(spec.dtype)) continue;  // copied already, beside the computation
    if (spec.is_dynamic) SLUICE_RETURN_IF_ERROR(FetchBuffer(static_cast<int>(f), part.dynamic->shape(spec.slot)));
    Tensor& to = fetched_[f];
    const void* from = part.slots[spec.slot];
    if (spec.dtype == DataType::kString) {
      auto* source = static_cast<const std::string*>(from);
      std::copy(source, source + to.num_elements(), to.data<std::string>());
    } else if (to.bytes() > 0) {
      std::memcpy(to.raw(), from, to.bytes());
    }
  }
  return absl::OkStatus();
}

}  // namespace sluice
