// sluice export: a built-in network's graph with its initial weights.
#include <cstdio>

#include "graph/builders.h"
#include "graph/freeze.h"
#include "io/checkpoint_writer.h"
#include "models/training.h"
#include "tools/command.h"
#include "tools/exit_code.h"
#include "tools/graph_file.h"
#include "tools/network_options.h"
#include "tools/open_session.h"
#include "tools/output_spec.h"

namespace sluice::tools {
namespace {

class ExportCommand : public Command {
 public:
  void Declare(CommandLine& line) override {
    line.Argument("NET", &name_, "A built-in network (sluice models)");
    line.Option("-o,--out", &path_, "FILE", "The file to write; text where it ends in .pbtxt");
    line.Flag("--training", &training_, "With loss, gradients and updates; weights stay variables, `init` sets them");
    line.Option("--mixed-precision", &precision_, "TYPE",
                "With --training: bf16 or f16, in which convolutions and matrix products are then computed");
    line.Option("--checkpoint", &checkpoint_, "PREFIX", "Weights stay variables; writes their first values there");
    output_.DeclareOverwrite(line);
    network_.Declare(line);
    runner_.Declare(line);
  }

  absl::Status Run(const CommandLine&) override {
    SLUICE_RETURN_IF_ERROR(runner_.Finish());
    if (path_.empty()) return UsageError("-o FILE is missing");
    if (!precision_.empty() && !training_)
      return UsageError("--mixed-precision: only training has it; give --training");
    std::vector<std::string> files = {path_};
    if (!checkpoint_.empty()) files.push_back(checkpoint_ + ".index");
    SLUICE_RETURN_IF_ERROR(CheckNew(files, output_.overwrite));
    SLUICE_ASSIGN_OR_RETURN(const CatalogNetwork* entry, network_.Find(name_));
    SLUICE_ASSIGN_OR_RETURN(NetworkOptions options, network_.Options());
    Graph graph(runtime_.ops());
    Network network(graph, runner_.session().seed);
    Layer result = entry->Build(network, options);
    if (absl::IsInvalidArgument(network.status())) return UsageError(network.status().message());
    SLUICE_RETURN_IF_ERROR(network.status());
    std::vector<std::string> fetches;
    if (training_) {
      SLUICE_RETURN_IF_ERROR(AddTrainingTo(*entry, result));
    } else {
      fetches = AddResults(*entry, result);
      network.AddInit();
      SLUICE_RETURN_IF_ERROR(network.status());
    }
    return Write(std::move(graph), network, fetches);
  }

 private:
  absl::Status AddTrainingTo(const CatalogNetwork& entry, Layer logits) {
    if (entry.classes == 0) return UsageError(absl::StrCat(entry.name, " has no classes and so no training graph"));
    TrainingOptions training;
    SLUICE_RETURN_IF_ERROR(SetOptimizer(entry.recipe.optimizer, training));
    training.rate = static_cast<float>(entry.recipe.rate);
    training.momentum = static_cast<float>(entry.recipe.momentum);
    training.weight_decay = static_cast<float>(entry.recipe.weight_decay);
    auto precision = ParsePrecision(precision_.empty() ? "float" : precision_);
    if (!precision.ok()) return UsageError(absl::StrCat("--mixed-precision: ", precision.status().message()));
    training.mixed_precision.type = *precision;
    training.device = logits.network->graph().node(logits.output.node).device;
    return AddTraining(logits, training, runtime_.gradients());
  }

  // What the graph is run for: probabilities of the classes, and of those that auxiliary heads see.
  static std::vector<std::string> AddResults(const CatalogNetwork& entry, Layer result) {
    Graph& graph = result.network->graph();
    if (entry.classes == 0) return {graph.NameOf(result.output)};
    auto softmax = [&](Endpoint logits, const std::string& name) {
      Scope scope = result.network->scope();
      const std::string& device = graph.node(logits.node).device;
      ops::Softmax((device.empty() ? scope : scope.WithDevice(device)).Named(name), logits);
      return name;
    };
    std::vector<std::string> names = {softmax(result.output, training::kProbabilities)};
    for (const AuxiliaryLoss& head : result.network->auxiliary_losses()) {
      const std::string name = graph.node(head.logits.node).name;
      names.push_back(softmax(head.logits, name.substr(0, name.rfind('/') + 1) + training::kProbabilities));
    }
    return names;
  }

  // The graph, and first values where they are asked for: as constants in the graph, as far as `fetches` need it, or
  // in a checkpoint.
  absl::Status Write(Graph graph, const Network& network, const std::vector<std::string>& fetches) {
    std::unique_ptr<Session> session;
    if (!training_ || !checkpoint_.empty()) {
      SLUICE_ASSIGN_OR_RETURN(session, OpenSession(runtime_, runner_));
      SLUICE_RETURN_IF_ERROR(session->Create(graph));
      SLUICE_RETURN_IF_ERROR(RunError(session->Run({}, {}, {training::kInit}, nullptr)));
    }
    auto value = [&](const std::string& variable) { return session->ReadVariable(variable); };
    if (!checkpoint_.empty()) {
      std::vector<NamedTensor> values;
      for (const std::string& name : session->InitializedVariables()) {
        SLUICE_ASSIGN_OR_RETURN(values.emplace_back(NamedTensor{.name = name}).tensor, value(name));
      }
      SLUICE_RETURN_IF_ERROR(
          WriteCheckpoint(checkpoint_, values, output_.overwrite ? IfExists::kReplace : IfExists::kFail));
    } else if (!training_) {
      SLUICE_ASSIGN_OR_RETURN(graph, FreezeGraph(graph, fetches, value));
    }
    session.reset();  // its variables need not be there twice while the file is made
    SLUICE_RETURN_IF_ERROR(WriteGraph(graph, path_, output_.overwrite));
    printf("%s: %d nodes, %lld parameters\n", path_.c_str(), graph.num_nodes(),
           static_cast<long long>(network.num_parameters()));
    return absl::OkStatus();
  }

  std::string name_, path_, checkpoint_;
  bool training_ = false;
  std::string precision_;
  OutputOptions output_;
  NetworkArguments network_;
  RunnerOptions runner_;
  Runtime runtime_;
};

}  // namespace

std::unique_ptr<Command> NewExportCommand() { return std::make_unique<ExportCommand>(); }

}  // namespace sluice::tools
