#pragma once

#include <sluice/core/attrs.h>

namespace halving {

struct HalveAttrs {
  int64_t times = 1;  // how often
  bool operator==(const HalveAttrs&) const = default;
  void Visit(auto& v) { v.Optional("times", times, sluice::AtLeast(0)); }
};

}  // namespace halving
