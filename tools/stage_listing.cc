#include "tools/stage_listing.h"

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "graph/flops.h"
#include "tools/table.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

std::string DeviceOf(const Node& node, const std::vector<Device*>& devices) {
  if (node.assigned_device < 0) return node.device.empty() ? "-" : node.device;
  const Device* device = devices[static_cast<size_t>(node.assigned_device)];
  return absl::StrCat(device->type(), ":", device->index());
}

std::string OutputsOf(const Node& node, const Infos& infos) {
  if (node.output_types.empty()) return "-";
  std::vector<std::string> outputs;
  for (size_t i = 0; i < node.output_types.size(); ++i) {
    std::string text(DataTypeName(node.output_types[i]));
    auto id = static_cast<size_t>(node.id);
    if (id < infos.size() && i < infos[id].size()) absl::StrAppend(&text, infos[id][i].shape.ToString());
    outputs.push_back(std::move(text));
  }
  return absl::StrJoin(outputs, " ");
}

std::string InputsOf(const Graph& graph, const Node& node) {
  std::vector<std::string> inputs;
  for (Endpoint input : node.inputs) inputs.push_back(graph.NameOf(input));
  for (NodeId control : node.control_inputs) inputs.push_back("^" + graph.node(control).name);
  return inputs.empty() ? "-" : absl::StrJoin(inputs, " ");
}

Table NodeTable() { return Table({{"node"}, {"op"}, {"device"}, {"outputs"}, {"inputs"}}); }

void AddNode(Table& table, const Graph& graph, const Node& node, const Infos& infos,
             const std::vector<Device*>& devices) {
  table.AddRow({node.name, node.op(), DeviceOf(node, devices), OutputsOf(node, infos), InputsOf(graph, node)});
}

std::string SlotText(const Program& program, uint32_t index) {
  const Slot& slot = program.slots[index];
  switch (slot.source) {
    case SlotSource::kArena:
      return absl::StrFormat("arena+0x%x(%d)", slot.offset, slot.bytes);
    case SlotSource::kConstant:
      return absl::StrFormat("constant#%d(%d)", slot.index, slot.bytes);
    case SlotSource::kFeed:
      return absl::StrFormat("feed#%d", slot.index);
    case SlotSource::kVariable:
      return slot.variable == nullptr ? "variable" : absl::StrCat("variable:", slot.variable->name());
    case SlotSource::kFetch:
      return absl::StrFormat("fetch#%d", slot.index);
    case SlotSource::kChannel:
      return absl::StrFormat("channel#%d", slot.index);
    case SlotSource::kReceived:
      return absl::StrFormat("received+0x%x(%d)", slot.offset, slot.bytes);
    case SlotSource::kObjects:
      return "objects";
    case SlotSource::kDynamic:
      return "dynamic";
  }
  return "?";
}

const char* KindName(Instruction::Kind kind) {
  switch (kind) {
    case Instruction::kRun:
      return "run";
    case Instruction::kCheckVariable:
      return "check";
    case Instruction::kSend:
      return "send";
    case Instruction::kReceive:
      return "receive";
    case Instruction::kDynamic:
      return "dynamic";
    case Instruction::kFeed:
      return "feed";
    case Instruction::kFetch:
      return "fetch";
    case Instruction::kAwaitSent:
      return "await";
  }
  return "?";
}

// The operands of instruction `i`: inputs from first_input, outputs from first_output, each up to the next begin.
std::string Operands(const Program& program, uint32_t begin, uint32_t end) {
  std::vector<std::string> texts;
  for (uint32_t o = begin; o < end; ++o) {
    uint32_t slot = program.operands[o];
    texts.push_back(slot == kNoSlot ? "-" : SlotText(program, slot));
  }
  return texts.empty() ? "-" : absl::StrJoin(texts, " ");
}

}  // namespace

std::string ListGraph(const Graph& graph, const Infos& infos, const std::vector<Device*>& devices) {
  Table table = NodeTable();
  for (NodeId id : TopologicalOrder(graph)) AddNode(table, graph, graph.node(id), infos, devices);
  return table.ToString();
}

std::string ListPartition(const PreparedGraph& prepared, const Plan& plan, const std::vector<Device*>& devices) {
  const Graph& graph = *prepared.graph;
  std::string text;
  for (size_t d = 0; d < devices.size(); ++d) {
    Table table = NodeTable();
    int count = 0;
    for (NodeId id : prepared.partition.order) {
      if (graph.node(id).assigned_device != static_cast<int>(d)) continue;
      AddNode(table, graph, graph.node(id), plan.infos, devices);
      ++count;
    }
    absl::StrAppend(&text, devices[d]->name(), ": ", count, count == 1 ? " node\n" : " nodes\n");
    if (count > 0) absl::StrAppend(&text, table.ToString());
    absl::StrAppend(&text, "\n");
  }
  Table crossing({{"channel", Table::kRight}, {"tensor"}, {"from"}, {"to"}, {"shape"}, {"bytes", Table::kRight}});
  int64_t total = 0;
  for (size_t c = 0; c < plan.channels.size(); ++c) {
    const ChannelSpec& channel = plan.channels[c];
    auto name = [&](int device) {
      return absl::StrCat(devices[static_cast<size_t>(device)]->type(), ":",
                          devices[static_cast<size_t>(device)]->index());
    };
    bool is_control = channel.source.index == kControl;
    std::string bytes = channel.bytes < 0 ? "known in a run" : FormatCount(channel.bytes);
    crossing.AddRow({absl::StrCat(c),
                     is_control ? "^" + graph.node(channel.source.node).name : graph.NameOf(channel.source),
                     name(channel.from_device), name(channel.to_device),
                     is_control ? "-" : absl::StrCat(DataTypeName(channel.dtype), channel.shape.ToString()),
                     is_control ? "0" : bytes});
    if (!is_control && channel.bytes > 0) total += channel.bytes;
  }
  if (crossing.empty()) return absl::StrCat(text, "nothing crosses between devices\n");
  return absl::StrCat(text, "crossing between devices: ", FormatCount(total), " bytes a run\n", crossing.ToString());
}

std::string ListPrograms(const Plan& plan) {
  std::string text;
  for (const Program& program : plan.parts) {
    int64_t constants = 0;
    for (const Tensor& constant : program.constants) constants += static_cast<int64_t>(constant.bytes());
    absl::StrAppend(&text, program.device->name(), ": ", program.instructions.size(), " instructions, arena ",
                    FormatBytes(static_cast<int64_t>(program.arena_bytes)), ", constants ", FormatBytes(constants),
                    "\n");
    Table table({{"#", Table::kRight}, {"kind"}, {"node"}, {"op"}, {"inputs"}, {"outputs"}});
    for (size_t i = 0; i < program.instructions.size(); ++i) {
      const Instruction& instruction = program.instructions[i];
      const Node& node = plan.graph->node(instruction.node);
      uint32_t end = static_cast<uint32_t>(i + 1 < program.instructions.size() ? program.instructions[i + 1].first_input
                                                                               : program.operands.size());
      table.AddRow(
          {absl::StrCat(i), KindName(instruction.kind), node.name, node.op(),
           Operands(program, instruction.first_input, std::max(instruction.first_input, instruction.first_output)),
           Operands(program, instruction.first_output, std::max(instruction.first_output, end))});
    }
    absl::StrAppend(&text, table.ToString(), "\n");
  }
  return text;
}

std::string ExplainPlan(const Plan& plan) {
  Table table({{"node"}, {"op"}, {"device"}, {"outputs"}, {"MFLOP", Table::kRight}, {"how"}});
  for (const Program& program : plan.parts) {
    for (const Instruction& instruction : program.instructions) {
      const Node& node = plan.graph->node(instruction.node);
      std::string how = instruction.kind == Instruction::kRun ? instruction.kernel->Describe() : "";
      if (how.empty()) how = KindName(instruction.kind);
      double flops = NodeFlops(node, plan.infos);
      table.AddRow({node.name, node.op(), absl::StrCat(program.device->type(), ":", program.device->index()),
                    OutputsOf(node, plan.infos), flops > 0 ? FormatNumber(flops / 1e6) : "-", how});
    }
  }
  return table.ToString();
}

}  // namespace sluice::tools
