// GPUs that can be compiled for where they are not: what cuDNN has to know of each, in its own words (DeviceProperties). The
// numbers are those that CUDA gives for the model.
#pragma once

#include <cstdint>

namespace sluice::gpu {

struct DeviceModel {
  const char* name;
  int sm_version;
  int64_t memory;  // bytes
  const char* properties;
};

inline constexpr DeviceModel kDeviceModels[] = {
    // SXM, 80 GB.
    {"h100", 90, 85045870592,
     R"({"maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], "regsPerBlock": 65536,
         "multiProcessorCount": 132, "smClockRateKHz": 1980000, "memClockRateKHz": 2619000, "l2CacheSize": 52428800,
         "warpSize": 32, "maxSharedMemoryPerBlock": 49152, "maxSharedMemoryPerBlockOptin": 232448,
         "reservedSharedMemoryPerBlock": 1024, "maxRegistersPerSM": 65536, "pciDeviceId": 0, "maxCtasPerSM": 32,
         "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "isTccDriver": 0, "supportCoopLaunch": 1,
         "deviceVer": 900, "driverVer": 13000, "cudaDeviceId": 0, "deviceName": "NVIDIA H100 80GB HBM3",
         "totalGlobalMem": 85045870592})"},
};

}  // namespace sluice::gpu
