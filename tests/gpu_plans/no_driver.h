// These tests have a stand-in for the driver, and are not for machines with a real one.
#pragma once

#include <unistd.h>

namespace sluice::gpu {

inline bool HasDriver() { return access("/dev/nvidiactl", F_OK) == 0; }

}  // namespace sluice::gpu
