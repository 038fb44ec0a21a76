// Which stretches of a part a device may capture as one graph.

#include <algorithm>

#include "runtime/part_compiler.h"

namespace sluice {
namespace {

// A graph for less is no gain.
constexpr int kFewestKernels = 2;
// What is copied before or after a graph instead of in its place delays others by next to nothing: labels, losses.
constexpr int64_t kSmallCopyBytes = 1 << 16;

}  // namespace

// Random kernels tell the device in each run where their numbers begin.
bool PartCompiler::MayBeCaptured(const Instruction& instruction) const {
  switch (instruction.kind) {
    case Instruction::kRun: {
      const Node& node = prepared_.graph->node(instruction.node);
      return !node.schema->is_random;
    }
    case Instruction::kCheckVariable:
      return true;
    case Instruction::kFeed: {
      const Slot& slot = program_.slots[program_.operands[instruction.first_output]];
      return static_cast<int64_t>(slot.bytes) <= kSmallCopyBytes;
    }
    case Instruction::kFetch: {
      const Slot& slot = program_.slots[program_.operands[instruction.first_input]];
      return static_cast<int64_t>(slot.bytes) <= kSmallCopyBytes;
    }
    default:
      return false;
  }
}

void PartCompiler::FindSegments() {
  if (program_.has_dynamic()) return;  // addresses change
  const std::vector<Instruction>& instructions = program_.instructions;
  for (size_t begin = 0; begin < instructions.size();) {
    Segment segment;
    segment.begin = static_cast<uint32_t>(begin);
    size_t end = begin;
    for (; end < instructions.size() && MayBeCaptured(instructions[end]); ++end) {
      const Instruction& instruction = instructions[end];
      if (instruction.kind == Instruction::kCheckVariable) segment.variables.push_back(instruction.variable);
      if (instruction.kind != Instruction::kRun) continue;
      ++segment.num_kernels;
      segment.slots.insert(segment.slots.end(), uses_[end].inputs.begin(), uses_[end].inputs.end());
      segment.slots.insert(segment.slots.end(), uses_[end].outputs.begin(), uses_[end].outputs.end());
      for (Endpoint e : prepared_.graph->node(instruction.node).inputs) {
        if (auto it = variable_of_.find(e); it != variable_of_.end()) segment.variables.push_back(it->second);
      }
    }
    if (segment.num_kernels >= kFewestKernels) {
      segment.end = static_cast<uint32_t>(end);
      auto unique = [](auto& list) {
        std::sort(list.begin(), list.end());
        list.erase(std::unique(list.begin(), list.end()), list.end());
      };
      for (uint32_t& slot : segment.slots) slot = redirect_[slot];
      unique(segment.slots);
      unique(segment.variables);
      program_.segments.push_back(std::move(segment));
    }
    begin = std::max(end, begin + 1);
  }
}

}  // namespace sluice
