// sluice bench: how fast a model is.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tools/bench_report.h"
#include "tools/command.h"
#include "tools/exit_code.h"
#include "tools/open_session.h"
#include "tools/output_spec.h"
#include "tools/trace_files.h"

namespace sluice::tools {
namespace {

constexpr int64_t kTracedRuns = 50;
constexpr double kTracedSeconds = 2;

double Milliseconds() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class BenchCommand : public Command {
 public:
  void Declare(CommandLine& line) override { arguments_.Declare(line); }

  absl::Status Run(const CommandLine&) override {
    SLUICE_RETURN_IF_ERROR(arguments_.Finish());
    const RunnerOptions& runner = arguments_.runner();
    SLUICE_RETURN_IF_ERROR(CheckNew({runner.trace_path(), runner.run_metadata_path()}, arguments_.output().overwrite));
    SLUICE_RETURN_IF_ERROR(Load());
    SLUICE_RETURN_IF_ERROR(Compile());
    SLUICE_ASSIGN_OR_RETURN(result_.warmup, Measure(plain_, arguments_.options().warmup_runs, 1e9, nullptr));
    SLUICE_ASSIGN_OR_RETURN(result_.runs,
                            Measure(plain_, arguments_.options().runs, arguments_.options().seconds, nullptr));
    result_.peak_bytes = session_->memory().peak_bytes;
    SLUICE_RETURN_IF_ERROR(RunError(session_->ReleaseCallable(plain_)));  // tracing takes memory of its own
    SLUICE_RETURN_IF_ERROR(Trace());
    LogWarnings(*session_, runner.log_level());
    SLUICE_RETURN_IF_ERROR(KeepPlans(*session_, runner));
    if (arguments_.output().json) {
      PrintReport(BenchJson(result_));
    } else {
      printf("%s", BenchText(result_, arguments_.options()).c_str());
    }
    if (arguments_.as_benchmark_model()) fprintf(stderr, "%s\n", BenchmarkModelLine(result_).c_str());
    return absl::OkStatus();
  }

 private:
  absl::Status Load() {
    const RunnerOptions& runner = arguments_.runner();
    double begin = Milliseconds();
    SLUICE_ASSIGN_OR_RETURN(Model model, LoadModel(arguments_.model(), runtime_.ops(), runner.import_limit()));
    double loaded = Milliseconds();
    result_.model = model.path;
    bool targets_alone = arguments_.fetches().empty() && !arguments_.targets().empty();
    if (!targets_alone) {
      SLUICE_ASSIGN_OR_RETURN(callable_.fetch, ResolveFetches(model, arguments_.fetches()));
    }
    std::vector<std::string> ends = callable_.fetch;
    for (const std::string& target : arguments_.targets()) {
      if (model.graph.Find(target) == nullptr) {
        return UsageError(absl::StrCat("--target: there is no node '", target, "' in the graph"));
      }
      callable_.target.push_back(target);
      ends.push_back(target);
    }
    SLUICE_ASSIGN_OR_RETURN(std::vector<BoundInput> inputs,
                            BindInputs(model, arguments_.inputs(), ends, runner.session().seed, "random"));
    for (const BoundInput& input : inputs) {
      callable_.feed.push_back(input.tensor.name);
      SLUICE_ASSIGN_OR_RETURN(Tensor value, input.items.Read(0));
      feeds_.push_back(std::move(value));
    }
    if (!feeds_.empty() && feeds_[0].shape().rank() > 0) result_.batch = feeds_[0].dim(0);
    double opening = Milliseconds();
    SLUICE_ASSIGN_OR_RETURN(session_, OpenSession(runtime_, runner, std::move(model)));
    result_.load_ms = loaded - begin + Milliseconds() - opening;
    result_.devices = session_->devices();
    for (Device* device : result_.devices) result_.threads += device->threads();
    return absl::OkStatus();
  }

  // The first run, and what comes before it.
  absl::Status Compile() {
    double begin = Milliseconds();
    callable_.run_options.timeout_in_ms = arguments_.runner().run().timeout_in_ms;
    SLUICE_RETURN_IF_ERROR(RunError(session_->MakeCallable(callable_, &plain_)));
    double made = Milliseconds();
    RunMetadata metadata;
    SLUICE_RETURN_IF_ERROR(RunError(session_->RunCallable(plain_, feeds_, &fetched_, &metadata)));
    double compile_ms = static_cast<double>(metadata.compile_us) / 1000;
    result_.first_run_ms = Milliseconds() - made - compile_ms;
    result_.compile_ms = made - begin + compile_ms;
    result_.arena_bytes = metadata.arena_bytes;
    return absl::OkStatus();
  }

  // `profile` gets the traces where it is set.
  absl::StatusOr<Timings> Measure(Session::CallableHandle callable, int64_t runs, double seconds, Profile* profile) {
    std::vector<double> times;
    times.reserve(static_cast<size_t>(std::min<int64_t>(runs, 1 << 20)));
    double end = Milliseconds() + 1000 * seconds;
    for (int64_t run = 0; run < runs && (run == 0 || Milliseconds() < end); ++run) {
      double begin = Milliseconds();
      SLUICE_RETURN_IF_ERROR(
          RunError(session_->RunCallable(callable, feeds_, &fetched_, profile == nullptr ? nullptr : &metadata_)));
      times.push_back(Milliseconds() - begin);
      if (profile != nullptr) profile->Add(metadata_);
      if (double delay = arguments_.options().run_delay; delay > 0) {
        std::this_thread::sleep_for(std::chrono::duration<double>(delay));
      }
    }
    return Summarize(std::move(times));
  }

  // Runs with every node timed; their times are kept apart, because timing takes time.
  absl::Status Trace() {
    callable_.run_options.trace_level = RunOptions::FULL_TRACE;
    Session::CallableHandle traced = 0;
    SLUICE_RETURN_IF_ERROR(RunError(session_->MakeCallable(callable_, &traced)));
    Profile first;  // it compiles, and touches memory for the first time
    SLUICE_RETURN_IF_ERROR(Measure(traced, 1, 1e9, &first).status());
    SLUICE_ASSIGN_OR_RETURN(result_.traced, Measure(traced, std::min(kTracedRuns, arguments_.options().runs),
                                                    kTracedSeconds, &result_.profile));
    return WriteTraces(metadata_, arguments_.runner(), arguments_.output().overwrite);
  }

  BenchArguments arguments_;
  BenchResult result_;
  CallableOptions callable_;
  std::vector<Tensor> feeds_, fetched_;
  RunMetadata metadata_;
  Runtime runtime_;
  std::unique_ptr<Session> session_;
  Session::CallableHandle plain_ = 0;
};

}  // namespace

std::unique_ptr<Command> NewBenchCommand() { return std::make_unique<BenchCommand>(); }

}  // namespace sluice::tools
