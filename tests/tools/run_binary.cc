#include "tests/tools/run_binary.h"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "gtest/gtest.h"

namespace sluice::tools {
namespace {

std::string NewTemporaryFile() {
  static int count = 0;
  return testing::TempDir() + "/sluice-output-" + std::to_string(getpid()) + "-" + std::to_string(count++);
}

void Redirect(const std::string& path, int to) {
  int from = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0600);
  if (from < 0 || dup2(from, to) < 0) _exit(127);
}

}  // namespace

Binary::Binary(std::vector<std::string> arguments, const std::string& errors)
    : out_path_(NewTemporaryFile()), err_path_(NewTemporaryFile()) {
  arguments.insert(arguments.begin(), SLUICE_BINARY);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  process_ = fork();
  if (process_ == 0) {
    Redirect(out_path_, STDOUT_FILENO);
    Redirect(errors.empty() ? err_path_ : errors, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
}

Binary::~Binary() {
  if (!has_ended_) Wait(0);
  std::filesystem::remove(out_path_);
  std::filesystem::remove(err_path_);
}

void Binary::Signal(int signal) const { kill(process_, signal); }

bool Binary::Poll() {
  if (!has_ended_) has_ended_ = waitpid(process_, &status_, WNOHANG) == process_;
  return has_ended_;
}

bool Binary::IsRunning() { return !Poll(); }

BinaryResult Binary::Wait(double seconds) {
  auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!Poll() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  BinaryResult result;
  if (!has_ended_) {
    kill(process_, SIGKILL);
    waitpid(process_, &status_, 0);
    has_ended_ = true;
  } else {
    result.exit_code = WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
  }
  result.out = ReadTestFile(out_path_);
  result.err = ReadTestFile(err_path_);
  return result;
}

std::string Binary::ErrorsSoFar() const { return ReadTestFile(err_path_); }

BinaryResult RunBinary(std::vector<std::string> arguments) { return Binary(std::move(arguments)).Wait(); }

BinaryResult RunBinaryOnTerminal(std::vector<std::string> arguments) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
    ADD_FAILURE() << "no pseudo-terminal";
    return {};
  }
  const std::string name = ptsname(terminal);
  // While this end is open, reading the other waits instead of failing.
  const int open_end = open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  std::string shown;
  std::thread reader([&] {
    char bytes[4096];
    for (ssize_t n = 0; (n = read(terminal, bytes, sizeof bytes)) > 0;) shown.append(bytes, static_cast<size_t>(n));
  });
  BinaryResult result = Binary(std::move(arguments), name).Wait();
  close(open_end);
  reader.join();
  close(terminal);
  result.err = shown;
  return result;
}

nlohmann::json ParsedOutput(const BinaryResult& result) {
  auto json = nlohmann::json::parse(result.out, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : nlohmann::json();
}

std::string TestFolder() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string path = testing::TempDir() + "/sluice-" + test->test_suite_name() + "-" + test->name();
  for (char& c : path) {
    if (c == '\\' || c == ' ') c = '_';
  }
  static std::string emptied;  // by this process, for this test
  if (emptied != path) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
    emptied = path;
  }
  return path;
}

std::string ReadTestFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void WriteTestFile(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace sluice::tools
