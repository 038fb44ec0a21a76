// A subcommand of `sluice`.
#pragma once

#include <memory>

#include "tools/command_line.h"

namespace sluice::tools {

class Command {
 public:
  virtual ~Command() = default;
  // Options; values are written into this object.
  virtual void Declare(CommandLine& line) = 0;
  // Results go to the standard output, everything else to the error stream. The exit code follows from the
  // status (tools/exit_code.h). `line` is as parsed.
  virtual absl::Status Run(const CommandLine& line) = 0;
};

// One for each subcommand, in the file of its name.
std::unique_ptr<Command> NewRunCommand();
std::unique_ptr<Command> NewTrainCommand();
std::unique_ptr<Command> NewEvalCommand();
std::unique_ptr<Command> NewBenchCommand();
std::unique_ptr<Command> NewInspectCommand();
std::unique_ptr<Command> NewConvertCommand();
std::unique_ptr<Command> NewDrawCommand();
std::unique_ptr<Command> NewPlotCommand();
std::unique_ptr<Command> NewModelsCommand();
std::unique_ptr<Command> NewExportCommand();
std::unique_ptr<Command> NewCompileCommand();
std::unique_ptr<Command> NewCheckpointCommand();
std::unique_ptr<Command> NewDatasetCommand();
std::unique_ptr<Command> NewDevicesCommand();

}  // namespace sluice::tools
