// What a checkpoint of a training holds, besides variables: what an exact resume needs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/checkpoint_writer.h"
#include "runtime/session.h"

namespace SLUICE_API sluice {

// What evaluations and the clock have left behind.
struct TrainingHistory {
  int64_t evaluations = 0, since_best = 0;  // since_best: how many since the best one
  double best_accuracy = 0;
  int64_t best_step = 0;
  double seconds = 0;            // of training so far; 0 where nobody asks for it
  std::vector<double> schedule;  // Schedule::State
};

// How the examples are chosen; which ones have been seen follows from it and from `global_step`.
struct TrainingState {
  uint64_t seed = 0;
  int64_t batch = 0;
  int64_t examples = 0;
  TrainingHistory history;
};

struct RestoredTraining {
  int64_t step = 0;
  TrainingHistory history;
};

// Every variable of the session that has a value, under its name; the state as trainer/seed, trainer/batch and
// trainer/examples (int64), the history as trainer/history and trainer/schedule (double vectors); how far each random
// node has come as trainer/random/NODE (int64).
absl::StatusOr<std::vector<NamedTensor>> CollectTraining(const TrainingState& state, const Session& session);

// Puts it all back. FailedPrecondition, naming the option, where the checkpoint's state is not `expected` (of whose
// history only the size of `schedule` counts); InvalidArgument where it is no checkpoint of a training.
absl::StatusOr<RestoredTraining> RestoreTraining(const std::string& prefix, const TrainingState& expected,
                                                 Session& session, FileSystem& fs = PosixFileSystem());

// The names above start with this; everything else in the checkpoint is a variable.
inline constexpr absl::string_view kTrainerPrefix = "trainer/";

}  // namespace sluice
