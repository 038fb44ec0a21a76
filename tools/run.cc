// sluice run: a model once, or once for each item of a folder or list.
#include <algorithm>
#include <cstdio>

#include "tools/command.h"
#include "tools/exit_code.h"
#include "tools/labels.h"
#include "tools/model_interface.h"
#include "tools/open_session.h"
#include "tools/output_spec.h"
#include "tools/run_report.h"
#include "tools/trace_files.h"

namespace sluice::tools {
namespace {

class RunCommand : public Command {
 public:
  void Declare(CommandLine& line) override {
    model_arguments_.Declare(line);
    interface_.Declare(line);
    line.Option("--target", &targets_, "NODE", "A node to run for its effect");
    line.Option("-o,--output", &output_arguments_, "[NAME=]FILE",
                "Writes a tensor as .npy, or .png or .jpg where it is a picture; {} in FILE is the item's name");
    line.Option("--top", &report_options_.top, "N", "Prints the N best classes instead of tensors");
    line.Option("--labels", &labels_path_, "FILE", "Their names, one a line");
    output_.DeclareJson(line);
    output_.DeclareOverwrite(line);
    runner_.Declare(line);
  }

  absl::Status Run(const CommandLine& line) override {
    SLUICE_RETURN_IF_ERROR(runner_.Finish());
    if (report_options_.top < 0) return UsageError("--top: expected a number of at least 0");
    if (!labels_path_.empty()) {
      SLUICE_ASSIGN_OR_RETURN(report_options_.labels, ReadLabels(labels_path_));
      if (!line.Given("--top")) report_options_.top = 1;
    }
    SLUICE_ASSIGN_OR_RETURN(Model model, LoadModel(model_arguments_, runtime_.ops(), runner_.import_limit()));
    SLUICE_RETURN_IF_ERROR(Resolve(model));
    SLUICE_ASSIGN_OR_RETURN(session_, OpenSession(runtime_, runner_, std::move(model)));
    SLUICE_RETURN_IF_ERROR(MakeCallable());
    absl::Status status = RunItems();
    LogWarnings(*session_, runner_.log_level());
    status.Update(KeepPlans(*session_, runner_));
    return status;
  }

 private:
  // Everything that the command line names, before any work is done.
  absl::Status Resolve(const Model& model) {
    SLUICE_ASSIGN_OR_RETURN(outputs_, ParseOutputs(output_arguments_));
    std::vector<std::string> asked = interface_.fetches;
    for (const OutputFile& output : outputs_) {
      bool is_new = std::find(asked.begin(), asked.end(), output.tensor) == asked.end();
      if (!output.tensor.empty() && is_new) asked.push_back(output.tensor);
    }
    bool targets_alone = asked.empty() && outputs_.empty() && !targets_.empty();
    if (!targets_alone) {
      SLUICE_ASSIGN_OR_RETURN(fetches_, ResolveFetches(model, asked));
    }
    SLUICE_RETURN_IF_ERROR(BindOutputs(asked.empty() ? fetches_ : asked, &outputs_));
    std::vector<std::string> ends = fetches_;
    for (const std::string& target : targets_) {
      if (model.graph.Find(target) == nullptr) {
        return UsageError(absl::StrCat("--target: there is no node '", target, "' in the graph"));
      }
      ends.push_back(target);
    }
    SLUICE_ASSIGN_OR_RETURN(inputs_, BindInputs(model, interface_.inputs, ends, runner_.session().seed));
    return CheckItems();
  }

  absl::Status CheckItems() {
    for (const BoundInput& input : inputs_) {
      if (!input.items.is_collection()) continue;
      if (is_collection_ && input.items.count() != items_) {
        return UsageError(
            absl::StrCat("--input ", input.tensor.name, ": ", input.items.count(), " items, others have ", items_));
      }
      if (!is_collection_) naming_input_ = &input;
      is_collection_ = true;
      items_ = input.items.count();
    }
    if (is_collection_) SLUICE_RETURN_IF_ERROR(CheckForItems(outputs_));
    std::vector<std::string> paths = {runner_.trace_path(), runner_.run_metadata_path()};
    for (size_t item = 0; item < items_; ++item) {
      for (const OutputFile& output : outputs_) paths.push_back(PathForItem(output, ItemName(item)));
    }
    return CheckNew(paths, output_.overwrite);
  }

  std::string ItemName(size_t item) const { return naming_input_ == nullptr ? "" : naming_input_->items.name(item); }

  absl::Status MakeCallable() {
    CallableOptions options;
    for (const BoundInput& input : inputs_) options.feed.push_back(input.tensor.name);
    options.fetch = fetches_;
    options.target = targets_;
    options.run_options = runner_.run();
    return RunError(session_->MakeCallable(options, &callable_));
  }

  absl::StatusOr<std::vector<Tensor>> RunItem(size_t item) {
    std::vector<Tensor> feeds;
    for (const BoundInput& input : inputs_) {
      SLUICE_ASSIGN_OR_RETURN(Tensor value, input.items.Read(input.items.is_collection() ? item : 0));
      feeds.push_back(std::move(value));
    }
    std::vector<Tensor> tensors;
    SLUICE_RETURN_IF_ERROR(RunError(session_->RunCallable(callable_, feeds, &tensors, &metadata_)));
    for (const OutputFile& output : outputs_) {
      std::string path = PathForItem(output, ItemName(item));
      SLUICE_RETURN_IF_ERROR(WriteOutput(tensors[output.fetch], path, output_.overwrite));
    }
    return tensors;
  }

  absl::Status ReportItem(size_t item, Json& items) {
    SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> tensors, RunItem(item));
    if (output_.json) {
      SLUICE_ASSIGN_OR_RETURN(Json outputs, OutputsToJson(fetches_, tensors, report_options_));
      Json object = Json::object();
      if (is_collection_) object["item"] = ItemName(item);
      object["outputs"] = std::move(outputs);
      items.push_back(std::move(object));
      return absl::OkStatus();
    }
    SLUICE_ASSIGN_OR_RETURN(std::string text, DescribeOutputs(fetches_, tensors, report_options_));
    if (is_collection_) printf("%s\n", ItemName(item).c_str());
    if (!fetches_.empty()) printf("%s", text.c_str());
    return absl::OkStatus();
  }

  // A bad item of a collection does not keep the others from being done.
  absl::Status RunItems() {
    Json items = Json::array();
    size_t failed = 0;
    absl::Status worst = absl::OkStatus();
    for (size_t item = 0; item < items_; ++item) {
      absl::Status status = ReportItem(item, items);
      if (status.ok()) continue;
      ++failed;
      worst = status;
      if (!is_collection_) break;
      fprintf(stderr, "sluice: %s: %s\n", ItemName(item).c_str(), std::string(status.message()).c_str());
      if (output_.json) items.push_back({{"item", ItemName(item)}, {"error", std::string(status.message())}});
      if (absl::IsResourceExhausted(status)) break;  // the next one would fare no better
    }
    if (failed > 0 && !is_collection_) return worst;
    if (output_.json) {
      Json report = NewReport("run");
      report["devices"] = DevicesToJson(session_->devices());
      report["items"] = std::move(items);
      PrintReport(report);
    }
    SLUICE_RETURN_IF_ERROR(WriteTraces(metadata_, runner_, output_.overwrite));
    if (failed == 0) return absl::OkStatus();
    if (absl::IsResourceExhausted(worst)) return worst;
    return WithExitCode(absl::AbortedError(absl::StrCat(failed, " of ", items_, " items failed")),
                        ExitCode::kRunFailed);
  }

  ModelArguments model_arguments_;
  InterfaceArguments interface_;
  std::vector<std::string> targets_, output_arguments_;
  std::string labels_path_;
  RunReportOptions report_options_;
  OutputOptions output_;
  RunnerOptions runner_;

  std::vector<std::string> fetches_;
  std::vector<OutputFile> outputs_;
  std::vector<BoundInput> inputs_;
  const BoundInput* naming_input_ = nullptr;  // the one whose items give the names
  bool is_collection_ = false;
  size_t items_ = 1;
  Runtime runtime_;
  std::unique_ptr<Session> session_;
  Session::CallableHandle callable_ = 0;
  RunMetadata metadata_;
};

}  // namespace

std::unique_ptr<Command> NewRunCommand() { return std::make_unique<RunCommand>(); }

}  // namespace sluice::tools
