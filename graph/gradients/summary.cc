#include "graph/gradients.h"

namespace sluice {

void RegisterSummary(GradientRegistry& r) {
  for (const char* op : {"ScalarSummary", "HistogramSummary", "ImageSummary", "MergeSummary"}) {
    r.AddNotDifferentiable(op);
  }
}

}  // namespace sluice
