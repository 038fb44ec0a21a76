// Updates of variables by optimisers that scale each element's step: Adam, RMSProp, Adagrad.
#pragma once

#include "core/attrs.h"

namespace sluice {

struct ResourceApplyAdamAttrs {
  DataType T = DataType::kInvalid;
  bool use_locking = false;  // updates hold the variables' locks in any case
  bool use_nesterov = false;
  bool operator==(const ResourceApplyAdamAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf(kNumberTypes));
    v.Optional("use_locking", use_locking);
    v.Optional("use_nesterov", use_nesterov);
  }
};

// ResourceApplyRMSProp, ResourceApplyCenteredRMSProp.
struct ResourceApplyRMSPropAttrs {
  DataType T = DataType::kInvalid;
  bool use_locking = false;
  bool operator==(const ResourceApplyRMSPropAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf(kNumberTypes));
    v.Optional("use_locking", use_locking);
  }
};

// ResourceApplyAdagrad, ResourceApplyAdagradV2.
struct ResourceApplyAdagradAttrs {
  DataType T = DataType::kInvalid;
  bool use_locking = false;
  bool update_slots = true;
  bool operator==(const ResourceApplyAdagradAttrs&) const = default;
  void Visit(auto& v) {
    v.Required("T", T, OneOf(kNumberTypes));
    v.Optional("use_locking", use_locking);
    v.Optional("update_slots", update_slots);
  }
};

}  // namespace sluice
