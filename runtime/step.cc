#include "runtime/step.h"

#include <algorithm>

#include "graph/partition.h"

namespace sluice {

namespace {

// The largest output of a part's instructions, for messages: "'conv1' (Conv2D) of 4096 bytes".
std::string LargestTensor(const Plan& plan, const Program& program) {
  std::string largest = "none";
  size_t most = 0;
  for (const Instruction& instruction : program.instructions) {
    if (instruction.kind != Instruction::kRun) continue;
    const Node& node = plan.graph->node(instruction.node);
    for (size_t i = 0; i < node.output_types.size(); ++i) {
      const size_t bytes = program.slots[program.operands[instruction.first_output + i]].bytes;
      if (bytes <= most) continue;
      most = bytes;
      largest = absl::StrCat("'", node.name, "' (", node.op(), ") of ", bytes, " bytes");
    }
  }
  return largest;
}

// The most bytes that the allocator gives out in one piece, up to `limit`.
size_t LargestPiece(Allocator& memory, size_t limit) {
  size_t least = 0, most = limit;
  for (int i = 0; i < 24 && least + kTensorAlignment < most; ++i) {
    const size_t middle = least + (most - least) / 2;
    void* data = memory.Allocate(middle);
    if (data != nullptr) memory.Deallocate(data, middle);
    (data != nullptr ? least : most) = middle;
  }
  return least;
}

// For a device that is too small for a part: "there is room for 4096 bytes, enough for about 7 of the feeds' 64 rows".
std::string WhatWouldFit(const Plan& plan, const Program& program) {
  const size_t room = LargestPiece(program.device->allocator(), program.arena_bytes);
  std::string text = absl::StrCat("there is room for ", room, " bytes");
  // A batch is what all feeds have as their first dimension.
  int64_t rows = 0;
  for (const Shape& shape : plan.feed_shapes) {
    if (shape.rank() == 0) continue;
    if (rows != 0 && shape.dim(0) != rows) return text;
    rows = shape.dim(0);
  }
  if (rows < 2) return text;
  // What does not grow with the rows, such as the gradients of weights; as if all of it were there at the same time.
  double fixed = 0;
  for (const Slot& slot : program.slots) {
    const bool is_fixed = slot.source == SlotSource::kArena && slot.shape.rank() > 0 && slot.shape.dim(0) % rows != 0;
    if (is_fixed) fixed += static_cast<double>(slot.bytes);
  }
  const double of_rows = static_cast<double>(program.arena_bytes) - fixed, left = static_cast<double>(room) - fixed;
  const auto fitting = of_rows <= 0 || left <= 0 ? 0 : static_cast<int64_t>(left / of_rows * static_cast<double>(rows));
  return fitting == 0 ? absl::StrCat(text, ", not even for one of the feeds' ", rows, " rows")
                      : absl::StrCat(text, ", enough for about ", fitting, " of the feeds' ", rows, " rows");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Step>> Step::Create(std::shared_ptr<const Plan> plan, SessionState& state) {
  std::unique_ptr<Step> step(new Step(std::move(plan), state));
  SLUICE_RETURN_IF_ERROR(step->Initialize());
  return step;
}

absl::Status Step::InitializeChannel(const ChannelSpec& spec) {
  auto channel = std::make_unique<ChannelState>();
  Device& from = *state_.devices()[spec.from_device];
  Device& to = *state_.devices()[spec.to_device];
  channel->route = RouteBetween(from, to, spec.bytes >= 0);
  if (spec.source.index == kControl && !from.is_synchronous()) channel->sent = from.NewEvent();
  Tensor buffer;
  if (spec.bytes > 0 && channel->route != Route::kPeer) {
    SLUICE_ASSIGN_OR_RETURN(
        buffer, Tensor::Create(DataType::kUint8, Shape{spec.bytes},
                               BufferMemory(channel->route, from, to, state_.host_allocator()), "a channel's buffer"));
    channel->buffer = buffer.raw();
    channel->capacity = static_cast<size_t>(spec.bytes);
  }
  channel_buffers_.push_back(std::move(buffer));
  channels_.push_back(std::move(channel));
  return absl::OkStatus();
}

absl::Status Step::Initialize() {
  for (const Program& program : plan_->parts) {
    if (program.device->can_run()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(program.device->name(), ": ", program.device->description(), " and runs nothing"));
  }
  for (const ChannelSpec& spec : plan_->channels) SLUICE_RETURN_IF_ERROR(InitializeChannel(spec));
  fetch_pools_.resize(plan_->fetches.size());
  fetched_.resize(plan_->fetches.size());
  fetch_staging_.resize(plan_->fetches.size());
  parts_.resize(plan_->parts.size());
  for (size_t p = 0; p < parts_.size(); ++p) {
    absl::Status status = InitializePart(plan_->parts[p], parts_[p]);
    if (!status.ok()) return WithContext(status, plan_->parts[p].device->name());
  }
  for (size_t p = 1; p < parts_.size(); ++p) workers_.emplace_back([this, p] { Work(p); });
  return absl::OkStatus();
}

absl::Status Step::InitializePart(const Program& program, Part& part) {
  part.program = &program;
  part.slots.assign(program.slots.size(), nullptr);
  part.objects.resize(program.slots.size());
  if (program.arena_bytes > 0) {
    auto arena = Tensor::Create(DataType::kUint8, Shape{static_cast<int64_t>(program.arena_bytes)},
                                program.device->allocator(), "a step's arena");
    if (!arena.ok()) {
      absl::Status status = arena.status();
      if (absl::IsResourceExhausted(status)) {
        status = absl::ResourceExhaustedError(absl::StrCat(status.message(), "; ", WhatWouldFit(*plan_, program)));
      }
      return WithContext(status, absl::StrCat("arena (largest tensor: ", LargestTensor(*plan_, program), ")"));
    }
    part.arena = *std::move(arena);
  }
  for (size_t s = 0; s < program.slots.size(); ++s) {
    const Slot& slot = program.slots[s];
    const bool in_arena = slot.source == SlotSource::kArena || slot.source == SlotSource::kReceived ||
                          (slot.source == SlotSource::kFeed && !program.device->is_synchronous());
    if (in_arena) {
      // Without an arena nothing has a byte; any pointer that is not null will do.
      part.slots[s] = program.arena_bytes > 0 ? static_cast<char*>(part.arena.raw()) + slot.offset
                                              : static_cast<void*>(part.slots.data());
      if (slot.source == SlotSource::kReceived) channels_[slot.index]->target = part.slots[s];
    } else if (slot.source == SlotSource::kConstant) {
      part.slots[s] = const_cast<void*>(program.constants[slot.index].raw());  // kernels only read their inputs
    } else if (slot.source == SlotSource::kVariable) {
      part.slots[s] = slot.variable->data();
    } else if (slot.source == SlotSource::kChannel) {
      part.slots[s] = channels_[slot.index]->buffer;
    } else if (slot.source == SlotSource::kObjects) {
      SLUICE_ASSIGN_OR_RETURN(part.objects[s], Tensor::Create(slot.dtype, slot.shape, state_.host_allocator()));
      part.slots[s] = part.objects[s].raw();
    }
  }
  for (const Kernel* kernel : program.stateful_kernels) part.states.push_back(kernel->NewState());
  SLUICE_ASSIGN_OR_RETURN(part.stream, program.device->NewStream());
  part.dynamic = std::make_unique<DynamicState>(program, part.slots);
  part.trace.reserve(program.instructions.size());
  part.captured.resize(program.segments.size());
  part.is_blocking = program.device->is_blocking();
  return program.device->is_synchronous() ? absl::OkStatus() : InitializeCopies(part);
}

// Every copy that the part's program asks a stream for gets its site.
absl::Status Step::InitializeCopies(Part& part) {
  Device& device = *part.program->device;
  part.copies = std::make_unique<Copies>(device, *part.stream);
  part.feed_sites.assign(plan_->feed_types.size(), -1);
  part.fetch_sites.assign(plan_->fetches.size(), -1);
  auto add = [&](Transfer transfer, Endpoint value, const char* op, absl::string_view from, absl::string_view to) {
    const Node& node = plan_->graph->node(value.node);
    return part.copies->Add(transfer, node.name, op,
                            absl::StrCat("node '", node.name, "' (", node.op(), "): copy of its output ", value.index,
                                         " from ", from, " to ", to));
  };
  for (const Instruction& instruction : part.program->instructions) {
    if (instruction.kind == Instruction::kSend || instruction.kind == Instruction::kReceive) {
      const ChannelSpec& spec = plan_->channels[instruction.index];
      ChannelState& channel = *channels_[instruction.index];
      if (spec.source.index == kControl) continue;
      const std::string &from = state_.devices()[spec.from_device]->name(),
                        &to = state_.devices()[spec.to_device]->name();
      if (instruction.kind == Instruction::kSend) {
        const Transfer transfer = channel.route == Route::kPeer ? Transfer::kPeer : Transfer::kToHost;
        SLUICE_ASSIGN_OR_RETURN(channel.send_site, add(transfer, spec.source, "_Send", from, to));
        channel.made = &part.copies->made(channel.send_site);
      } else if (channel.route != Route::kPeer && spec.bytes >= 0) {
        SLUICE_ASSIGN_OR_RETURN(channel.receive_site, add(Transfer::kToDevice, spec.source, "_Copy", from, to));
      }
    } else if (instruction.kind == Instruction::kFeed) {
      SLUICE_ASSIGN_OR_RETURN(part.feed_sites[instruction.index],
                              add(Transfer::kToDevice, {instruction.node, 0}, "_Copy", "the feed", device.name()));
    } else if (instruction.kind == Instruction::kFetch) {
      const FetchSpec& spec = plan_->fetches[instruction.index];
      SLUICE_ASSIGN_OR_RETURN(part.fetch_sites[instruction.index],
                              add(Transfer::kToHost, spec.endpoint, "_Copy", device.name(), "the fetch"));
      const int64_t bytes = spec.shape.num_elements() * static_cast<int64_t>(DataTypeSize(spec.dtype));
      if (spec.is_dynamic || bytes == 0) continue;
      SLUICE_ASSIGN_OR_RETURN(
          fetch_staging_[instruction.index],
          Tensor::Create(DataType::kUint8, Shape{bytes}, device.pinned_allocator(), "a fetch's buffer"));
    }
  }
  return absl::OkStatus();
}

Step::~Step() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Step::Work(size_t part) {
  uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return closing_ || started_run_ != seen; });
    if (closing_) return;
    seen = started_run_;
    lock.unlock();
    RunPart(parts_[part]);
    lock.lock();
    if (--running_ == 0) done_.notify_one();
  }
}

absl::Status Step::BindFeeds(absl::Span<const Tensor> feeds) {
  for (Part& part : parts_) {
    for (auto [feed, slot] : part.program->feeds) {
      part.slots[slot] = const_cast<void*>(feeds[feed].raw());  // kernels only read their inputs
    }
  }
  return absl::OkStatus();
}

// A buffer of ours that nobody else holds any more, or a new one.
absl::Status Step::FetchBuffer(int fetch, const Shape& shape) {
  const FetchSpec& spec = plan_->fetches[fetch];
  for (Tensor& kept : fetch_pools_[fetch]) {
    if (kept.buffer().use_count() == 1 && kept.shape() == shape) {
      fetched_[fetch] = kept;  // the count goes up by an acquiring operation: what the last holder did is over
      return absl::OkStatus();
    }
  }
  if (spec.is_dynamic) std::erase_if(fetch_pools_[fetch], [](const Tensor& t) { return t.buffer().use_count() == 1; });
  auto created = Tensor::Create(spec.dtype, shape, state_.host_allocator());
  if (!created.ok()) {
    return WithContext(created.status(), absl::StrCat("fetch '", plan_->graph->NameOf(spec.endpoint), "'"));
  }
  Tensor fresh = *std::move(created);
  fetched_[fetch] = fresh;
  constexpr size_t kBuffersKept = 4;
  if (fetch_pools_[fetch].size() < kBuffersKept) fetch_pools_[fetch].push_back(std::move(fresh));
  return absl::OkStatus();
}

absl::Status Step::BindFetches() {
  for (size_t f = 0; f < plan_->fetches.size(); ++f) {
    fetched_[f] = Tensor();
    const FetchSpec& spec = plan_->fetches[f];
    if (spec.is_dynamic) continue;
    SLUICE_RETURN_IF_ERROR(FetchBuffer(static_cast<int>(f), spec.shape));
    if (spec.needs_copy) continue;
    for (Part& part : parts_) {
      if (part.program->device_index == spec.device) part.slots[spec.slot] = fetched_[f].raw();
    }
  }
  return absl::OkStatus();
}

absl::Status Step::Run(absl::Span<const Tensor> feeds, std::vector<Tensor>* fetches, const RunOptions& options,
                       RunMetadata* metadata) {
  ++control_.run;
  control_.start = std::chrono::steady_clock::now();
  control_.deadline =
      options.timeout_in_ms > 0 ? control_.start + std::chrono::milliseconds(options.timeout_in_ms) : kNoDeadline;
  control_.cancellation = options.cancellation;
  control_.failed.store(false, std::memory_order_relaxed);
  control_.trace = metadata != nullptr && options.trace_level != RunOptions::NO_TRACE;
  control_.feeds = feeds;
  SLUICE_RETURN_IF_ERROR(BindFeeds(feeds));
  SLUICE_RETURN_IF_ERROR(BindFetches());
  for (Part& part : parts_) {
    if (part.copies == nullptr) continue;
    if (control_.trace && part.device_trace == nullptr) {
      part.device_trace = std::make_unique<DeviceTrace>(*part.program->device);
    }
    DeviceTrace* trace = control_.trace ? part.device_trace.get() : nullptr;
    if (trace != nullptr) {
      trace->Clear();
      trace->Start(*part.stream);
    }
    part.copies->StartRun(trace);
  }
  if (!workers_.empty()) {
    std::lock_guard lock(mutex_);
    started_run_ = control_.run;
    running_ = static_cast<int>(workers_.size());
    wake_.notify_all();
  }
  if (!parts_.empty()) RunPart(parts_[0]);
  if (!workers_.empty()) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return running_ == 0; });
  }
  absl::Status result;
  bool is_cause = false;
  for (Part& part : parts_) {
    if (part.status.ok() || is_cause || (part.is_consequence && !result.ok())) continue;
    result = part.status;
    is_cause = !part.is_consequence;
  }
  if (metadata != nullptr) {
    metadata->arena_bytes = static_cast<int64_t>(plan_->arena_bytes());
    metadata->launches = 0;
    for (const Part& part : parts_) metadata->launches += part.launches;
    if (control_.trace) {
      metadata->nodes.clear();
      for (Part& part : parts_) metadata->nodes.insert(metadata->nodes.end(), part.trace.begin(), part.trace.end());
    }
  }
  if (result.ok() && fetches != nullptr) {
    fetches->resize(fetched_.size());
    for (size_t f = 0; f < fetched_.size(); ++f) (*fetches)[f] = std::move(fetched_[f]);
  }
  for (Tensor& fetched : fetched_) fetched = Tensor();
  return result;
}

}  // namespace sluice
