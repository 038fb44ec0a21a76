// Options of sessions and runs: plain structs, with TensorFlow's field names where it has the field.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "core/api.h"
#include "core/types.h"

namespace SLUICE_API sluice {

struct SessionOptions {
  // "cpu:2", "cpu:1,sim:2", "gpu:0,gpu:0": the devices in the order of their indices.
  std::string devices = "cpu:1";
  // Host threads in all, shared by the logical CPU devices; 0: the machine's cores.
  int threads = 0;
  // Logical CPU devices that compute at the same time, each with its share of the threads; 0: all. (A device's
  // own program is one straight line.)
  int inter_threads = 0;
  // Bytes of host memory for arenas, variables and fetches; 0: no limit. Import has the same limit of its
  // own.
  int64_t memory_limit = 0;
  int64_t device_memory_limit = 0;  // bytes of each device that is not a CPU; 0: all that it has
  bool deterministic = false;
  bool exact = false;  // no algorithm that trades accuracy for speed
  uint64_t seed = 1;   // of random nodes whose both seeds are 0, when deterministic
  bool allow_soft_placement = true;
  std::vector<std::string> disabled_passes;
  std::string io_root;               // the directory that SaveV2 and RestoreV2 nodes may use; empty: none
  std::vector<std::string> plugins;  // files of device plug-ins
  // What a device's libraries leave to choose is timed on it once, instead of asked of their heuristics. The CPU's ways are
  // chosen by a static rule in any case.
  bool autotune = false;
  bool keep_programs = false;  // SavePlans has orders and layouts of memory too
  int max_cached_plans = 32;   // per callable: plans for different feed shapes
};

// Set from any thread to stop a run: it ends with Cancelled after the current instruction.
using CancellationFlag = std::atomic<bool>;

struct RunOptions {
  enum TraceLevel { NO_TRACE = 0, FULL_TRACE = 3 };
  int64_t timeout_in_ms = 0;  // 0: none
  TraceLevel trace_level = NO_TRACE;
  const CancellationFlag* cancellation = nullptr;
};

// One executed instruction of a traced run. Times in microseconds since the run's start.
struct NodeTrace {
  std::string node;
  std::string op;
  std::string device;
  int64_t start_us = 0;
  int64_t end_us = 0;
  int64_t output_bytes = 0;
  double flops = 0;
};

struct RunMetadata {
  std::vector<NodeTrace> nodes;  // empty without FULL_TRACE
  int64_t arena_bytes = 0;       // of the step's parts together
  int64_t launches = 0;          // how often the host issued work: kernels, and captured stretches of them
  int64_t compile_us = 0;        // until the run began: near 0 where its feeds' shapes were not new
};

}  // namespace sluice
