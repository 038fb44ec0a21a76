// One line on the error stream that says how far a command is: redrawn on a terminal, written anew every few seconds
// elsewhere.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::tools {

// "[=====>  ]" of `width` characters inside.
std::string DrawBar(int64_t done, int64_t total, int width);

// Not thread-safe.
class StatusLine {
 public:
  StatusLine();
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  bool is_terminal() const { return is_terminal_; }
  // Whether it is time for another; if so, the next time begins now.
  bool IsDue();
  void Show(const std::string& text);
  // Takes the line off the terminal, so that another may be written; the next Show draws it again.
  void Clear();

 private:
  const bool is_terminal_;
  double last_shown_;  // seconds
  bool is_open_ = false;
};

}  // namespace sluice::tools
