#include "halving/halve.h"

#include <sluice/ops/op_schema.h>
#include <sluice/ops/shape_context.h>

namespace halving {

void RegisterHalve(sluice::OpRegistry& r) {
  r.Add<HalveAttrs>("Halve")
      .Input("x: float")
      .Output("y: float")
      .Shape(sluice::UnchangedShape)
      .Doc("x / 2, `times` times.");
}

}  // namespace halving
