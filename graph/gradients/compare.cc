#include "graph/gradients.h"

namespace sluice {

void RegisterCompare(GradientRegistry& r) {
  for (const char* op :
       {"Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "NotEqual", "LogicalOr", "LogicalAnd"})
    r.AddNotDifferentiable(op);
}

}  // namespace sluice
