#include "runtime/part_compiler.h"

#include <algorithm>
#include <climits>

namespace sluice {
namespace {

std::string Where(const Node& node) { return absl::StrCat("node '", node.name, "' (", node.op(), ")"); }

bool ReadsVariable(const Node& node) { return node.op() == "ReadVariableOp" || node.op() == "VarIsInitializedOp"; }

}  // namespace

PartCompiler::PartCompiler(const PreparedGraph& prepared, Plan& plan, SessionState& state, int device,
                           const absl::flat_hash_set<NodeId>& copied_reads)
    : prepared_(prepared),
      plan_(plan),
      state_(state),
      device_(device),
      hardware_(*state.devices()[device]),
      is_synchronous_(hardware_.is_synchronous()),
      copied_reads_(copied_reads) {
  program_.device = &hardware_;
  program_.device_index = device;
  for (size_t i = 0; i < prepared.feeds.size(); ++i) feed_of_.emplace(prepared.feeds[i], static_cast<int>(i));
  for (size_t c = 0; c < prepared.partition.channels.size(); ++c) {
    const Channel& channel = prepared.partition.channels[c];
    if (channel.from_device == device) channels_from_[channel.source.node].push_back(static_cast<int>(c));
  }
}

absl::StatusOr<Program> PartCompiler::Compile() {
  for (NodeId id : prepared_.partition.order) {
    if (IsElsewhere(id)) continue;
    const Node& node = prepared_.graph->node(id);
    SLUICE_RETURN_IF_ERROR(EmitNode(node));
    SLUICE_RETURN_IF_ERROR(EmitSends(node));
    if (!is_synchronous_) SLUICE_RETURN_IF_ERROR(EmitFetches(node));
  }
  SLUICE_RETURN_IF_ERROR(BindFetches());
  first_use_.assign(program_.slots.size(), INT_MAX);
  last_use_.assign(program_.slots.size(), -1);
  for (size_t i = 0; i < uses_.size(); ++i) {
    for (const auto* slots : {&uses_[i].inputs, &uses_[i].outputs}) {
      for (uint32_t s : *slots) {
        first_use_[s] = std::min(first_use_[s], static_cast<int>(i));
        last_use_[s] = std::max(last_use_[s], static_cast<int>(i));
      }
    }
  }
  const int end = static_cast<int>(uses_.size());
  for (const FetchSpec& fetch : plan_.fetches) {
    if (fetch.device == device_) last_use_[fetch.slot] = end;
  }
  // The copies beside the computation read what they send until nobody knows when.
  if (!is_synchronous_) {
    for (uint32_t s : sent_slots_) {
      if (program_.slots[s].source != SlotSource::kVariable) last_use_[s] = end;
    }
  }
  FindReadsToCopy();
  ReuseInputsInPlace();
  PlanArena();
  FindReleases();
  if (hardware_.captures_graphs()) FindSegments();
  return std::move(program_);
}

bool PartCompiler::IsConstant(const Node& node) const {
  if (node.schema->is_stateful || node.output_types.empty()) return false;
  const auto& infos = plan_.infos[node.id];
  return std::all_of(infos.begin(), infos.end(), [](const TensorInfo& info) { return info.value.has_value(); });
}

absl::Status PartCompiler::EmitNode(const Node& node) {
  for (NodeId c : node.control_inputs) {
    if (!IsElsewhere(c) || IsConstant(prepared_.graph->node(c))) continue;
    int channel = prepared_.partition.channel_of.at({Endpoint{c, kControl}, device_});
    if (!received_controls_.insert(channel).second) continue;
    Instruction receive;
    receive.kind = Instruction::kReceive;
    receive.index = channel;
    receive.node = node.id;
    AddInstruction(receive, {});
  }
  if (node.op() == "NoOp" || IsConstant(node)) return absl::OkStatus();
  if (!node.output_types.empty() && feed_of_.contains(Endpoint{node.id, 0})) return absl::OkStatus();
  if (node.op() == "Placeholder") {
    return absl::InvalidArgumentError(absl::StrCat("placeholder '", node.name, "' (",
                                                   DataTypeName(node.output_types[0]),
                                                   Info({node.id, 0}).shape.ToString(), ") must be fed"));
  }
  bool passes_handle = !node.inputs.empty() && node.input_types[0] == DataType::kResource &&
                       !node.output_types.empty() && node.output_types[0] == DataType::kResource;
  if (node.op() == "VarHandleOp") return EmitVariable(node);
  if (passes_handle) {
    if (auto it = variable_of_.find(node.inputs[0]); it != variable_of_.end()) {
      variable_of_[Endpoint{node.id, 0}] = it->second;
      return absl::OkStatus();
    }
  }
  return EmitKernel(node);
}

absl::Status PartCompiler::EmitVariable(const Node& node) {
  const TensorInfo& info = Info({node.id, 0});
  if (!info.handle) return absl::InternalError(absl::StrCat(Where(node), ": no handle"));
  auto variable = state_.GetVariable(info.handle->name.empty() ? node.name : info.handle->name, info.handle->dtype,
                                     info.handle->shape, device_);
  if (!variable.ok()) return WithContext(variable.status(), absl::StrCat(Where(node), " on ", hardware_.name()));
  variable_of_[Endpoint{node.id, 0}] = *variable;
  return absl::OkStatus();
}

absl::StatusOr<PrepareContext> PartCompiler::Describe(const Node& node) const {
  PrepareContext prepare;
  prepare.node = node.name;
  prepare.op = node.op();
  prepare.attrs = &node.attrs;
  prepare.threads = hardware_.threads();
  prepare.deterministic = state_.options().deterministic;
  prepare.exact = state_.options().exact;
  prepare.io_root = state_.options().io_root;
  for (Endpoint e : node.inputs) {
    const TensorInfo& info = Info(e);
    PrepareContext::Input input;
    input.dtype = info.dtype;
    if (info.shape.IsFullyKnown()) {
      SLUICE_ASSIGN_OR_RETURN(input.shape, info.shape.ToShape());
    }
    if (info.value) input.constant = &*info.value;
    if (info.dtype == DataType::kResource) {
      auto it = variable_of_.find(e);
      if (it == variable_of_.end()) {
        return absl::UnimplementedError(
            absl::StrCat(Where(node), ": input '", prepared_.graph->NameOf(e),
                         "' is a resource that no VarHandleOp on this device makes; handles cannot be fed or sent"));
      }
      input.variable = it->second;
    }
    prepare.inputs.push_back(std::move(input));
  }
  for (const TensorInfo& info : plan_.infos[node.id]) {
    PrepareContext::Output output;
    output.dtype = info.dtype;
    if (info.shape.IsFullyKnown()) {
      SLUICE_ASSIGN_OR_RETURN(output.shape, info.shape.ToShape());
    }
    prepare.outputs.push_back(std::move(output));
  }
  if (node.schema->is_random) {
    auto seed = [&](const char* name) {
      const AttrValue* value = node.schema->AttrOrDefault(node.attrs, name);
      auto* held = value == nullptr ? nullptr : std::get_if<int64_t>(&value->value);
      return held == nullptr ? int64_t{0} : *held;
    };
    prepare.random = state_.GetRandomState(node.name, seed("seed"), seed("seed2"));
  }
  return prepare;
}

absl::Status PartCompiler::EmitKernel(const Node& node) {
  bool is_dynamic = false;
  for (Endpoint e : node.inputs) {
    is_dynamic |= Info(e).dtype != DataType::kResource && !Info(e).shape.IsFullyKnown();
  }
  for (const TensorInfo& info : plan_.infos[node.id]) is_dynamic |= !info.shape.IsFullyKnown();

  if (node.op() == "ReadVariableOp" && !is_dynamic && !copied_reads_.contains(node.id)) {
    auto it = variable_of_.find(node.inputs[0]);
    if (it != variable_of_.end() && it->second->data() != nullptr) {
      Slot slot;
      slot.source = SlotSource::kVariable;
      slot.dtype = it->second->dtype();
      slot.bytes = it->second->bytes();
      slot.variable = it->second;
      uint32_t s = AddSlot(slot);
      slot_of_[Endpoint{node.id, 0}] = s;
      aliased_reads_.emplace_back(s, node.id);
      Instruction check;
      check.kind = Instruction::kCheckVariable;
      check.variable = it->second;
      check.node = node.id;
      AddInstruction(check, {{}, {s}, {}, 0});
      return absl::OkStatus();
    }
  }
  if (!is_synchronous_ && !ReadsVariable(node)) AwaitSends(node);
  auto def = hardware_.kernels().Find(node.op(), node.attrs);
  if (!def.ok()) return WithContext(def.status(), absl::StrCat(Where(node), " on ", hardware_.name()));
  SLUICE_ASSIGN_OR_RETURN(PrepareContext prepare, Describe(node));
  absl::Status status =
      is_dynamic ? EmitDynamic(node, **def, std::move(prepare)) : EmitStatic(node, **def, std::move(prepare));
  SLUICE_RETURN_IF_ERROR(status);
  if (!ReadsVariable(node)) {
    for (Endpoint e : node.inputs) {
      auto it = variable_of_.find(e);
      if (it != variable_of_.end()) writes_.emplace_back(static_cast<int>(uses_.size()) - 1, it->second);
    }
  }
  return absl::OkStatus();
}

absl::Status PartCompiler::EmitStatic(const Node& node, const KernelDef& def, PrepareContext prepare) {
  std::unique_ptr<Kernel> kernel = def.make();
  SLUICE_RETURN_IF_ERROR(WithContext(kernel->Prepare(prepare), Where(node)));
  if (prepare.output_shapes_at_run) return EmitDynamic(node, def, std::move(prepare));
  Use use;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.input_types[i] == DataType::kResource) {
      use.inputs.push_back(kNoSlot);
      continue;
    }
    SLUICE_ASSIGN_OR_RETURN(
        uint32_t s, SlotOf(node.inputs[i], def.IsHostInput(static_cast<int>(i), static_cast<int>(node.inputs.size()))));
    use.inputs.push_back(s);
  }
  bool all_aliased = !node.output_types.empty();
  for (size_t i = 0; i < node.output_types.size(); ++i) {
    Endpoint e{node.id, static_cast<int>(i)};
    auto alias = std::find_if(prepare.aliases.begin(), prepare.aliases.end(),
                              [&](const auto& pair) { return pair.second == static_cast<int>(i); });
    if (alias != prepare.aliases.end()) {
      slot_of_[e] = use.inputs[alias->first];
    } else {
      all_aliased = false;
      slot_of_[e] = AddOutputSlot(node, static_cast<int>(i));
    }
    use.outputs.push_back(slot_of_[e]);
  }
  if (all_aliased) return absl::OkStatus();
  use.in_place = prepare.in_place;
  use.scratch_bytes = prepare.scratch_bytes;
  Instruction run;
  run.kernel = kernel.get();
  run.node = node.id;
  if (prepare.scratch_bytes > 0) {
    Slot scratch;
    scratch.bytes = prepare.scratch_bytes;
    scratch.dtype = DataType::kUint8;
    run.scratch_slot = AddSlot(scratch);
    use.outputs.push_back(run.scratch_slot);
  }
  if (kernel->NewState() != nullptr) {
    run.state = static_cast<int32_t>(program_.stateful_kernels.size());
    program_.stateful_kernels.push_back(kernel.get());
  }
  program_.kernels.push_back(std::move(kernel));
  AddInstruction(run, std::move(use));
  return absl::OkStatus();
}

absl::Status PartCompiler::EmitDynamic(const Node& node, const KernelDef& def, PrepareContext prepare) {
  DynamicNode dynamic;
  dynamic.node = &node;
  dynamic.kernel = &def;
  Use use;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    DynamicInput input;
    input.info = Info(node.inputs[i]);
    input.has_static_shape = input.info.shape.IsFullyKnown();
    if (input.info.dtype == DataType::kResource) {
      input.variable = prepare.inputs[i].variable;
    } else {
      SLUICE_ASSIGN_OR_RETURN(
          input.slot,
          SlotOf(node.inputs[i], def.IsHostInput(static_cast<int>(i), static_cast<int>(node.inputs.size()))));
      use.inputs.push_back(input.slot);
    }
    dynamic.inputs.push_back(std::move(input));
  }
  for (size_t i = 0; i < node.output_types.size(); ++i) {
    Slot slot;
    slot.source = SlotSource::kDynamic;
    slot.dtype = node.output_types[i];
    uint32_t s = AddSlot(slot);
    slot_of_[Endpoint{node.id, static_cast<int>(i)}] = s;
    dynamic.outputs.push_back(s);
    use.outputs.push_back(s);
  }
  prepare.aliases.clear();
  prepare.in_place.clear();
  prepare.scratch_bytes = 0;
  prepare.output_shapes_at_run = false;
  dynamic.prepare = std::move(prepare);
  Instruction run;
  run.kind = Instruction::kDynamic;
  run.index = static_cast<int32_t>(program_.dynamic.size());
  run.node = node.id;
  program_.dynamic.push_back(std::move(dynamic));
  AddInstruction(run, std::move(use));
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> PartCompiler::SlotOf(Endpoint e, bool in_host_memory) {
  const TensorInfo& info = Info(e);
  const Node& node = prepared_.graph->node(e.node);
  const bool is_known = info.value.has_value() && !node.schema->is_stateful;
  const bool separate = in_host_memory && !is_synchronous_;
  auto& slots = separate ? host_slot_of_ : slot_of_;
  if (auto it = slots.find(e); it != slots.end()) return it->second;
  if (separate && !is_known) {
    return absl::UnimplementedError(absl::StrCat("'", prepared_.graph->NameOf(e),
                                                 "' is needed in host memory by a node on ", hardware_.name(),
                                                 ", which only works for constants"));
  }
  absl::StatusOr<uint32_t> slot = kNoSlot;
  if (is_known) {
    slot = ConstantSlot(e, *info.value, in_host_memory);
  } else if (auto feed = feed_of_.find(e); feed != feed_of_.end()) {
    Slot fed;
    fed.source = SlotSource::kFeed;
    fed.dtype = info.dtype;
    fed.index = feed->second;
    fed.shape = plan_.feed_shapes[feed->second];
    fed.bytes = static_cast<size_t>(fed.shape.num_elements()) * DataTypeSize(fed.dtype);
    slot = AddSlot(fed);
    if (is_synchronous_) {
      program_.feeds.emplace_back(feed->second, *slot);
    } else {
      Instruction copy;
      copy.kind = Instruction::kFeed;
      copy.index = feed->second;
      copy.node = e.node;
      AddInstruction(copy, {{}, {*slot}, {}, 0});
    }
  } else {
    slot = ReceivedSlot(e);
  }
  if (slot.ok()) slots[e] = *slot;
  return slot;
}

uint32_t PartCompiler::AddSlot(Slot slot) {
  program_.slots.push_back(std::move(slot));
  return static_cast<uint32_t>(program_.slots.size() - 1);
}

uint32_t PartCompiler::AddOutputSlot(const Node& node, int index) {
  const TensorInfo& info = plan_.infos[node.id][index];
  Slot slot;
  slot.dtype = info.dtype;
  slot.shape = info.shape.ToShape().value_or(Shape{});
  slot.bytes = static_cast<size_t>(slot.shape.num_elements()) * DataTypeSize(info.dtype);
  if (!IsTrivial(info.dtype)) slot.source = SlotSource::kObjects;
  return AddSlot(std::move(slot));
}

Instruction& PartCompiler::AddInstruction(Instruction instruction, Use use) {
  instruction.first_input = static_cast<uint32_t>(program_.operands.size());
  program_.operands.insert(program_.operands.end(), use.inputs.begin(), use.inputs.end());
  instruction.first_output = static_cast<uint32_t>(program_.operands.size());
  program_.operands.insert(program_.operands.end(), use.outputs.begin(), use.outputs.end());
  std::erase(use.inputs, kNoSlot);
  uses_.push_back(std::move(use));
  return program_.instructions.emplace_back(instruction);
}

}  // namespace sluice
