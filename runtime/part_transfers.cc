// What PartCompiler emits for values that come to a part or leave it: constants, channels and fetches.

#include "runtime/part_compiler.h"
#include "runtime/transfer.h"

namespace sluice {

absl::Status PartCompiler::EmitSends(const Node& node) {
  auto channels = channels_from_.find(node.id);
  if (channels == channels_from_.end() || IsConstant(node)) return absl::OkStatus();
  for (int c : channels->second) {
    const Channel& channel = prepared_.partition.channels[c];
    Instruction send;
    send.kind = Instruction::kSend;
    send.index = c;
    send.node = node.id;
    Use use;
    if (channel.source.index != kControl) {
      if (node.output_types[channel.source.index] == DataType::kResource) {
        return absl::UnimplementedError(absl::StrCat("node '", node.name, "' (", node.op(),
                                                     "): a resource handle cannot cross from ", hardware_.name(),
                                                     " to ", state_.devices()[channel.to_device]->name()));
      }
      if (Info(channel.source).value) continue;  // the receiver binds the value itself
      SLUICE_ASSIGN_OR_RETURN(uint32_t s, SlotOf(channel.source));
      use.inputs.push_back(s);
      sent_slots_.push_back(s);
      if (program_.slots[s].variable != nullptr) sent_variables_[program_.slots[s].variable].emplace_back(c, s);
    }
    AddInstruction(send, std::move(use));
  }
  return absl::OkStatus();
}

// A variable's value that is being copied to another device may not change yet.
void PartCompiler::AwaitSends(const Node& node) {
  for (Endpoint e : node.inputs) {
    auto variable = variable_of_.find(e);
    if (variable == variable_of_.end()) continue;
    auto sends = sent_variables_.find(variable->second);
    if (sends == sent_variables_.end()) continue;
    for (auto [channel, slot] : sends->second) {
      Instruction await;
      await.kind = Instruction::kAwaitSent;
      await.index = channel;
      await.node = node.id;
      AddInstruction(await, {{slot}, {}, {}, 0});
    }
    sent_variables_.erase(sends);
  }
}

absl::Status PartCompiler::EmitFetches(const Node& node) {
  for (size_t i = 0; i < plan_.fetches.size(); ++i) {
    const FetchSpec& spec = plan_.fetches[i];
    if (spec.device != device_ || spec.endpoint.node != node.id || !IsTrivial(spec.dtype)) continue;
    SLUICE_ASSIGN_OR_RETURN(uint32_t s, SlotOf(spec.endpoint));
    Instruction fetch;
    fetch.kind = Instruction::kFetch;
    fetch.index = static_cast<int32_t>(i);
    fetch.node = node.id;
    AddInstruction(fetch, {{s}, {}, {}, 0});
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> PartCompiler::ConstantSlot(Endpoint e, const Tensor& value, bool in_host_memory) {
  Slot slot;
  slot.source = SlotSource::kConstant;
  slot.dtype = value.dtype();
  slot.bytes = value.bytes();
  slot.shape = value.shape();
  slot.index = static_cast<int>(program_.constants.size());
  Tensor held = value;
  if (!is_synchronous_ && !in_host_memory && IsTrivial(value.dtype())) {
    auto on_device = Tensor::Create(value.dtype(), value.shape(), hardware_.allocator(), "a constant");
    if (!on_device.ok()) {
      return WithContext(on_device.status(),
                         absl::StrCat("constant '", prepared_.graph->NameOf(e), "' on ", hardware_.name()));
    }
    absl::Status copied =
        CopyNow(hardware_, on_device->raw(), MemoryKind::kDevice, value.raw(), MemoryKind::kHost, value.bytes());
    if (!copied.ok()) {
      return WithContext(copied, absl::StrCat("constant '", prepared_.graph->NameOf(e), "' on ", hardware_.name()));
    }
    held = *std::move(on_device);
  }
  program_.constants.push_back(std::move(held));
  return AddSlot(slot);
}

absl::StatusOr<uint32_t> PartCompiler::ReceivedSlot(Endpoint e) {
  auto channel = prepared_.partition.channel_of.find({e, device_});
  if (channel == prepared_.partition.channel_of.end()) {
    return absl::InternalError(absl::StrCat("'", prepared_.graph->NameOf(e), "' never reaches ", hardware_.name()));
  }
  const ChannelSpec& spec = plan_.channels[channel->second];
  Slot slot;
  slot.dtype = spec.dtype;
  slot.index = channel->second;
  slot.shape = spec.shape;
  if (spec.bytes < 0) {
    slot.source = SlotSource::kDynamic;
  } else {
    slot.bytes = static_cast<size_t>(spec.bytes);
    slot.source = is_synchronous_ ? SlotSource::kChannel : SlotSource::kReceived;
  }
  uint32_t s = AddSlot(slot);
  Instruction receive;
  receive.kind = Instruction::kReceive;
  receive.index = channel->second;
  receive.node = e.node;
  AddInstruction(receive, {{}, {s}, {}, 0});
  return s;
}

absl::Status PartCompiler::BindFetches() {
  for (size_t i = 0; i < plan_.fetches.size(); ++i) {
    FetchSpec& fetch = plan_.fetches[i];
    if (fetch.device != device_) continue;
    if (fetch.dtype == DataType::kResource || fetch.dtype == DataType::kVariant) {
      return absl::UnimplementedError(absl::StrCat("'", prepared_.graph->NameOf(fetch.endpoint), "' of dtype ",
                                                   DataTypeName(fetch.dtype), " cannot be fetched"));
    }
    SLUICE_ASSIGN_OR_RETURN(fetch.slot, SlotOf(fetch.endpoint));
    Slot& slot = program_.slots[fetch.slot];
    if (is_synchronous_ && !fetch.is_dynamic && slot.source == SlotSource::kArena) {
      slot.source = SlotSource::kFetch;
      slot.index = static_cast<int>(i);
      fetch.needs_copy = false;
    } else {
      fetch.needs_copy = true;
    }
  }
  return absl::OkStatus();
}

}  // namespace sluice
