// The second half of PartCompiler: what is decided once every instruction of a part is known. Which reads need a copy,
// which outputs lie over an input, where everything lies in the arena.

#include <algorithm>

#include "runtime/memory_plan.h"
#include "runtime/part_compiler.h"

namespace sluice {

void PartCompiler::FindReadsToCopy() {
  reads_to_copy_.clear();
  for (auto [slot, node] : aliased_reads_) {
    for (auto [instruction, variable] : writes_) {
      if (program_.slots[slot].variable == variable && first_use_[slot] < instruction &&
          instruction < last_use_[slot]) {
        reads_to_copy_.push_back(node);
        break;
      }
    }
  }
}

void PartCompiler::ReuseInputsInPlace() {
  redirect_.resize(program_.slots.size());
  for (uint32_t s = 0; s < redirect_.size(); ++s) redirect_[s] = s;
  for (size_t i = 0; i < uses_.size(); ++i) {
    const Instruction& instruction = program_.instructions[i];
    for (auto [in, out] : uses_[i].in_place) {
      // Operands, not uses: resource inputs have no slot there but count as inputs.
      uint32_t from = program_.operands[instruction.first_input + in];
      uint32_t to = program_.operands[instruction.first_output + out];
      if (from == kNoSlot) continue;
      from = redirect_[from];
      const Slot& source = program_.slots[from];
      const Slot& target = program_.slots[to];
      if (source.source != SlotSource::kArena && source.source != SlotSource::kReceived) continue;
      if (target.source != SlotSource::kArena) continue;
      // Nothing is written over an operand that the instruction has twice: a convolution with a shortcut around it reads the
      // one again and again while it overwrites the other.
      if (std::count_if(uses_[i].inputs.begin(), uses_[i].inputs.end(),
                        [&](uint32_t s) { return redirect_[s] == from; }) > 1) {
        continue;
      }
      if (redirect_[to] != to || source.bytes != target.bytes || from == to) continue;
      if (last_use_[from] != static_cast<int>(i) || first_use_[to] != static_cast<int>(i)) continue;
      redirect_[to] = from;
      last_use_[from] = last_use_[to];
      break;
    }
  }
  for (uint32_t& operand : program_.operands) {
    if (operand != kNoSlot) operand = redirect_[operand];
  }
  for (DynamicNode& node : program_.dynamic) {
    for (DynamicInput& input : node.inputs) {
      if (input.slot != kNoSlot) input.slot = redirect_[input.slot];
    }
  }
  for (FetchSpec& fetch : plan_.fetches) {
    if (fetch.device == device_) fetch.slot = redirect_[fetch.slot];
  }
}

void PartCompiler::PlanArena() {
  std::vector<Lifetime> lifetimes;
  std::vector<uint32_t> slots;
  for (uint32_t s = 0; s < program_.slots.size(); ++s) {
    const Slot& slot = program_.slots[s];
    const bool is_copied_in =
        slot.source == SlotSource::kReceived || (slot.source == SlotSource::kFeed && !is_synchronous_);
    if (redirect_[s] != s || (slot.source != SlotSource::kArena && !is_copied_in)) continue;
    // Copies do not wait for the computation before them, whose memory they must therefore not use.
    int begin = is_copied_in ? 0 : first_use_[s];
    if (last_use_[s] < 0) continue;
    lifetimes.push_back({slot.bytes, begin, last_use_[s]});
    slots.push_back(s);
  }
  MemoryPlan plan = state_.plan_book().Memory(lifetimes);
  for (size_t i = 0; i < slots.size(); ++i) program_.slots[slots[i]].offset = plan.offsets[i];
  program_.arena_bytes = plan.total_bytes;
}

void PartCompiler::FindReleases() {
  for (uint32_t s = 0; s < program_.slots.size(); ++s) {
    int last = last_use_[s];
    if (program_.slots[s].source != SlotSource::kDynamic || last < 0 || last >= static_cast<int>(uses_.size()))
      continue;
    const Instruction& instruction = program_.instructions[last];
    if (instruction.kind == Instruction::kDynamic) program_.dynamic[instruction.index].releases.push_back(s);
  }
}

}  // namespace sluice
