// The cuDNN plans of one device: made when they are asked for first, or loaded from a file.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "core/plan_store.h"
#include "kernels/gpu/cudnn_graph.h"

namespace sluice::gpu {

// At most `capacity` plans, of which the least recently used leave first; kernels keep theirs. Refusals are kept too:
// asking cuDNN again costs as much as building a plan. Thread-safe.
class DnnPlanCache : public PlanStore {
 public:
  using MakeTimer = std::function<absl::StatusOr<std::unique_ptr<PlanTimer>>()>;
  // `make_timer` is null for a device that is not there.
  DnnPlanCache(std::shared_ptr<const DnnTarget> target, int64_t capacity, MakeTimer make_timer = nullptr)
      : target_(std::move(target)), capacity_(capacity), make_timer_(std::move(make_timer)) {}
  // Unimplemented where cuDNN refuses.
  absl::StatusOr<std::shared_ptr<const DnnPlan>> Get(const ConvSignature& signature);

  absl::StatusOr<StoredPlans> Save() const override;
  absl::Status Load(const StoredPlans& plans) override;
  absl::Status Autotune() override;
  std::vector<std::string> Remarks() const override;

  // For tests: how many are kept, how many were built, how many came out of what was loaded.
  int64_t size() const;
  int64_t builds() const;
  int64_t loads() const;

 private:
  struct Entry {
    ConvSignature signature;
    absl::StatusOr<std::shared_ptr<const DnnPlan>> plan;
  };
  absl::StatusOr<std::shared_ptr<const DnnPlan>> Make(const ConvSignature& signature);
  absl::StatusOr<std::shared_ptr<const DnnPlan>> Build(const ConvSignature& signature) const;

  const std::shared_ptr<const DnnTarget> target_;
  const int64_t capacity_;
  const MakeTimer make_timer_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the most recently used first
  absl::flat_hash_map<ConvSignature, std::list<Entry>::iterator> by_signature_;
  std::map<std::string, std::string> stored_;  // what was loaded, by ConvSignature::ToString
  std::vector<std::string> remarks_;
  bool autotunes_ = false;
  int64_t builds_ = 0, loads_ = 0;
};

}  // namespace sluice::gpu
