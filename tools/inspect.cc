// sluice inspect: what is in a model, and what becomes of it.
#include <algorithm>
#include <cstdio>

#include "absl/strings/str_join.h"

#include "graph/flops.h"
#include "graph/propagate.h"
#include "tools/command.h"
#include "tools/exit_code.h"
#include "tools/layer_table.h"
#include "tools/model_summary.h"
#include "tools/nearest.h"
#include "tools/stage_listing.h"
#include "tools/stages.h"
#include "tools/table.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

class InspectCommand : public Command {
 public:
  void Declare(CommandLine& line) override {
    model_arguments_.Declare(line);
    interface_.Declare(line);
    line.Option("--after", &after_, "STAGE", "Prints the graph after a stage: " + absl::StrJoin(StageNames(), ", "));
    line.Option("--target", &targets_, "NODE", "A node to run for its effect, as `train` of a training graph");
    line.Flag("--layers", &layers_, "A table of layers: output, parameters, multiply-adds");
    line.Flag("--explain", &explain_, "Says for each node where and how it runs");
    output_.DeclareJson(line);
    runner_.Declare(line);
  }

  absl::Status Run(const CommandLine&) override {
    SLUICE_RETURN_IF_ERROR(runner_.Finish());
    std::vector<std::string> stages = StageNames();
    if (!after_.empty() && std::find(stages.begin(), stages.end(), after_) == stages.end()) {
      return UsageError(absl::StrCat("--after: there is no stage '", after_, "'", DidYouMean(after_, stages),
                                     "; there are ", absl::StrJoin(stages, ", ")));
    }
    SLUICE_ASSIGN_OR_RETURN(Model model, LoadModel(model_arguments_, runtime_.ops(), runner_.import_limit()));
    std::vector<std::string> fetches;
    if (targets_.empty() || !interface_.fetches.empty()) {
      SLUICE_ASSIGN_OR_RETURN(fetches, ResolveFetches(model, interface_.fetches));
    }
    std::vector<std::string> ends = fetches;
    for (const std::string& target : targets_) {
      if (model.graph.Find(target) == nullptr) {
        return UsageError(absl::StrCat("--target: there is no node '", target, "' in the graph"));
      }
      ends.push_back(target);
    }
    // Unknown dimensions are 1 unless --input says otherwise: a program is for given shapes.
    SLUICE_ASSIGN_OR_RETURN(std::vector<BoundInput> inputs,
                            BindInputs(model, interface_.inputs, ends, runner_.session().seed, "zeros"));
    if (layers_) return PrintLayers(model, inputs, ends);
    Stages run(runtime_, runner_);
    if (!after_.empty()) return PrintStage(model, inputs, fetches, run);
    absl::Status compiled = RunError(run.Prepare(model, inputs, fetches, targets_));
    if (compiled.ok()) compiled = Compile(inputs, run);
    if (explain_) {
      SLUICE_RETURN_IF_ERROR(compiled);
      printf("%s", ExplainPlan(run.plan()).c_str());
      return absl::OkStatus();
    }
    ModelSummary summary = SummarizeModel(model, fetches);
    if (compiled.ok()) AddPlan(inputs, run, &summary);
    if (output_.json) {
      Json report = NewReport("inspect");
      SummaryToJson(summary, &report);
      PrintReport(report);
    } else {
      printf("%s", SummaryText(summary).c_str());
    }
    if (!compiled.ok()) LogWarning(runner_.log_level(), absl::StrCat("it cannot be run so: ", compiled.message()));
    return absl::OkStatus();
  }

 private:
  absl::Status PrintLayers(const Model& model, const std::vector<BoundInput>& inputs,
                           const std::vector<std::string>& ends) const {
    PropagateOptions options;
    options.evaluate_with = &runtime_.cpu_kernels();
    for (const BoundInput& input : inputs) {
      SLUICE_ASSIGN_OR_RETURN(Endpoint fed, model.graph.ParseEndpoint(input.tensor.name));
      SLUICE_ASSIGN_OR_RETURN(Tensor value, input.items.Read(0));
      options.feeds[fed].shape = value.shape();
    }
    auto infos = PropagateShapes(model.graph, options);
    if (!infos.ok()) return RunError(infos.status());
    std::vector<NodeId> nodes;
    for (const std::string& end : ends) {
      const Node* node = model.graph.Find(end);  // a target may have no outputs
      nodes.push_back(node != nullptr ? node->id : model.graph.ParseEndpoint(end)->node);
    }
    std::vector<LayerCost> layers = CostOfLayers(model.graph, *infos, nodes);
    if (!output_.json) {
      printf("%s", LayersText(layers).c_str());
      return absl::OkStatus();
    }
    Json report = NewReport("inspect");
    report["layers"] = LayersToJson(layers);
    PrintReport(report);
    return absl::OkStatus();
  }

  static absl::Status Compile(const std::vector<BoundInput>& inputs, Stages& run) {
    std::vector<Tensor> feeds;
    for (const BoundInput& input : inputs) {
      SLUICE_ASSIGN_OR_RETURN(Tensor feed, input.items.Read(0));
      feeds.push_back(std::move(feed));
    }
    return RunError(run.Compile(feeds));
  }

  absl::Status PrintStage(const Model& model, const std::vector<BoundInput>& inputs,
                          const std::vector<std::string>& fetches, Stages& run) const {
    bool found = false;
    SLUICE_RETURN_IF_ERROR(
        RunError(run.Prepare(model, inputs, fetches, targets_, [&](const std::string& stage, const Graph& graph) {
          if (stage != after_) return;
          found = true;
          auto infos = PropagateShapes(graph);
          printf("%s", ListGraph(graph, infos.ok() ? *infos : Infos{}, run.devices()).c_str());
        })));
    if (found) return absl::OkStatus();
    if (after_ != "partition" && after_ != "compile")
      return UsageError(absl::StrCat("--after: ", after_, " was left out"));
    SLUICE_RETURN_IF_ERROR(Compile(inputs, run));
    printf("%s", after_ == "partition" ? ListPartition(run.prepared(), run.plan(), run.devices()).c_str()
                                       : ListPrograms(run.plan()).c_str());
    return absl::OkStatus();
  }

  static void AddPlan(const std::vector<BoundInput>& inputs, const Stages& run, ModelSummary* summary) {
    const Plan& plan = run.plan();
    summary->peak_bytes = run.PredictPeak();
    for (const BoundInput& input : inputs) {
      if (auto value = input.items.Read(0); value.ok()) {
        summary->fed.push_back(absl::StrCat(input.tensor.name, " ", value->shape().ToString()));
      }
    }
    summary->arena_bytes = static_cast<int64_t>(plan.arena_bytes());
    for (const Program& program : plan.parts) {
      for (const Tensor& constant : program.constants) {
        summary->constant_bytes += static_cast<int64_t>(constant.bytes());
      }
      for (const Instruction& instruction : program.instructions) {
        if (instruction.kind != Instruction::kRun) continue;
        summary->flops += NodeFlops(plan.graph->node(instruction.node), plan.infos);
      }
    }
  }

  ModelArguments model_arguments_;
  InterfaceArguments interface_;
  std::vector<std::string> targets_;
  std::string after_;
  bool layers_ = false;
  bool explain_ = false;
  OutputOptions output_;
  RunnerOptions runner_;
  Runtime runtime_;
};

}  // namespace

std::unique_ptr<Command> NewInspectCommand() { return std::make_unique<InspectCommand>(); }

}  // namespace sluice::tools
