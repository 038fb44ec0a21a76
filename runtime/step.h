// The working state of one run: arenas, pointer tables, channels, threads. Made once and used for many runs;
// concurrent runs of one plan have one Step each.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/channel.h"
#include "runtime/dynamic.h"
#include "runtime/program.h"
#include "runtime/session_state.h"
#include "runtime/turns.h"

namespace sluice {

class Step {
 public:
  // ResourceExhausted where a device has no memory for its arena.
  static absl::StatusOr<std::unique_ptr<Step>> Create(std::shared_ptr<const Plan> plan, SessionState& state);
  ~Step();

  // One run. `feeds` match the plan's dtypes and shapes. `fetches` gets one tensor for each of the plan's
  // fetches; their buffers are recycled once the caller has dropped them. Not thread-safe. In the steady
  // state nothing is allocated by static programs. Errors name the node.
  absl::Status Run(absl::Span<const Tensor> feeds, std::vector<Tensor>* fetches, const RunOptions& options,
                   RunMetadata* metadata);

 private:
  // A segment of a part's program as this step's stream has captured it.
  struct CapturedSegment {
    std::unique_ptr<ExecutableGraph> graph;
    std::vector<const void*> addresses;  // of the slots when it was captured
    std::vector<const void*> variable_addresses;
    std::vector<Shape> variable_shapes;
    std::unique_ptr<Event> done;  // after the last launch
    uint64_t launched_run = 0;
    int runs = 0, captures = 0;
    bool is_off = false;  // it cannot be captured
  };
  struct Part {
    const Program* program = nullptr;
    std::vector<void*> slots;
    Tensor arena;
    std::vector<Tensor> objects;  // by slot where it holds strings
    std::vector<std::unique_ptr<KernelState>> states;
    std::unique_ptr<Stream> stream;  // of the computation
    std::unique_ptr<DynamicState> dynamic;
    bool is_blocking = false;
    // On an asynchronous device:
    std::unique_ptr<Copies> copies;
    std::vector<int> feed_sites, fetch_sites;   // by feed and fetch, -1 elsewhere
    std::unique_ptr<DeviceTrace> device_trace;  // from the first traced run on
    std::vector<NodeTrace> trace;
    std::vector<CapturedSegment> captured;  // by segment
    int64_t launches = 0;                   // of this run
    absl::Status status;
    bool is_consequence = false;  // of another part's failure
  };
  // What the parts of a run share.
  struct Control {
    uint64_t run = 0;
    Deadline deadline = kNoDeadline;
    Deadline start;
    const CancellationFlag* cancellation = nullptr;
    std::atomic<bool> failed{false};
    bool trace = false;
    absl::Span<const Tensor> feeds;
  };

  Step(std::shared_ptr<const Plan> plan, SessionState& state)
      : plan_(std::move(plan)), state_(state), turns_(state.options().inter_threads) {}
  absl::Status Initialize();
  absl::Status InitializeChannel(const ChannelSpec& spec);
  absl::Status InitializePart(const Program& program, Part& part);
  absl::Status InitializeCopies(Part& part);
  absl::Status BindFeeds(absl::Span<const Tensor> feeds);
  absl::Status BindFetches();
  void RunPart(Part& part);  // sets part.status; wakes the other parts where it failed
  absl::Status Execute(Part& part);
  // The same where stretches of the program are captured (runtime/capture.cc).
  absl::Status ExecuteWithGraphs(Part& part, RunContext context);
  absl::Status ExecuteSegment(Part& part, size_t index, RunContext& context);
  absl::Status ExecuteOne(Part& part, const Instruction& instruction, RunContext& context);
  absl::Status CaptureSegment(Part& part, size_t index, RunContext& context);
  bool MayLaunch(const Part& part, const Segment& segment) const;
  bool IsCurrent(const Part& part, size_t index) const;
  // For errors: the kernels among the instructions [begin, end).
  std::string NameOfKernels(const Part& part, uint32_t begin, uint32_t end) const;
  // Says where an error that the stream itself told may have arisen.
  absl::Status NameKernels(Part& part, const absl::Status& status) const;
  absl::Status RunKernel(Part& part, const Instruction& instruction, RunContext& context);
  absl::Status ExecuteOther(Part& part, const Instruction& instruction, RunContext context);
  absl::Status Send(Part& part, const Instruction& instruction);
  absl::Status SendValue(Part& part, const Instruction& instruction, ChannelState& channel, Event** sent);
  absl::Status Receive(Part& part, const Instruction& instruction);
  absl::Status ReceiveOnHost(Part& part, const Instruction& instruction, ChannelState& channel, Event* sent);
  absl::Status ReceiveOnDevice(Part& part, const Instruction& instruction, ChannelState& channel, Event* sent);
  absl::Status Feed(Part& part, const Instruction& instruction);
  absl::Status Fetch(Part& part, const Instruction& instruction);
  bool ReceivedFailure(Part& part);      // whether a value that the part received was never made
  absl::Status Synchronize(Part& part);  // waits for what was issued; then fetches are where they belong
  absl::Status AwaitChannel(ChannelState& channel, Event** event);  // until it was signalled
  absl::Status CopyFetches(Part& part);
  absl::Status Interrupted() const;  // not OK once the run was cancelled or its time is over
  absl::Status FetchBuffer(int fetch, const Shape& shape);
  NodeTrace TraceRow(const Part& part, const Instruction& instruction) const;
  void Work(size_t part);  // the loop of a worker thread

  const std::shared_ptr<const Plan> plan_;
  SessionState& state_;
  Turns turns_;  // of the parts on CPUs
  std::vector<Part> parts_;
  std::vector<std::unique_ptr<ChannelState>> channels_;
  std::vector<Tensor> channel_buffers_;
  std::vector<std::vector<Tensor>> fetch_pools_;  // buffers that the caller may still hold
  std::vector<Tensor> fetched_;                   // of this run
  std::vector<Tensor> fetch_staging_;             // pinned, for fetches from asynchronous devices
  Control control_;

  // One thread for each part but the first.
  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  uint64_t started_run_ = 0;
  int running_ = 0;
  bool closing_ = false;
};

}  // namespace sluice
