#include "tools/graphviz.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file.h"

extern char** environ;

namespace sluice::tools {
namespace {

constexpr size_t kMaxPictureBytes = size_t{1} << 30;

// A file without a name, for a child's standard input, output or error stream.
class ScratchFile {
 public:
  ScratchFile() : file_(std::tmpfile()) {}
  ~ScratchFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  bool is_open() const { return file_ != nullptr; }
  int descriptor() const { return fileno(file_); }
  bool Write(const std::string& bytes) {
    bool written = std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size() && std::fflush(file_) == 0;
    std::rewind(file_);
    return written;
  }
  std::string Read() {
    std::rewind(file_);
    std::string bytes;
    char block[1 << 16];
    for (size_t n; (n = std::fread(block, 1, sizeof block, file_)) > 0 && bytes.size() < kMaxPictureBytes;) {
      bytes.append(block, n);
    }
    return bytes;
  }

 private:
  std::FILE* file_;
};

struct SpawnActions {
  SpawnActions() { posix_spawn_file_actions_init(&actions); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions); }
  posix_spawn_file_actions_t actions;
};

}  // namespace

absl::StatusOr<std::string> RenderDot(const std::string& dot, const std::string& format) {
  ScratchFile input, output, errors;
  if (!input.is_open() || !output.is_open() || !errors.is_open()) {
    return ErrnoStatus(errno, "create a temporary file", "dot");
  }
  if (!input.Write(dot)) return ErrnoStatus(errno, "write a temporary file", "dot");
  SpawnActions spawn;
  posix_spawn_file_actions_adddup2(&spawn.actions, input.descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&spawn.actions, output.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&spawn.actions, errors.descriptor(), STDERR_FILENO);
  std::string program = "dot", option = "-T" + format;
  char* arguments[] = {program.data(), option.data(), nullptr};
  pid_t child = 0;
  if (int error = posix_spawnp(&child, "dot", &spawn.actions, nullptr, arguments, environ); error != 0) {
    return absl::UnavailableError(
        "Graphviz' program `dot` is not there: install Debian's package graphviz, or write -o FILE.dot, which needs "
        "none");
  }
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return output.Read();
  return absl::UnavailableError(absl::StrCat("Graphviz' program `dot` failed: ", errors.Read()));
}

}  // namespace sluice::tools
