// How the simulated devices behave: "devices=2,delay_us=50,seed=3,limit=1048576,fail_alloc=7,skip_wait=1".
#pragma once

#include <cstdint>
#include <string>

#include "core/status.h"

namespace sluice::simulated {

struct Options {
  int64_t devices = 8;               // how many there are
  int64_t limit = int64_t{1} << 30;  // bytes of memory of each
  int64_t threads = 1;               // host threads that a kernel may use
  int64_t delay_us = 0;              // each piece of work waits for a random time of 0 to twice this before it starts
  int64_t seed = 1;                  // of these times
  int64_t gpu_kernels = 0;           // 1: the GPU's own kernels, compiled for the host, where there is one for an op
  int64_t peers = 1;                 // 0: no device reaches the memory of another
  int64_t copy_streams = 1;          // 0: there are no streams for copies alone
  int64_t graphs = 1;                // 0: streams capture nothing
  int64_t blocking = 0;              // 1: the host waits for each kernel
  // Faults, each device counting from 1; 0: never.
  int64_t fail_alloc = 0;     // this allocation gets nothing
  int64_t fail_copy = 0;      // this copy fails
  int64_t fail_run = 0;       // this kernel fails
  int64_t nameless = 0;       // 1: the stream does not say which kernel failed, as hardware does not
  int64_t lose_at = 0;        // with this piece of work, a kernel or a copy, the device is lost for good
  int64_t fault_device = -1;  // the only device with faults; -1: all of them
  int64_t skip_wait = 0;      // 1: streams do not wait for events, as if the host had forgotten to say so
  // 1: events tell the time of a clock that only goes on with the work, at the speeds below. Else they tell real time.
  int64_t virtual_clock = 0;
  int64_t flops_us = 50'000'000;  // of matrix products and convolutions, in a microsecond
  int64_t bytes_us = 3'000'000;   // that other kernels read and write in one
  int64_t link_us = 50'000;       // bytes between a device and the host in one, each way
  int64_t peer_us = 300'000;      // bytes from a device to another in one
};

// InvalidArgument naming the word that is wrong and those there are.
absl::StatusOr<Options> ParseOptions(absl::string_view text);

}  // namespace sluice::simulated
