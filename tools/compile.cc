// sluice compile: a model's plans for a device that need not be here.
#include <cstdio>

#include "core/plan_store.h"
#include "io/atomic_file.h"
#include "io/plan_file.h"
#include "tools/command.h"
#include "tools/exit_code.h"
#include "tools/json_report.h"
#include "tools/model_interface.h"
#include "tools/open_session.h"
#include "tools/output_spec.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

class CompileCommand : public Command {
 public:
  void Declare(CommandLine& line) override {
    model_.Declare(line);
    line.Option("--target", &target_, "MODEL", "The GPU to compile for, such as h100");
    line.Option("-o,--out", &path_, "FILE", "The file to write; run it with --plans FILE");
    interface_.Declare(line);
    line.Option("--node", &nodes_, "NODE", "A node that is run for its effect (of a training graph: train)");
    output_.DeclareJson(line);
    output_.DeclareOverwrite(line);
    runner_.Declare(line);
  }

  absl::Status Run(const CommandLine& line) override {
    SLUICE_RETURN_IF_ERROR(runner_.Finish());
    if (target_.empty()) return UsageError("--target MODEL is missing");
    if (path_.empty()) return UsageError("-o FILE is missing");
    if (line.Given("--autotune")) {
      return UsageError("--autotune times a device that is there: run the model on it with --plans FILE --autotune");
    }
    if (line.Given("--devices")) return UsageError("--devices has no meaning here: --target says the device");
    SLUICE_RETURN_IF_ERROR(CheckNew({path_}, output_.overwrite));
    SLUICE_RETURN_IF_ERROR(Load());
    Session::CallableHandle handle = 0;
    RunMetadata metadata;
    SLUICE_RETURN_IF_ERROR(session_->MakeCallable(callable_, &handle));
    SLUICE_RETURN_IF_ERROR(session_->CompileCallable(handle, shapes_, &metadata));
    LogWarnings(*session_, runner_.log_level());
    return Write(metadata);
  }

 private:
  absl::Status Load() {
    SLUICE_ASSIGN_OR_RETURN(Model model, LoadModel(model_, runtime_.ops(), runner_.import_limit()));
    if (!interface_.fetches.empty() || nodes_.empty()) {
      SLUICE_ASSIGN_OR_RETURN(callable_.fetch, ResolveFetches(model, interface_.fetches));
    }
    std::vector<std::string> ends = callable_.fetch;
    for (const std::string& node : nodes_) {
      if (model.graph.Find(node) == nullptr) {
        return UsageError(absl::StrCat("--node: there is no node '", node, "' in the graph"));
      }
      callable_.target.push_back(node);
      ends.push_back(node);
    }
    SLUICE_ASSIGN_OR_RETURN(std::vector<BoundInput> inputs,
                            BindInputs(model, interface_.inputs, ends, runner_.session().seed, "zeros"));
    for (const BoundInput& input : inputs) {
      callable_.feed.push_back(input.tensor.name);
      SLUICE_ASSIGN_OR_RETURN(Tensor value, input.items.Read(0));
      shapes_.push_back(value.shape());
    }
    SLUICE_ASSIGN_OR_RETURN(session_, OpenSessionOn(absl::StrCat("gpu@", target_), runtime_, runner_, true));
    return session_->Create(std::move(model.graph));
  }

  absl::Status Write(const RunMetadata& metadata) {
    Device* device = session_->devices().back();
    if (device->plan_store() == nullptr) {
      return WithExitCode(absl::UnimplementedError(absl::StrCat(device->description(), " has no plans to keep")),
                          ExitCode::kDevice);
    }
    SLUICE_ASSIGN_OR_RETURN(StoredPlans plans, session_->SavePlans());
    const std::string bytes = EncodePlanFile(plans);
    SLUICE_RETURN_IF_ERROR(WriteFile(path_, bytes, output_.overwrite ? IfExists::kReplace : IfExists::kFail));
    const double seconds = static_cast<double>(metadata.compile_us) / 1e6;
    const int64_t variables = device->allocator().stats().bytes_in_use;
    if (output_.json) {
      Json report = NewReport("compile");
      report["file"] = path_;
      report["device"] = plans.device;
      report["libraries"] = plans.libraries;
      report["plans"] = plans.plans.size();
      report["programs"] = plans.programs.size();
      report["bytes"] = bytes.size();
      report["arena_bytes"] = metadata.arena_bytes;
      report["variable_bytes"] = variables;
      report["compile_seconds"] = seconds;
      report["remarks"] = device->plan_store()->Remarks();
      PrintReport(report);
      return absl::OkStatus();
    }
    printf("%s: %zu plans of %s for %s, %s, in %s s\n", path_.c_str(), plans.plans.size(), plans.libraries.c_str(),
           plans.device.c_str(), FormatBytes(static_cast<int64_t>(bytes.size())).c_str(),
           FormatNumber(seconds).c_str());
    printf("memory of a step: %s, of variables and constants: %s\n", FormatBytes(metadata.arena_bytes).c_str(),
           FormatBytes(variables).c_str());
    return absl::OkStatus();
  }

  ModelArguments model_;
  InterfaceArguments interface_;
  std::vector<std::string> nodes_;
  std::string target_, path_;
  OutputOptions output_;
  RunnerOptions runner_;
  CallableOptions callable_;
  std::vector<Shape> shapes_;
  Runtime runtime_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Command> NewCompileCommand() { return std::make_unique<CompileCommand>(); }

}  // namespace sluice::tools
