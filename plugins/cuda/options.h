// How the GPUs are used: "tf32=0,plans=100", of whoever opens the plug-in, or of the environment variable SLUICE_GPU.
#pragma once

#include <cstdint>

#include "core/status.h"

namespace sluice::cuda {

struct Options {
  int64_t tf32 = 1;      // float convolutions and matrix products may round their inputs to TF32
  int64_t graphs = 1;    // stretches of a program are captured as CUDA graphs
  int64_t blocking = 0;  // the host waits for each kernel
  int64_t plans = 512;   // how many of cuDNN's plans are kept
};

// InvalidArgument naming the word that is wrong and those there are.
absl::StatusOr<Options> ParseOptions(absl::string_view text);

}  // namespace sluice::cuda
