// Plans that a device's libraries make for its kernels, at a cost that is worth paying once only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/api.h"
#include "core/status.h"

namespace SLUICE_API sluice {

// In a file: io/plan_file.h.
struct StoredPlans {
  std::string device;     // what they were made for, so that equal texts mean that they can be used
  std::string libraries;  // what made them: "cuDNN 9.19.0"
  // What is computed, for people too, and the plan in its library's own form. In the order of the former, each once.
  std::vector<std::pair<std::string, std::string>> plans = {};
  // Of the whole model: which graph it is of (graph/fingerprint.h; empty: of none), and what compiling it decided, under what
  // it was decided for. In the order of the latter, each once.
  std::string graph = {};
  std::vector<std::pair<std::string, std::string>> programs = {};
  bool operator==(const StoredPlans&) const = default;
};

// Thread-safe.
class PlanStore {
 public:
  virtual ~PlanStore() = default;
  // Every plan of the libraries that there is.
  virtual absl::StatusOr<StoredPlans> Save() const = 0;
  // Takes libraries' plans to be used in place of making them. FailedPrecondition, saying what differs, for those of another device or
  // of other libraries. A plan that turns out to be of no use is made again.
  virtual absl::Status Load(const StoredPlans& plans) = 0;
  // From now on, what has to be made is the fastest of several, which the device runs for a moment each. FailedPrecondition
  // where the device is not there.
  virtual absl::Status Autotune() = 0;
  // A line for each thing that a library refused, so that a kernel does it in several steps, and for loaded plans that had
  // to be made again.
  virtual std::vector<std::string> Remarks() const = 0;
};

}  // namespace sluice
