// sluice train: trains a network and writes its graph, checkpoints and a frozen graph.
#include <algorithm>
#include <cstdio>

#include "graph/export.h"
#include "graph/propagate.h"
#include "tools/command.h"
#include "tools/data_spec.h"
#include "tools/event_log.h"
#include "tools/exit_code.h"
#include "tools/json_report.h"
#include "tools/model_source.h"
#include "tools/open_session.h"
#include "tools/progress.h"
#include "tools/train_options.h"
#include "tools/training_folder.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

constexpr int64_t kTestBatch = 250;

class TrainCommand : public Command {
 public:
  void Declare(CommandLine& line) override { arguments_.Declare(line); }

  absl::Status Run(const CommandLine&) override {
    SLUICE_RETURN_IF_ERROR(arguments_.Finish());
    SLUICE_ASSIGN_OR_RETURN(Graph graph, MakeGraph());
    SLUICE_ASSIGN_OR_RETURN(data_, OpenedData::Open(arguments_.data, WarnOfBadExamples(arguments_.runner.log_level())));
    SLUICE_RETURN_IF_ERROR(CheckFit(graph, *data_));
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, OpenSession(runtime_, arguments_.runner));
    if (!arguments_.logdir.empty()) {
      SLUICE_RETURN_IF_ERROR(ClaimEventDirectory(arguments_.logdir, arguments_.resume, arguments_.output.overwrite));
    }
    TrainingFolder folder(arguments_.out);
    SLUICE_ASSIGN_OR_RETURN(std::string graph_def, ExportGraphDef(graph));
    absl::Status begun = folder.Begin(graph_def, data_->labels(), arguments_.resume, arguments_.output.overwrite);
    if (!begun.ok()) return Usage(begun);
    SLUICE_RETURN_IF_ERROR(session->Create(graph));
    DataBatchOptions batches = arguments_.batches();
    batches.dtype = graph.Find(training::kImages)->output_types[0];
    auto examples = data_->Training(batches);
    if (!examples.ok()) return RunError(examples.status());
    batches.batch = std::max<int64_t>(batches.batch, kTestBatch);
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<BatchSource> tests, data_->Test(batches));
    auto loop = TrainingLoop::Create(*session, graph, **examples, tests.get(), arguments_.loop());
    if (!loop.ok()) return RunError(loop.status());
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<EventLog> log, OpenLog(*session, graph, *tests));
    absl::Status status = Train(**loop, folder, graph, *session, log.get());
    LogWarnings(*session, arguments_.runner.log_level());
    status.Update(KeepPlans(*session, arguments_.runner));
    return status;
  }

 private:
  // A wrong combination of options rather than of anything else.
  static absl::Status Usage(absl::Status status) {
    if (!absl::IsFailedPrecondition(status)) return status;
    return WithExitCode(std::move(status), ExitCode::kUsage);
  }

  // A usage error where the pictures or their classes are not what the network takes.
  static absl::Status CheckFit(const Graph& graph, const OpenedData& data) {
    if (data.test_views() > 1) return UsageError("--data: ten-crop is for sluice eval; in training it costs too much");
    SLUICE_ASSIGN_OR_RETURN(auto infos, PropagateShapes(graph));
    auto shape_of = [&](const char* name) { return infos[static_cast<size_t>(graph.Find(name)->id)][0].shape; };
    PartialShape images = shape_of(training::kImages), logits = shape_of(training::kLogits);
    Dims picture = data.picture_shape().dims();
    picture.insert(picture.begin(), PartialShape::kUnknown);
    if (!images.IsCompatibleWith(PartialShape(picture))) {
      return UsageError(absl::StrCat("--data: the pictures are ", data.picture_shape().ToString(),
                                     ", the network takes ", images.ToString(),
                                     "; size=, crop= or channels= behind the data, or --input-size, make them fit"));
    }
    if (logits.has_rank() && logits.rank() == 2 && logits.dim(1) >= 0 && logits.dim(1) < data.classes()) {
      return UsageError(absl::StrCat("--data has ", data.classes(), " classes, the network ", logits.dim(1),
                                     "; --classes ", data.classes(), " makes it fit"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Graph> MakeGraph() {
    if (PosixFileSystem().KindOf(arguments_.what) == FileSystem::Kind::kRegular) {
      SLUICE_ASSIGN_OR_RETURN(Model model,
                              LoadModel({.model = arguments_.what}, runtime_.ops(), arguments_.runner.import_limit()));
      absl::Status is_training = CheckTrainingGraph(model.graph);
      if (!is_training.ok()) return UsageError(absl::StrCat(arguments_.what, ": ", is_training.message()));
      return std::move(model.graph);
    }
    SLUICE_ASSIGN_OR_RETURN(const CatalogNetwork* entry, arguments_.network.Find(arguments_.what));
    if (entry->classes == 0) return UsageError(absl::StrCat(entry->name, " has no classes: it is not trained so"));
    SLUICE_RETURN_IF_ERROR(arguments_.TakeRecipe(entry->recipe));
    SLUICE_ASSIGN_OR_RETURN(NetworkOptions options, arguments_.network.Options());
    Graph graph(runtime_.ops());
    Network network(graph, arguments_.runner.session().seed);
    TrainingOptions training = arguments_.training();
    if (!options.devices.empty()) training.device = options.devices.back();
    SLUICE_RETURN_IF_ERROR(AddTraining(entry->Build(network, options), training, runtime_.gradients()));
    return graph;
  }

  // nullptr without --logdir.
  absl::StatusOr<std::unique_ptr<EventLog>> OpenLog(Session& session, const Graph& graph, BatchSource& tests) const {
    if (arguments_.logdir.empty()) return nullptr;
    return EventLog::Open({.directory = arguments_.logdir,
                           .labels = data_->labels(),
                           .on_error = [level = arguments_.runner.log_level()](
                                           const std::string& message) { LogWarning(level, message); }},
                          session, graph, &tests);
  }

  absl::Status Begin(TrainingLoop& trainer) {
    if (arguments_.resume) {
      absl::Status resumed = trainer.Resume();
      if (resumed.ok()) {
        LogWarning(arguments_.runner.log_level(), absl::StrCat("resuming from ", trainer.checkpoint()));
        return resumed;
      }
      if (!absl::IsNotFound(resumed)) return Usage(resumed);
      LogWarning(arguments_.runner.log_level(), absl::StrCat(resumed.message(), "; beginning anew"));
    }
    return RunError(trainer.Initialize());
  }

  absl::Status Train(TrainingLoop& trainer, TrainingFolder& folder, const Graph& graph, const Session& session,
                     EventLog* log) {
    SLUICE_RETURN_IF_ERROR(Begin(trainer));
    SignalRequests signals;
    TrainingLoop::Outcome outcome;
    double examples_per_second = 0;
    {
      TrainingProgressView view(signals, arguments_.runner.log_level());
      TrainingObservers observers(log == nullptr ? std::vector<TrainingObserver*>{&view}
                                                 : std::vector<TrainingObserver*>{&view, log});
      auto trained = trainer.Train(observers);
      if (!trained.ok()) return RunError(trained.status());
      outcome = *trained;
      examples_per_second = view.examples_per_second();
    }
    ExplainOutcome(trainer, outcome);
    auto evaluation = trainer.Evaluate();
    if (!evaluation.ok()) return RunError(evaluation.status());
    if (outcome != TrainingLoop::Outcome::kStopped) SLUICE_RETURN_IF_ERROR(folder.Freeze(graph, session));
    Report(trainer, folder, *evaluation, outcome, examples_per_second);
    return absl::OkStatus();
  }

  void ExplainOutcome(const TrainingLoop& trainer, TrainingLoop::Outcome outcome) const {
    const char* why = nullptr;
    if (outcome == TrainingLoop::Outcome::kStopped) why = "stopped";
    if (outcome == TrainingLoop::Outcome::kOutOfTime) why = "the time is up";
    if (outcome == TrainingLoop::Outcome::kNoLongerBetter) why = "the test accuracy no longer rises, ended";
    if (why == nullptr) return;
    fprintf(stderr, "sluice: %s at step %d of %d", why, static_cast<int>(trainer.step()),
            static_cast<int>(trainer.total_steps()));
    if (outcome != TrainingLoop::Outcome::kNoLongerBetter) {
      fprintf(stderr, "; --resume with the same options goes on from %s", trainer.checkpoint().c_str());
    }
    fprintf(stderr, "\n");
  }

  void Report(const TrainingLoop& trainer, const TrainingFolder& folder, const Evaluation& test,
              TrainingLoop::Outcome outcome, double examples_per_second) const {
    bool finished = outcome != TrainingLoop::Outcome::kStopped;
    if (arguments_.output.json) {
      Json report = NewReport("train");
      report["finished"] = finished;
      report["step"] = trainer.step();
      report["total_steps"] = trainer.total_steps();
      report["test_accuracy"] = test.accuracy;
      report["test_top5"] = test.top5;
      report["test_loss"] = test.loss;
      report["test_examples"] = test.examples;
      report["images_per_second"] = examples_per_second;
      report["left_out"] = data_->bad_count();
      report["graph"] = folder.graph();
      report["checkpoint"] = trainer.checkpoint();
      report["best_checkpoint"] = trainer.best_checkpoint();
      report["frozen"] = finished ? Json(folder.frozen()) : Json(nullptr);
      PrintReport(report);
      return;
    }
    printf("test accuracy %.2f %% of %d, loss %.4f\n", 100 * test.accuracy, static_cast<int>(test.examples), test.loss);
    if (data_->bad_count() > 0) printf("left out    %s examples\n", FormatCount(data_->bad_count()).c_str());
    if (!trainer.best_checkpoint().empty()) printf("best        %s\n", trainer.best_checkpoint().c_str());
    printf("graph       %s\ncheckpoint  %s\n", folder.graph().c_str(), trainer.checkpoint().c_str());
    if (finished) printf("frozen      %s\n", folder.frozen().c_str());
  }

  TrainArguments arguments_;
  Runtime runtime_;
  std::unique_ptr<OpenedData> data_;
};

}  // namespace

std::unique_ptr<Command> NewTrainCommand() { return std::make_unique<TrainCommand>(); }

}  // namespace sluice::tools
