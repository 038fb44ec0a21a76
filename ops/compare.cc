#include "ops/compare.h"

#include "ops/op_schema.h"
#include "ops/shape_context.h"

namespace sluice {
namespace {

absl::Status EqualShape(ShapeContext& c) {
  SLUICE_ASSIGN_OR_RETURN(EqualAttrs attrs, c.attrs<EqualAttrs>());
  if (attrs.incompatible_shape_error) return BroadcastShape(c);
  auto shape = BroadcastShapes(c.input(0), c.input(1));
  if (!shape.ok()) {
    c.set_output(0, Shape{});
  } else if (c.input(0).IsFullyKnown() && c.input(1).IsFullyKnown()) {
    c.set_output(0, *std::move(shape));
  }  // else it may still turn out to be a scalar
  return absl::OkStatus();
}

}  // namespace

void RegisterCompare(OpRegistry& r) {
  r.Add<EqualAttrs>("Equal")
      .Input("x: T")
      .Input("y: T")
      .Output("z: bool")
      .Shape(EqualShape)
      .Commutative()
      .Doc("x == y; NaN equals nothing.");
  r.Add<EqualAttrs>("NotEqual")
      .Input("x: T")
      .Input("y: T")
      .Output("z: bool")
      .Shape(EqualShape)
      .Commutative()
      .Doc("x != y; NaN differs from everything.");
  const std::pair<const char*, const char*> comparisons[] = {
      {"Greater", "x > y."}, {"GreaterEqual", "x >= y."}, {"Less", "x < y."}, {"LessEqual", "x <= y."}};
  for (auto [name, doc] : comparisons) {
    r.Add<CompareAttrs>(name).Input("x: T").Input("y: T").Output("z: bool").Shape(BroadcastShape).Doc(doc);
  }
  const std::pair<const char*, const char*> connectives[] = {{"LogicalAnd", "x and y."}, {"LogicalOr", "x or y."}};
  for (auto [name, doc] : connectives) {
    r.Add(name).Input("x: bool").Input("y: bool").Output("z: bool").Shape(BroadcastShape).Commutative().Doc(doc);
  }
}

}  // namespace sluice
