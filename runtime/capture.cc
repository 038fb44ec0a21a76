// Runs a part of which stretches are captured: in the first run every kernel is issued by itself, and libraries make what
// they need; in the second the stretch is captured; from then on it is issued as a whole. It is captured again where what
// it works on has moved.

#include <algorithm>

#include "absl/strings/match.h"

#include "runtime/step.h"

namespace sluice {
namespace {

// Where addresses change all the time, capturing costs more than it saves.
constexpr int kMostCaptures = 8;

}  // namespace

absl::Status Step::ExecuteWithGraphs(Part& part, RunContext context) {
  const Program& program = *part.program;
  const bool may_be_interrupted =
      control_.cancellation != nullptr || control_.deadline != kNoDeadline || parts_.size() > 1;
  size_t next = 0;
  for (size_t i = 0; i < program.instructions.size();) {
    if (may_be_interrupted) SLUICE_RETURN_IF_ERROR(Interrupted());
    if (next < program.segments.size() && program.segments[next].begin == i) {
      SLUICE_RETURN_IF_ERROR(ExecuteSegment(part, next, context));
      i = program.segments[next++].end;
    } else {
      SLUICE_RETURN_IF_ERROR(ExecuteOne(part, program.instructions[i++], context));
    }
  }
  return CopyFetches(part);
}

// Kernels find out themselves whether a variable has a value, and which; a graph does not.
bool Step::MayLaunch(const Part& part, const Segment& segment) const {
  const CapturedSegment& captured = part.captured[static_cast<size_t>(&segment - part.program->segments.data())];
  return !captured.is_off && captured.runs > 1 &&
         std::all_of(segment.variables.begin(), segment.variables.end(),
                     [](const Variable* variable) { return variable->is_initialized(); });
}

bool Step::IsCurrent(const Part& part, size_t index) const {
  const Segment& segment = part.program->segments[index];
  const CapturedSegment& captured = part.captured[index];
  if (captured.graph == nullptr) return false;
  for (size_t i = 0; i < segment.slots.size(); ++i) {
    if (part.slots[segment.slots[i]] != captured.addresses[i]) return false;
  }
  for (size_t i = 0; i < segment.variables.size(); ++i) {
    if (segment.variables[i]->data() != captured.variable_addresses[i]) return false;
    if (!(segment.variables[i]->shape() == captured.variable_shapes[i])) return false;
  }
  return true;
}

absl::Status Step::CaptureSegment(Part& part, size_t index, RunContext& context) {
  const Segment& segment = part.program->segments[index];
  CapturedSegment& captured = part.captured[index];
  if (++captured.captures > kMostCaptures) return absl::ResourceExhaustedError("captured too often");
  captured.graph = nullptr;
  captured.addresses.clear();
  for (uint32_t slot : segment.slots) captured.addresses.push_back(part.slots[slot]);
  captured.variable_addresses.clear();
  captured.variable_shapes.clear();
  for (const Variable* variable : segment.variables) {
    captured.variable_addresses.push_back(variable->data());
    captured.variable_shapes.push_back(variable->shape());
  }
  if (captured.done == nullptr) captured.done = part.program->device->NewEvent();
  const int64_t launches = part.launches;
  SLUICE_RETURN_IF_ERROR(part.stream->BeginCapture());
  absl::Status status;
  for (uint32_t i = segment.begin; i < segment.end && status.ok(); ++i) {
    const Instruction& instruction = part.program->instructions[i];
    if (instruction.kind == Instruction::kRun) status = ExecuteOne(part, instruction, context);
  }
  part.launches = launches;
  auto graph = part.stream->EndCapture();
  SLUICE_RETURN_IF_ERROR(status);
  SLUICE_ASSIGN_OR_RETURN(captured.graph, std::move(graph));
  return absl::OkStatus();
}

absl::Status Step::ExecuteSegment(Part& part, size_t index, RunContext& context) {
  const Program& program = *part.program;
  const Segment& segment = program.segments[index];
  CapturedSegment& captured = part.captured[index];
  ++captured.runs;
  bool launches = MayLaunch(part, segment);
  // What a kernel says against being captured it says again where it runs by itself, if it means it.
  if (launches && !IsCurrent(part, index) && !CaptureSegment(part, index, context).ok()) {
    captured.is_off = true;
    captured.graph = nullptr;
    launches = false;
  }
  if (!launches) {
    const bool may_be_interrupted =
        control_.cancellation != nullptr || control_.deadline != kNoDeadline || parts_.size() > 1;
    for (uint32_t i = segment.begin; i < segment.end; ++i) {
      if (may_be_interrupted) SLUICE_RETURN_IF_ERROR(Interrupted());
      SLUICE_RETURN_IF_ERROR(ExecuteOne(part, program.instructions[i], context));
    }
    return absl::OkStatus();
  }
  auto copy = [&](Instruction::Kind kind) {
    for (uint32_t i = segment.begin; i < segment.end; ++i) {
      if (program.instructions[i].kind == kind) {
        SLUICE_RETURN_IF_ERROR(ExecuteOne(part, program.instructions[i], context));
      }
    }
    return absl::OkStatus();
  };
  SLUICE_RETURN_IF_ERROR(copy(Instruction::kFeed));
  ++part.launches;
  captured.launched_run = control_.run;
  if (absl::Status issued = part.stream->Launch(*captured.graph); !issued.ok()) {
    return WithContext(issued, NameOfKernels(part, segment.begin, segment.end));
  }
  SLUICE_RETURN_IF_ERROR(part.stream->Record(*captured.done));
  return copy(Instruction::kFetch);
}

std::string Step::NameOfKernels(const Part& part, uint32_t begin, uint32_t end) const {
  std::vector<NodeId> nodes;
  for (uint32_t i = begin; i < end; ++i) {
    const Instruction& instruction = part.program->instructions[i];
    if (instruction.kind == Instruction::kRun || instruction.kind == Instruction::kDynamic) {
      nodes.push_back(instruction.node);
    }
  }
  auto name = [&](NodeId id) {
    const Node& node = plan_->graph->node(id);
    return absl::StrCat("node '", node.name, "' (", node.op(), ")");
  };
  if (nodes.empty()) return "no kernel";
  if (nodes.size() == 1) return name(nodes[0]);
  return absl::StrCat(name(nodes.front()), " or one of those up to ", name(nodes.back()), ", ", nodes.size(),
                      " kernels (the device's option blocking=1 tells which)");
}

// Up to the last captured stretch that went well nothing was wrong.
absl::Status Step::NameKernels(Part& part, const absl::Status& status) const {
  if (absl::StartsWith(status.message(), "node '")) return status;
  uint32_t begin = 0;
  for (size_t s = 0; s < part.captured.size(); ++s) {
    const CapturedSegment& captured = part.captured[s];
    if (captured.launched_run != control_.run) continue;
    if (!captured.done->Synchronize().ok()) break;
    begin = part.program->segments[s].end;
  }
  return WithContext(status, NameOfKernels(part, begin, static_cast<uint32_t>(part.program->instructions.size())));
}

}  // namespace sluice
