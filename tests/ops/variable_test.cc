#include "tests/ops/infer.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

TensorInfo Handle(DataType dtype, PartialShape shape) {
  TensorInfo info = Of(PartialShape::OfRank(0), DataType::kResource);
  info.handle = std::make_shared<const ResourceHandle>(ResourceHandle{"", "v", dtype, std::move(shape)});
  return info;
}
TensorInfo UnknownHandle() { return Of(PartialShape(), DataType::kResource); }

TEST(VariableShapeTest, HandlesCarryDtypeAndShape) {
  auto outputs = Infer("VarHandleOp", {}, {{"dtype", DataType::kFloat}, {"shape", PartialShape{kU, 3}}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(*(*outputs)[0].handle, (ResourceHandle{"", "node", DataType::kFloat, PartialShape{kU, 3}}));
  EXPECT_EQ((*outputs)[0].shape.ToString(), "[]");
  outputs = Infer("VarHandleOp", {}, {{"dtype", DataType::kFloat}, {"shape", PartialShape{2}}, {"shared_name", "w"}});
  EXPECT_EQ((*outputs)[0].handle->name, "w");
}

TEST(VariableShapeTest, ReadsHaveWhatTheHandleSays) {
  EXPECT_EQ(InferShape("ReadVariableOp", {Handle(DataType::kFloat, {kU, 3})}, {{"dtype", DataType::kFloat}}), "[?,3]");
  EXPECT_EQ(InferShape("ReadVariableOp", {UnknownHandle()}, {{"dtype", DataType::kFloat}}), "<unknown>");
  EXPECT_THAT(InferShape("ReadVariableOp", {Handle(DataType::kFloat, {2})}, {{"dtype", DataType::kInt32}}),
              HasSubstr("variable 'v' is of float, expected int32"));
}

TEST(VariableShapeTest, UpdatesFitTheVariable) {
  for (const char* op : {"AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"}) {
    const AttrMap attrs{{"dtype", DataType::kFloat}};
    EXPECT_TRUE(Infer(op, {Handle(DataType::kFloat, {kU, 3}), Of(PartialShape{2, kU})}, attrs).ok());
    EXPECT_TRUE(Infer(op, {UnknownHandle(), Of(PartialShape{2, kU})}, attrs).ok());
    EXPECT_THAT(InferShape(op, {Handle(DataType::kFloat, {kU, 3}), Of(PartialShape{2, 4})}, attrs),
                HasSubstr("input 1 has shape [2,4], the variable has [?,3]"));
    EXPECT_THAT(InferShape(op, {Handle(DataType::kDouble, {3}), Of(PartialShape{3})}, attrs),
                HasSubstr("expected float"));
  }
}

TEST(TrainingShapeTest, UpdatesFitTheVariables) {
  const AttrMap attrs{{"T", DataType::kFloat}};
  const TensorInfo scalar = Of(PartialShape::OfRank(0)), v = Handle(DataType::kFloat, {2, kU});
  EXPECT_TRUE(Infer("ResourceApplyGradientDescent", {v, scalar, Of(PartialShape{kU, 3})}, attrs).ok());
  EXPECT_THAT(InferShape("ResourceApplyGradientDescent", {v, scalar, Of(PartialShape{3, 3})}, attrs),
              HasSubstr("the variable has [2,?]"));
  EXPECT_THAT(InferShape("ResourceApplyGradientDescent", {v, Of(PartialShape{1}), Of(PartialShape{2, 3})}, attrs),
              HasSubstr("expected rank 0"));
  auto momentum = [&](TensorInfo a, TensorInfo b, PartialShape gradient) {
    return InferShape("ResourceApplyMomentum", {std::move(a), std::move(b), scalar, Of(std::move(gradient)), scalar},
                      attrs);
  };
  EXPECT_THAT(momentum(Handle(DataType::kFloat, {2, 3}), Handle(DataType::kFloat, {2, 4}), {kU, kU}),
              HasSubstr("differ in shape"));
  EXPECT_THAT(momentum(v, Handle(DataType::kDouble, {2, 3}), {kU, kU}), HasSubstr("is of double"));
}

TEST(TrainingShapeTest, AdaptiveUpdatesFitTheVariables) {
  const AttrMap attrs{{"T", DataType::kFloat}};
  const TensorInfo scalar = Of(PartialShape::OfRank(0)), v = Handle(DataType::kFloat, {2, kU});
  struct Op {
    const char* name;
    size_t variables, scalars;
  };
  for (const Op& op : {Op{"ResourceApplyKerasMomentum", 2, 2}, Op{"ResourceApplyAdam", 3, 6},
                       Op{"ResourceApplyRMSProp", 3, 4}, Op{"ResourceApplyCenteredRMSProp", 4, 4},
                       Op{"ResourceApplyAdagrad", 2, 1}, Op{"ResourceApplyAdagradV2", 2, 2}}) {
    SCOPED_TRACE(op.name);
    // `last` is the last variable; the gradient is the last input but for the Keras momentum.
    auto infer = [&](const TensorInfo& last, const TensorInfo& first_scalar, const PartialShape& gradient) {
      std::vector<TensorInfo> inputs(op.variables - 1, v);
      inputs.push_back(last);
      inputs.push_back(first_scalar);
      inputs.resize(op.variables + op.scalars, scalar);
      bool is_last = op.name != absl::string_view("ResourceApplyKerasMomentum");
      inputs.insert(is_last ? inputs.end() : inputs.end() - 1, Of(gradient));
      return std::string(Infer(op.name, std::move(inputs), attrs).status().message());
    };
    EXPECT_EQ(infer(v, scalar, {kU, 3}), "");
    EXPECT_THAT(infer(v, scalar, {3, 3}), HasSubstr("the variable has [2,?]"));
    EXPECT_THAT(infer(v, Of(PartialShape{1}), {2, 3}), HasSubstr("expected rank 0"));
    EXPECT_THAT(infer(Handle(DataType::kDouble, {2, 3}), scalar, {2, 3}), HasSubstr("is of double"));
    EXPECT_THAT(infer(Handle(DataType::kFloat, {3, 3}), scalar, {kU, 3}), HasSubstr("differ in shape"));
  }
}

}  // namespace
}  // namespace sluice
