// sluice plot: learning curves of one or several runs.
#include <cstdio>

#include "absl/strings/match.h"

#include "io/atomic_file.h"
#include "tools/command.h"
#include "tools/common_options.h"
#include "tools/exit_code.h"
#include "tools/output_spec.h"
#include "tools/plot_data.h"

namespace sluice::tools {
namespace {

class PlotCommand : public Command {
 public:
  void Declare(CommandLine& line) override {
    line.Argument("RUN", &first_, "A folder with event files (sluice train --logdir), or a .csv file with a header");
    line.Option("--run", &more_, "[LABEL=]RUN", "Further runs in the same picture; repeated");
    line.Option("-o,--out", &path_, "FILE", "The picture, an .svg file, or a table of the values, a .csv file");
    line.Option("--tag", &tags_, "TAG", "What is shown (default test/accuracy); repeated");
    line.Option("--x", &x_, "X", "step, epoch (default) or minutes");
    line.Option("--smooth", &smooth_, "W", "Weight of what came before, 0 (default) to below 1, as TensorBoard's");
    line.Flag("--log", &log_y_, "A logarithmic axis for the values");
    line.Flag("--error", &error_, "Shows accuracies as errors in %");
    line.Option("--title", &title_, "TEXT", "Above the picture");
    output_.DeclareOverwrite(line);
  }

  absl::Status Run(const CommandLine&) override {
    const bool is_table = absl::EndsWith(path_, ".csv");
    if (!is_table && !absl::EndsWith(path_, ".svg")) return UsageError("-o FILE.svg (or FILE.csv) is missing");
    if (smooth_ < 0 || smooth_ >= 1) return UsageError("--smooth: expected 0 to below 1");
    PlotX x = PlotX::kEpoch;
    if (x_ == "step")
      x = PlotX::kStep;
    else if (x_ == "minutes")
      x = PlotX::kMinutes;
    else if (x_ != "epoch")
      return UsageError(absl::StrCat("--x: '", x_, "', expected step, epoch or minutes"));
    SLUICE_RETURN_IF_ERROR(CheckNew({path_}, output_.overwrite));
    if (tags_.empty()) tags_ = {"test/accuracy"};
    std::vector<std::string> runs = {first_};
    runs.insert(runs.end(), more_.begin(), more_.end());
    std::vector<Curve> curves;
    for (const std::string& run : runs) {
      for (const std::string& tag : tags_) SLUICE_RETURN_IF_ERROR(Add(run, tag, x, curves));
    }
    if (is_table) {
      if (curves.size() == 1) curves[0].label = tags_[0];  // as plot reads it
      return Write(CurvesToTable(curves, x_), curves.size());
    }
    std::string y_label = tags_.size() == 1 ? tags_[0] : "";
    if (error_) y_label = absl::StrCat(absl::StrContains(y_label, "test") ? "test " : "", "error, %");
    std::string picture = PlotPicture(curves, {.title = title_,
                                               .x_label = x_ == "epoch" ? "epochs" : x_,
                                               .y_label = y_label,
                                               .log_y = log_y_,
                                               .smooth = smooth_});
    return Write(picture, curves.size());
  }

 private:
  absl::Status Write(const std::string& text, size_t curves) const {
    SLUICE_RETURN_IF_ERROR(WriteFile(path_, text, output_.overwrite ? IfExists::kReplace : IfExists::kFail));
    printf("%s: %d curves\n", path_.c_str(), static_cast<int>(curves));
    return absl::OkStatus();
  }

  absl::Status Add(const std::string& run, const std::string& tag, PlotX x, std::vector<Curve>& curves) const {
    const size_t equals = run.find('=');
    const bool has_label = equals != std::string::npos;
    SLUICE_ASSIGN_OR_RETURN(Curve curve, ReadCurve(has_label ? run.substr(equals + 1) : run, tag, x));
    if (has_label) curve.label = run.substr(0, equals);
    if (tags_.size() > 1) absl::StrAppend(&curve.label, " ", tag);
    for (auto& [at, value] : curve.points) {
      if (error_) value = 100 * (1 - value);
    }
    curves.push_back(std::move(curve));
    return absl::OkStatus();
  }

  std::string first_, path_, x_ = "epoch", title_;
  std::vector<std::string> more_, tags_;
  double smooth_ = 0;
  bool log_y_ = false, error_ = false;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> NewPlotCommand() { return std::make_unique<PlotCommand>(); }

}  // namespace sluice::tools
