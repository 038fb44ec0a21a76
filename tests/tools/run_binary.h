// Runs the binary as a shell would.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "nlohmann/json.hpp"

namespace sluice::tools {

struct BinaryResult {
  int exit_code = -1;  // 128 + the signal where one ended it; -1 where it took too long
  std::string out, err;
};

// A running `sluice`; killed by the destructor where it still runs.
class Binary {
 public:
  // Its error stream is the file `errors`, where that is given.
  explicit Binary(std::vector<std::string> arguments, const std::string& errors = "");
  ~Binary();
  Binary(const Binary&) = delete;
  Binary& operator=(const Binary&) = delete;

  pid_t process() const { return process_; }
  void Signal(int signal) const;
  bool IsRunning();
  // Until it ends; kills it after `seconds`.
  BinaryResult Wait(double seconds = 120);
  // What it has written to its error stream so far.
  std::string ErrorsSoFar() const;

 private:
  bool Poll();

  pid_t process_ = -1;
  int status_ = 0;
  bool has_ended_ = false;
  std::string out_path_, err_path_;
};

BinaryResult RunBinary(std::vector<std::string> arguments);
// The same with a terminal as its error stream: `err` is everything that was sent there.
BinaryResult RunBinaryOnTerminal(std::vector<std::string> arguments);
// The standard output as the one JSON object it must be; null where it is not.
nlohmann::json ParsedOutput(const BinaryResult& result);

// A folder of the running test, empty at first.
std::string TestFolder();
std::string ReadTestFile(const std::string& path);
void WriteTestFile(const std::string& path, const std::string& bytes);

}  // namespace sluice::tools
