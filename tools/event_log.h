// What `sluice train --logdir` writes for TensorBoard (docs/tensorboard.md lists it).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "io/event_writer.h"
#include "models/batches.h"
#include "models/training_observer.h"

namespace sluice::tools {

// Whether a run may write its events to `directory`: a run that is there goes on with `resume`, and its event files are
// removed with `overwrite`. AlreadyExists where there is one and neither is asked for.
absl::Status ClaimEventDirectory(const std::string& directory, bool resume, bool overwrite);

struct EventLogOptions {
  std::string directory;                             // claimed
  std::vector<std::string> labels;                   // of the classes; may be empty
  std::function<void(const std::string&)> on_error;  // told once, when writing has failed: training goes on without
};

class EventLog : public TrainingObserver {
 public:
  // `session` has `graph`, a training graph; `tests` gives the pictures of the embedding, and may be null. All must
  // outlive the log.
  static absl::StatusOr<std::unique_ptr<EventLog>> Open(EventLogOptions options, Session& session, const Graph& graph,
                                                        BatchSource* tests);

  void OnBegin(const Session& session, int64_t step) override;
  void OnBatch(int64_t step, const std::vector<Tensor>& batch) override;
  void OnStep(const TrainingProgress& progress) override;
  void OnEpoch(const TrainingProgress& progress, const Evaluation& test) override;
  void OnEnd(const Session& session, int64_t step) override;
  bool WantsTrace(int64_t step) override;
  void OnTrace(int64_t step, const RunMetadata& metadata) override;

 private:
  EventLog(EventLogOptions options, Session& session, const Graph& graph, BatchSource* tests)
      : options_(std::move(options)), session_(session), graph_(graph), tests_(tests) {}
  void Check(const absl::Status& status);
  absl::Status Begin(int64_t step);
  absl::Status LogBatch(int64_t step, const Tensor& images);
  absl::Status LogProgress(const TrainingProgress& progress);
  absl::Status LogEpoch(const TrainingProgress& progress, const Evaluation& test);
  absl::Status LogVariables(int64_t step);
  absl::Status LogEmbedding();

  const EventLogOptions options_;
  Session& session_;
  const Graph& graph_;
  BatchSource* const tests_;
  std::unique_ptr<EventWriter> writer_;  // nullptr after an error
  int64_t first_step_ = 0;
  bool has_examples_ = false, has_trace_ = false;
};

}  // namespace sluice::tools
