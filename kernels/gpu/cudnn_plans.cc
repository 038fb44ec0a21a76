#include "kernels/gpu/cudnn_plans.h"

#include <utility>

namespace sluice::gpu {
namespace {

constexpr size_t kMostRemarks = 64;

}  // namespace

absl::StatusOr<std::shared_ptr<const DnnPlan>> DnnPlanCache::Get(const ConvSignature& signature) {
  std::lock_guard lock(mutex_);
  if (auto found = by_signature_.find(signature); found != by_signature_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->plan;
  }
  entries_.push_front({signature, Make(signature)});
  by_signature_[signature] = entries_.begin();
  auto plan = entries_.front().plan;
  if (static_cast<int64_t>(entries_.size()) > capacity_) {
    by_signature_.erase(entries_.back().signature);
    entries_.pop_back();
  }
  return plan;
}

absl::StatusOr<std::shared_ptr<const DnnPlan>> DnnPlanCache::Make(const ConvSignature& signature) {
  const std::string key = signature.ToString();
  auto remark = [&](absl::string_view what, const absl::Status& status) {
    if (remarks_.size() < kMostRemarks) remarks_.push_back(absl::StrCat(what, " ", key, ": ", status.message()));
  };
  if (auto found = stored_.find(key); found != stored_.end()) {
    auto loaded = DnnPlan::Load(signature, *target_, {found->second.begin(), found->second.end()});
    if (loaded.ok()) {
      ++loads_;
      return loaded;
    }
    remark("a stored plan is made again, for", loaded.status());
    stored_.erase(found);
  }
  ++builds_;
  auto built = Build(signature);
  if (!built.ok()) remark("cuDNN refuses", built.status());
  return built;
}

absl::StatusOr<std::shared_ptr<const DnnPlan>> DnnPlanCache::Build(const ConvSignature& signature) const {
  if (!autotunes_) return DnnPlan::Build(signature, *target_);
  // Its memory is needed for this moment alone.
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<PlanTimer> timer, make_timer_());
  return DnnPlan::BuildFastest(signature, *target_, *timer);
}

absl::Status DnnPlanCache::Autotune() {
  if (make_timer_ == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(target_->description(), " is not here to be timed: plans are tuned where they run"));
  }
  std::lock_guard lock(mutex_);
  autotunes_ = true;
  return absl::OkStatus();
}

absl::StatusOr<StoredPlans> DnnPlanCache::Save() const {
  std::lock_guard lock(mutex_);
  StoredPlans saved{target_->description(), absl::StrCat("cuDNN ", DnnVersion()), {}};
  std::map<std::string, std::string> plans = stored_;
  for (const Entry& entry : entries_) {
    if (!entry.plan.ok()) continue;
    SLUICE_ASSIGN_OR_RETURN(std::vector<uint8_t> bytes, (*entry.plan)->Serialize());
    plans[entry.signature.ToString()].assign(bytes.begin(), bytes.end());
  }
  saved.plans.assign(plans.begin(), plans.end());
  return saved;
}

absl::Status DnnPlanCache::Load(const StoredPlans& plans) {
  const std::string libraries = absl::StrCat("cuDNN ", DnnVersion());
  if (plans.device != target_->description()) {
    return absl::FailedPreconditionError(absl::StrCat("the plans are for ", plans.device, ", this device is ",
                                                      target_->description(), ": compile the model for it"));
  }
  if (plans.libraries != libraries) {
    return absl::FailedPreconditionError(
        absl::StrCat("the plans were made by ", plans.libraries, ", here is ", libraries, ": compile the model again"));
  }
  std::lock_guard lock(mutex_);
  for (const auto& [key, bytes] : plans.plans) stored_[key] = bytes;
  return absl::OkStatus();
}

std::vector<std::string> DnnPlanCache::Remarks() const {
  std::lock_guard lock(mutex_);
  return remarks_;
}

int64_t DnnPlanCache::size() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(entries_.size());
}
int64_t DnnPlanCache::builds() const {
  std::lock_guard lock(mutex_);
  return builds_;
}
int64_t DnnPlanCache::loads() const {
  std::lock_guard lock(mutex_);
  return loads_;
}

}  // namespace sluice::gpu
