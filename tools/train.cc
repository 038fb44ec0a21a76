// sluice train: trains a network and writes its graph, checkpoints and a frozen graph.
#include <cstdio>

#include "graph/export.h"
#include "tools/command.h"
#include "tools/data_spec.h"
#include "tools/exit_code.h"
#include "tools/json_report.h"
#include "tools/model_source.h"
#include "tools/open_session.h"
#include "tools/progress.h"
#include "tools/train_options.h"
#include "tools/training_folder.h"

namespace sluice::tools {
namespace {

class TrainCommand : public Command {
 public:
  void Declare(CommandLine& line) override { arguments_.Declare(line); }

  absl::Status Run(const CommandLine&) override {
    SLUICE_RETURN_IF_ERROR(arguments_.Finish());
    SLUICE_ASSIGN_OR_RETURN(Graph graph, MakeGraph());
    SLUICE_ASSIGN_OR_RETURN(DataSet training, LoadData(arguments_.data, Split::kTrain));
    SLUICE_ASSIGN_OR_RETURN(DataSet test, LoadData(arguments_.data, Split::kTest));
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, OpenSession(runtime_, arguments_.runner));
    TrainingFolder folder(arguments_.out);
    SLUICE_ASSIGN_OR_RETURN(std::string graph_def, ExportGraphDef(graph));
    absl::Status begun = folder.Begin(graph_def, training.labels, arguments_.resume, arguments_.output.overwrite);
    if (!begun.ok()) return Usage(begun);
    SLUICE_RETURN_IF_ERROR(session->Create(graph));
    DataType images = graph.Find(training::kImages)->output_types[0];
    auto trainer = Trainer::Create(*session, images, training.images, test.images, arguments_.trainer());
    if (!trainer.ok()) return RunError(trainer.status());
    absl::Status status = Train(**trainer, folder, graph, *session);
    LogWarnings(*session, arguments_.runner.log_level());
    return status;
  }

 private:
  // A wrong combination of options rather than of anything else.
  static absl::Status Usage(absl::Status status) {
    if (!absl::IsFailedPrecondition(status)) return status;
    return WithExitCode(std::move(status), ExitCode::kUsage);
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
    SLUICE_ASSIGN_OR_RETURN(NetworkOptions options, arguments_.network.Options());
    Graph graph(runtime_.ops());
    Network network(graph, arguments_.runner.session().seed);
    TrainingOptions training = arguments_.training();
    if (!options.devices.empty()) training.device = options.devices.back();
    SLUICE_RETURN_IF_ERROR(AddTraining(entry->Build(network, options), training, runtime_.gradients()));
    return graph;
  }

  absl::Status Begin(Trainer& trainer) {
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

  absl::Status Train(Trainer& trainer, TrainingFolder& folder, const Graph& graph, const Session& session) {
    SLUICE_RETURN_IF_ERROR(Begin(trainer));
    SignalRequests signals;
    Trainer::Outcome outcome;
    double examples_per_second = 0;
    {
      TrainingProgressView view(signals, arguments_.runner.log_level());
      auto trained = trainer.Train(view);
      if (!trained.ok()) return RunError(trained.status());
      outcome = *trained;
      examples_per_second = view.examples_per_second();
    }
    if (outcome == Trainer::Outcome::kStopped) {
      fprintf(stderr, "sluice: stopped at step %d of %d; --resume with the same options goes on from %s\n",
              static_cast<int>(trainer.step()), static_cast<int>(trainer.total_steps()), trainer.checkpoint().c_str());
    }
    auto evaluation = trainer.Evaluate();
    if (!evaluation.ok()) return RunError(evaluation.status());
    if (outcome == Trainer::Outcome::kFinished) SLUICE_RETURN_IF_ERROR(folder.Freeze(graph, session));
    Report(trainer, folder, *evaluation, outcome, examples_per_second);
    return absl::OkStatus();
  }

  void Report(const Trainer& trainer, const TrainingFolder& folder, const Evaluation& test, Trainer::Outcome outcome,
              double examples_per_second) const {
    bool finished = outcome == Trainer::Outcome::kFinished;
    if (arguments_.output.json) {
      Json report = NewReport("train");
      report["finished"] = finished;
      report["step"] = trainer.step();
      report["total_steps"] = trainer.total_steps();
      report["test_accuracy"] = test.accuracy;
      report["test_loss"] = test.loss;
      report["test_examples"] = test.examples;
      report["images_per_second"] = examples_per_second;
      report["graph"] = folder.graph();
      report["checkpoint"] = trainer.checkpoint();
      report["frozen"] = finished ? Json(folder.frozen()) : Json(nullptr);
      PrintReport(report);
      return;
    }
    printf("test accuracy %.2f %% of %d, loss %.4f\n", 100 * test.accuracy, static_cast<int>(test.examples), test.loss);
    printf("graph       %s\ncheckpoint  %s\n", folder.graph().c_str(), trainer.checkpoint().c_str());
    if (finished) printf("frozen      %s\n", folder.frozen().c_str());
  }

  TrainArguments arguments_;
  Runtime runtime_;
};

}  // namespace

std::unique_ptr<Command> NewTrainCommand() { return std::make_unique<TrainCommand>(); }

}  // namespace sluice::tools
