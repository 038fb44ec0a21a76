#include "tests/gpu_check/report.h"

#include <cstdio>

namespace sluice::gpu_check {
namespace {

constexpr int64_t kMaxReported = 40;
constexpr double kSecondsBetweenLines = 5;

}  // namespace

Report::Report(std::string group, double seconds) : group_(std::move(group)), limit_(seconds) {}

void Report::Fail(const std::string& what) {
  if (++failed_ > kMaxReported) return;
  printf("FAILED %s: %s\n", group_.c_str(), what.c_str());
  if (failed_ == kMaxReported) printf("further failures of %s are only counted\n", group_.c_str());
  fflush(stdout);
}

void Report::Expect(const absl::Status& status, const std::string& what) {
  if (status.ok()) return Pass();
  Fail(absl::StrCat(what, ": ", status.ToString()));
}

void Report::Expect(bool is_right, const std::string& what) {
  if (is_right) return Pass();
  Fail(what);
}

void Report::Progress(const std::string& text, bool always) {
  const double now = Seconds();
  if (!always && now < last_line_ + kSecondsBetweenLines) return;
  last_line_ = now;
  printf("%s, %.0f s: %s\n", group_.c_str(), now, text.c_str());
  fflush(stdout);
}

double Report::Seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

bool Report::Finish() {
  if (passed_ + failed_ == 0) Fail("nothing was checked");
  printf("%s: %lld passed, %lld failed, %.1f s\n", group_.c_str(), static_cast<long long>(passed_),
         static_cast<long long>(failed_), Seconds());
  fflush(stdout);
  return failed_ == 0;
}

}  // namespace sluice::gpu_check
