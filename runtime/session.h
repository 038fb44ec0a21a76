// Runs graphs. As close to TensorFlow's C++ session as C++20 and absl::Status allow: port by renaming.
//
//   sluice::Runtime runtime;
//   auto session = sluice::NewSession(runtime, {.threads = 2});
//   (*session)->Create(graph_bytes);
//   std::vector<sluice::Tensor> outputs;
//   (*session)->Run({{"x", input}}, {"probabilities"}, {}, &outputs);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/api.h"
#include "core/device.h"
#include "core/plan_store.h"
#include "core/tensor.h"
#include "graph/graph.h"
#include "runtime/runtime.h"
#include "runtime/session_options.h"

namespace SLUICE_API sluice {

// What a Callable is made from; tensor names are "node" or "node:1".
struct CallableOptions {
  std::vector<std::string> feed;
  std::vector<std::string> fetch;
  std::vector<std::string> target;  // nodes that run without being fetched
  RunOptions run_options;
};

// Thread-safe: any number of runs may go on at a time. Two concurrent runs that update one variable each
// update it completely; nothing else is promised between them.
class Session {
 public:
  using CallableHandle = int64_t;
  using Feeds = std::vector<std::pair<std::string, Tensor>>;

  virtual ~Session() = default;

  // The session's graph. FailedPrecondition where it has one already. The bytes are a GraphDef, binary or
  // text.
  virtual absl::Status Create(absl::string_view graph_def) = 0;
  virtual absl::Status Create(Graph graph) = 0;
  // Adds nodes; names that the graph has already are an error. Variables keep their values. The second form
  // replaces the graph by a larger one that was built elsewhere from this session's (every node of the old
  // one must be there).
  virtual absl::Status Extend(absl::string_view graph_def) = 0;
  virtual absl::Status Extend(Graph graph) = 0;

  // Feeds replace the tensors they name. InvalidArgument where a name, dtype or shape does not fit; the
  // message says what was expected. Outputs come in the order of the fetches.
  virtual absl::Status Run(const Feeds& feeds, const std::vector<std::string>& fetches,
                           const std::vector<std::string>& targets, std::vector<Tensor>* outputs) = 0;
  virtual absl::Status Run(const RunOptions& options, const Feeds& feeds, const std::vector<std::string>& fetches,
                           const std::vector<std::string>& targets, std::vector<Tensor>* outputs,
                           RunMetadata* metadata) = 0;

  // A subgraph with everything that names decide decided: RunCallable takes tensors in the order of `feed`.
  virtual absl::Status MakeCallable(const CallableOptions& options, CallableHandle* handle) = 0;
  virtual absl::Status RunCallable(CallableHandle handle, const std::vector<Tensor>& feeds,
                                   std::vector<Tensor>* fetches, RunMetadata* metadata = nullptr) = 0;
  // Compiles what RunCallable would run for feeds of these shapes, in the order of `feed`, and runs nothing; the devices need
  // not be there (runtime/devices.h).
  virtual absl::Status CompileCallable(CallableHandle handle, const std::vector<Shape>& feeds,
                                       RunMetadata* metadata = nullptr) = 0;
  virtual absl::Status ReleaseCallable(CallableHandle handle) = 0;

  // Waits for the runs that are going on and gives the memory back. Later calls fail with FailedPrecondition.
  virtual absl::Status Close() = 0;

  // --- State (for checkpoints) ---
  virtual std::vector<std::string> InitializedVariables() const = 0;
  // A copy of the value. NotFound, FailedPrecondition without one.
  virtual absl::StatusOr<Tensor> ReadVariable(const std::string& name) const = 0;
  virtual absl::Status WriteVariable(const std::string& name, const Tensor& value) = 0;
  // How far each random node has come.
  virtual std::vector<std::pair<std::string, uint64_t>> RandomCounters() const = 0;
  virtual void SetRandomCounter(const std::string& node, uint64_t blocks) = 0;

  virtual std::vector<Device*> devices() const = 0;
  // Gives plans that were made before (io/plan_file.h) to every device that can use them. FailedPrecondition, saying why,
  // where none can.
  // Plans of another graph are used as far as they fit, with a warning.
  virtual absl::Status LoadPlans(const StoredPlans& plans) = 0;
  // The plans of all devices that keep some, and of the graph. Unimplemented where no device does.
  virtual absl::StatusOr<StoredPlans> SavePlans() const = 0;
  // One line for each remark that placement had (soft placement and the like), since Create.
  virtual std::vector<std::string> warnings() const = 0;
  // Bytes of host memory in use, and at most so far.
  virtual Allocator::Stats memory() const = 0;
};

// The runtime must outlive the session. InvalidArgument for a device that is not there; the message says what
// is.
absl::StatusOr<std::unique_ptr<Session>> NewSession(const Runtime& runtime, const SessionOptions& options = {});

}  // namespace sluice
