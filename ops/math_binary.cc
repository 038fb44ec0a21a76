#include "ops/math_binary.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

template <class Attrs>
OpSchema& AddBinary(OpRegistry& r, const std::string& name, absl::string_view doc) {
  return r.Add<Attrs>(name).Input("x: T").Input("y: T").Output("z: T").Shape(BroadcastShape).Doc(doc);
}

}  // namespace

void RegisterMathBinary(OpRegistry& r) {
  AddBinary<AddAttrs>(r, "Add", "x + y; integers wrap around.");
  AddBinary<ArithmeticAttrs>(r, "AddV2", "x + y; integers wrap around.").Commutative();
  AddBinary<ArithmeticAttrs>(r, "Sub", "x - y; integers wrap around.");
  AddBinary<ArithmeticAttrs>(r, "Mul", "x * y; integers wrap around.").Commutative();
  AddBinary<ArithmeticAttrs>(r, "RealDiv", "x / y.");
  AddBinary<ArithmeticAttrs>(r, "FloorDiv", "x / y, rounded down; an integer divided by zero fails the run.");
  AddBinary<RealArithmeticAttrs>(r, "FloorMod",
                                 "x - FloorDiv(x, y) * y, of y's sign; an integer divided by zero fails the run.");
  AddBinary<RealArithmeticAttrs>(r, "Maximum", "The larger; NaN where one of them is.");
  AddBinary<RealArithmeticAttrs>(r, "Minimum", "The smaller; NaN where one of them is.");
  AddBinary<SquaredDifferenceAttrs>(r, "SquaredDifference", "(x - y)^2.").Commutative();
  AddBinary<PowAttrs>(r, "Pow", "x to the power of y.");
  r.Add<AddNAttrs>("AddN")
      .Input("inputs: N * T")
      .Output("sum: T")
      .Shape(MergedShape)
      .Commutative()
      .Doc("The sum of tensors of one shape, added from the first to the last.");
}

}  // namespace sluice
