// The one binary: `sluice SUBCOMMAND …`.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tools/command.h"
#include "tools/exit_code.h"
#include "tools/nearest.h"
#include "tools/signals.h"
#include "tools/versions.h"

namespace sluice::tools {
namespace {

struct Subcommand {
  const char* name;
  const char* summary;
  const char* example;
  std::unique_ptr<Command> (*make)();
};

constexpr Subcommand kSubcommands[] = {
    {"run", "Runs a model once, or once for each item of a folder or list.",
     "sluice run frozen.pb --input digit.png --top 3 --labels labels.txt", NewRunCommand},
    {"train", "Trains a network and writes its graph, checkpoints and a frozen graph.",
     "sluice train lenet --data fashion-mnist --epochs 2 --out run1", NewTrainCommand},
    {"eval", "Tells how good a model is on a data set.", "sluice eval run1/frozen.pb --data fashion-mnist",
     NewEvalCommand},
    {"bench", "Tells how fast a model is.", "sluice bench run1/frozen.pb --input random:64x28x28x1 --num_runs 100",
     NewBenchCommand},
    {"inspect", "Tells what is in a model, and what becomes of it.", "sluice inspect run1/frozen.pb --after=fuse",
     NewInspectCommand},
    {"convert", "Writes a model in another form.",
     "sluice convert run1/graph.pb --checkpoint run1 --freeze --fetch probabilities -o frozen.pb", NewConvertCommand},
    {"draw", "Draws a network, or where the time of a run went.", "sluice draw googlenet -o net.svg", NewDrawCommand},
    {"plot", "Draws the learning curves of runs.", "sluice plot logs/run1 -o curves.svg --error", NewPlotCommand},
    {"models", "Lists the built-in networks.", "sluice models", NewModelsCommand},
    {"export", "Writes a built-in network's graph with its initial weights.", "sluice export lenet -o lenet.pb",
     NewExportCommand},
    {"compile", "Makes a model's plans for a device that need not be here.",
     "sluice compile frozen.pb --target h100 --input zeros:64x224x224x3 -o frozen.plans --plugin libsluice_cuda.so",
     NewCompileCommand},
    {"checkpoint", "Lists or verifies a checkpoint.", "sluice checkpoint verify run1", NewCheckpointCommand},
    {"dataset",
     "Packs folders of pictures into TFRecords, shows TFRecord files, writes pictures of a data set as files.",
     "sluice dataset extract fashion-mnist --count 5 -o pictures\n"
     "sluice dataset pack flowers -o flowers.tfrecord && sluice dataset show flowers.tfrecord",
     NewDatasetCommand},
    {"devices", "Lists the devices, and why one is not there.", "sluice devices", NewDevicesCommand},
};

std::string Usage() {
  std::string text = "usage: sluice SUBCOMMAND [options]\n\n";
  for (const Subcommand& sub : kSubcommands) {
    std::string name = sub.name;
    name.resize(12, ' ');
    absl::StrAppend(&text, "  ", name, sub.summary, "\n");
  }
  absl::StrAppend(&text, "\n  sluice SUBCOMMAND --help lists its options; sluice --version the versions.\n");
  return text;
}

absl::Status RunSubcommand(const Subcommand& sub, const std::vector<std::string>& arguments) {
  CommandLine line(sub.name, sub.summary, sub.example);
  std::unique_ptr<Command> command = sub.make();
  command->Declare(line);
  absl::Status parsed = line.Parse(arguments);
  if (line.help_wanted()) {
    printf("%s", line.Help().c_str());
    return absl::OkStatus();
  }
  if (!parsed.ok()) {
    return UsageError(absl::StrCat(parsed.message(), "\n(sluice ", sub.name, " --help lists the options)"));
  }
  return command->Run(line);
}

absl::Status Dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return UsageError(absl::StrCat("a subcommand is missing\n", Usage()));
  const std::string& word = arguments[0];
  if (word == "--help" || word == "-h" || word == "help") {
    printf("%s", Usage().c_str());
    return absl::OkStatus();
  }
  if (word == "--version") {
    printf("%s", VersionText().c_str());
    return absl::OkStatus();
  }
  std::vector<std::string> names;
  for (const Subcommand& sub : kSubcommands) {
    names.push_back(sub.name);
    if (word == sub.name) return RunSubcommand(sub, {arguments.begin() + 1, arguments.end()});
  }
  return UsageError(absl::StrCat("there is no subcommand '", word, "'", DidYouMean(word, names), "\n", Usage()));
}

}  // namespace
}  // namespace sluice::tools

int main(int argc, char** argv) {
  using namespace sluice::tools;
  StartSignalThread();
  absl::Status status = Dispatch({argv + 1, argv + argc});
  // A full disk or a closed pipe behind the standard output is an error too.
  if (bool lost = fflush(stdout) != 0 || ferror(stdout) != 0; lost && status.ok()) {
    status = absl::UnavailableError("could not write to the standard output");
  }
  if (!status.ok() && !status.message().empty()) {
    fprintf(stderr, "sluice: %s\n", std::string(status.message()).c_str());
  }
  return static_cast<int>(ExitCodeOf(status));
}
