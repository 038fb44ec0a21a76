// sluice eval: how good a model is on a data set.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "models/batches.h"
#include "models/training.h"
#include "tools/cast_tensor.h"
#include "tools/command.h"
#include "tools/data_spec.h"
#include "tools/exit_code.h"
#include "tools/json_report.h"
#include "tools/model_interface.h"
#include "tools/open_session.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

struct Scores {
  int64_t examples = 0, top1 = 0, top_k = 0;
  double loss = 0;  // summed cross-entropy
};

// The mean over each `views` rows.
Tensor MeanOfViews(const Tensor& probabilities, int64_t views) {
  if (views == 1) return probabilities;
  const int64_t n = probabilities.dim(0) / views, classes = probabilities.dim(1);
  Tensor means(DataType::kDouble, Shape{n, classes});
  std::fill_n(means.data<double>(), n * classes, 0.0);
  for (int64_t r = 0; r < n * views; ++r) {
    const double* from = probabilities.data<double>() + r * classes;
    double* to = means.data<double>() + r / views * classes;
    for (int64_t c = 0; c < classes; ++c) to[c] += from[c] / static_cast<double>(views);
  }
  return means;
}

// `probabilities` is [n, classes]; there is a label for each row, or for each view of it.
void AddScores(const Tensor& probabilities, const Tensor& labels, int64_t views, int64_t k, Scores* scores) {
  int64_t classes = probabilities.dim(1);
  const int64_t stride = labels.num_elements() == probabilities.dim(0) ? 1 : views;
  for (int64_t i = 0; i < probabilities.dim(0); ++i) {
    const double* row = probabilities.data<double>() + i * classes;
    int64_t label = labels.data<int32_t>()[i * stride];
    int64_t before = 0;  // classes that rank higher
    for (int64_t c = 0; c < classes; ++c) {
      if (row[c] > row[label] || (row[c] == row[label] && c < label)) ++before;
    }
    ++scores->examples;
    if (before < 1) ++scores->top1;
    if (before < k) ++scores->top_k;
    scores->loss -= std::log(std::max(row[label], 1e-30));
  }
}

class EvalCommand : public Command {
 public:
  void Declare(CommandLine& line) override {
    model_arguments_.Declare(line);
    line.Option("--data", &data_, "SPEC", "As sluice train takes it; its test part is used");
    line.Option("--batch", &batch_, "N", "Pictures a run (default 250)");
    line.Option("--top", &top_, "K", "Counts labels among the K most probable classes too (default 5)");
    line.Option("--fetch", &fetch_, "NAME", "The probabilities [batch,classes] (default: the model's output)");
    output_.DeclareJson(line);
    runner_.Declare(line);
  }

  absl::Status Run(const CommandLine&) override {
    SLUICE_RETURN_IF_ERROR(runner_.Finish());
    if (data_.empty()) return UsageError("--data is missing");
    if (batch_ < 1) return UsageError("--batch: expected at least 1");
    if (top_ < 1) return UsageError("--top: expected at least 1");
    SLUICE_ASSIGN_OR_RETURN(Model model, LoadModel(model_arguments_, runtime_.ops(), runner_.import_limit()));
    std::vector<std::string> asked;
    if (!fetch_.empty()) asked = {fetch_};
    if (fetch_.empty() && model.graph.Find(training::kProbabilities) != nullptr) asked = {training::kProbabilities};
    SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> fetches, ResolveFetches(model, asked));
    std::vector<FedTensor> inputs = RequiredInputs(model, fetches);
    if (fetches.size() != 1 || inputs.size() != 1) {
      return UsageError(absl::StrCat("the model has ", inputs.size(), " inputs and ", fetches.size(),
                                     " outputs; --fetch the one with the probabilities, of one input"));
    }
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<OpenedData> data,
                            OpenedData::Open(data_, WarnOfBadExamples(runner_.log_level())));
    SLUICE_ASSIGN_OR_RETURN(session_, OpenSession(runtime_, runner_, std::move(model)));
    CallableOptions options{.feed = {inputs[0].name}, .fetch = fetches, .run_options = runner_.run()};
    SLUICE_RETURN_IF_ERROR(RunError(session_->MakeCallable(options, &callable_)));
    SLUICE_RETURN_IF_ERROR(Evaluate(*data, inputs[0].dtype));
    Report(data->bad_count());
    return absl::OkStatus();
  }

 private:
  absl::Status Evaluate(const OpenedData& data, DataType dtype) {
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<BatchSource> batches, data.Test({.batch = batch_, .dtype = dtype}));
    SLUICE_RETURN_IF_ERROR(batches->StartEpoch(0, 0));
    auto begin = std::chrono::steady_clock::now();
    while (true) {
      std::vector<Tensor> feeds, fetched;
      SLUICE_ASSIGN_OR_RETURN(bool more, batches->Next(&feeds));
      if (!more) break;
      SLUICE_RETURN_IF_ERROR(RunError(session_->RunCallable(callable_, {feeds[0]}, &fetched)));
      const Tensor& output = fetched[0];
      if (output.shape().rank() != 2 || output.dim(0) != feeds[0].dim(0) || output.dim(1) < data.classes() ||
          !IsFloating(output.dtype())) {
        return UsageError(absl::StrCat("the output is ", DataTypeName(output.dtype()), output.shape().ToString(),
                                       ", expected probabilities [", feeds[0].dim(0), ",", data.classes(), "]"));
      }
      SLUICE_ASSIGN_OR_RETURN(Tensor probabilities, CastTensor(output, DataType::kDouble));
      AddScores(MeanOfViews(probabilities, data.test_views()), feeds[1], data.test_views(), top_, &scores_);
    }
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return absl::OkStatus();
  }

  void Report(int64_t left_out) const {
    auto n = static_cast<double>(std::max<int64_t>(scores_.examples, 1));
    double top1 = static_cast<double>(scores_.top1) / n, top_k = static_cast<double>(scores_.top_k) / n;
    if (output_.json) {
      Json report = NewReport("eval");
      report["devices"] = DevicesToJson(session_->devices());
      report["examples"] = scores_.examples;
      report["top1"] = top1;
      report[absl::StrCat("top", top_)] = top_k;
      report["loss"] = scores_.loss / n;
      report["images_per_second"] = n / seconds_;
      report["left_out"] = left_out;
      PrintReport(report);
      return;
    }
    printf("%d pictures: top-1 %.2f %%, top-%d %.2f %%, loss %.4f, %.0f images/s\n", static_cast<int>(scores_.examples),
           100 * top1, static_cast<int>(top_), 100 * top_k, scores_.loss / n, n / seconds_);
    if (left_out > 0) printf("left out: %s\n", FormatCount(left_out).c_str());
  }

  ModelArguments model_arguments_;
  std::string data_, fetch_;
  int64_t batch_ = 250, top_ = 5;
  OutputOptions output_;
  RunnerOptions runner_;
  Scores scores_;
  double seconds_ = 1;
  Runtime runtime_;
  std::unique_ptr<Session> session_;
  Session::CallableHandle callable_ = 0;
};

}  // namespace

std::unique_ptr<Command> NewEvalCommand() { return std::make_unique<EvalCommand>(); }

}  // namespace sluice::tools
