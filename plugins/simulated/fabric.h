// What the simulated devices of one plug-in share: each other's memory, and the time.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "plugins/simulated/memory.h"

namespace sluice::simulated {

// Thread-safe.
class Fabric {
 public:
  void Add(const std::shared_ptr<AddressSpace>& space) {
    std::lock_guard lock(mutex_);
    spaces_.push_back(space);
  }
  // Where the bytes behind a device's handle are; null for a pointer that is no device's.
  void* Find(const void* p) const {
    std::lock_guard lock(mutex_);
    for (const auto& held : spaces_) {
      auto space = held.lock();
      if (space != nullptr && space->IsHandle(p)) return space->Resolve(p);
    }
    return nullptr;
  }

  // The virtual time that the host has waited for, in microseconds.
  double host_us() const {
    std::lock_guard lock(mutex_);
    return host_us_;
  }
  void AdvanceHost(double to_us) {
    std::lock_guard lock(mutex_);
    host_us_ = std::max(host_us_, to_us);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<AddressSpace>> spaces_;
  double host_us_ = 0;
};

}  // namespace sluice::simulated
