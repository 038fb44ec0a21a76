#include "core/variable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kernels/kernel_tester.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A kernel of one op on variables, prepared and run without a session.
class VariableTest : public ::testing::Test {
 protected:
  VariableTest() { cpu::RegisterAllKernels(kernels_); }

  // Inputs are the variables, then `values`. Returns the output, where `output` says that there is one.
  absl::StatusOr<Tensor> Run(const std::string& op, AttrMap attrs, std::vector<Variable*> variables,
                             std::vector<Tensor> values = {}, Tensor output = {}) {
    PrepareContext prepare;
    prepare.node = "node";
    prepare.op = op;
    prepare.attrs = &attrs;
    prepare.threads = 2;
    std::vector<void*> slots;
    for (Variable* v : variables) {
      prepare.inputs.push_back({DataType::kResource, Shape{}, nullptr, v});
      slots.push_back(nullptr);
    }
    for (Tensor& t : values) {
      prepare.inputs.push_back({t.dtype(), t.shape(), nullptr, nullptr});
      slots.push_back(t.raw());
    }
    if (output.dtype() != DataType::kInvalid) prepare.outputs.push_back({output.dtype(), output.shape()});
    slots.push_back(output.raw());
    std::vector<uint32_t> indices(slots.size());
    for (size_t i = 0; i < slots.size(); ++i) indices[i] = static_cast<uint32_t>(i);
    SLUICE_ASSIGN_OR_RETURN(const KernelDef* def, kernels_.Find(op, attrs));
    auto kernel = def->make();
    SLUICE_RETURN_IF_ERROR(kernel->Prepare(prepare));
    RunContext run;
    run.slots = slots.data();
    run.input_slots = indices.data();
    run.output_slots = &indices.back();
    SLUICE_RETURN_IF_ERROR(kernel->Run(run));
    return output;
  }
  absl::Status Assign(Variable& v, std::vector<float> values) {
    return Run("AssignVariableOp", {{"dtype", DataType::kFloat}}, {&v}, {Tensor::Vector<float>(values)}).status();
  }

  static std::vector<float> ValuesOf(const Variable& v) {
    auto* data = static_cast<const float*>(v.data());
    return {data, data + v.shape().num_elements()};
  }

  KernelRegistry kernels_;
  const AttrMap float_{{"dtype", DataType::kFloat}};
  Variable v_{"v", DataType::kFloat, PartialShape{PartialShape::kUnknown}, DefaultAllocator()};
};

TEST_F(VariableTest, UsesBeforeTheFirstValueFailByName) {
  const Tensor two = Tensor::Vector<float>({1, 2}), one = Tensor::Scalar<float>(1);
  const AttrMap training{{"T", DataType::kFloat}};
  const absl::Status statuses[] = {
      Run("ReadVariableOp", float_, {&v_}, {}, two).status(),
      Run("AssignAddVariableOp", float_, {&v_}, {two}).status(),
      Run("ResourceApplyGradientDescent", training, {&v_}, {one, two}).status(),
  };
  for (const absl::Status& status : statuses) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(status.message(), "variable 'v' is not initialised");
  }
  auto initialized = Run("VarIsInitializedOp", {}, {&v_}, {}, Tensor::Scalar<bool>(true));
  EXPECT_FALSE(*initialized->data<bool>());
}

TEST_F(VariableTest, AssignReadAddSubtract) {
  ASSERT_TRUE(Assign(v_, {1, 2}).ok());
  EXPECT_EQ(v_.version(), 1u);
  auto read = Run("ReadVariableOp", float_, {&v_}, {}, Tensor::Vector<float>({0, 0}));
  EXPECT_THAT(read->values<float>(), ElementsAre(1, 2));
  ASSERT_TRUE(Run("AssignAddVariableOp", float_, {&v_}, {Tensor::Vector<float>({10, 20})}).ok());
  ASSERT_TRUE(Run("AssignSubVariableOp", float_, {&v_}, {Tensor::Vector<float>({1, 1})}).ok());
  EXPECT_THAT(ValuesOf(v_), ElementsAre(10, 21));
  EXPECT_EQ(v_.version(), 3u);
  EXPECT_TRUE(*Run("VarIsInitializedOp", {}, {&v_}, {}, Tensor::Scalar<bool>(false))->data<bool>());
}

TEST_F(VariableTest, IntegersWrapAround) {
  Variable v("n", DataType::kInt32, PartialShape::OfRank(0), DefaultAllocator());
  const AttrMap attrs{{"dtype", DataType::kInt32}};
  ASSERT_TRUE(Run("AssignVariableOp", attrs, {&v}, {Tensor::Scalar<int32_t>(INT32_MAX)}).ok());
  ASSERT_TRUE(Run("AssignAddVariableOp", attrs, {&v}, {Tensor::Scalar<int32_t>(1)}).ok());
  EXPECT_EQ(*static_cast<int32_t*>(v.data()), INT32_MIN);
}

TEST_F(VariableTest, OtherShapesAndTypesAreErrors) {
  ASSERT_TRUE(Assign(v_, {1, 2}).ok());
  auto status = Run("AssignAddVariableOp", float_, {&v_}, {Tensor::Vector<float>({1, 2, 3})}).status();
  EXPECT_EQ(status.message(), "variable 'v' has shape [2], expected [3]");
  status = Run("ReadVariableOp", {{"dtype", DataType::kDouble}}, {&v_}, {}, Tensor::Vector<double>({1, 2})).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("variable 'v' is of float, expected double"));
  status = Run("AssignVariableOp", float_, {&v_}, {Tensor::Scalar<float>(1)}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot hold a value of shape []"));
  status = Run("ResourceApplyMomentum", {{"T", DataType::kFloat}}, {&v_, &v_},
               {Tensor::Scalar<float>(1), Tensor::Vector<float>({1, 2}), Tensor::Scalar<float>(1)})
               .status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("the same variable"));
}

TEST_F(VariableTest, Momentum) {
  Variable a("a", DataType::kFloat, PartialShape{2}, DefaultAllocator());
  for (bool nesterov : {false, true}) {
    ASSERT_TRUE(Assign(v_, {1, 2}).ok());
    ASSERT_TRUE(Assign(a, {2, 4}).ok());
    AttrMap attrs{{"T", DataType::kFloat}, {"use_nesterov", nesterov}};
    ASSERT_TRUE(Run("ResourceApplyMomentum", attrs, {&v_, &a},
                    {Tensor::Scalar<float>(0.5), Tensor::Vector<float>({1, 2}), Tensor::Scalar<float>(0.25)})
                    .ok());
    EXPECT_THAT(ValuesOf(a), ElementsAre(1.5, 3));
    if (nesterov) {
      EXPECT_THAT(ValuesOf(v_), ElementsAre(1 - 0.5f - 0.1875f, 2 - 1 - 0.375f));
    } else {
      EXPECT_THAT(ValuesOf(v_), ElementsAre(0.25, 0.5));
    }
  }
}

TEST_F(VariableTest, EverySlotOfAnOptimiserIsChecked) {
  struct Op {
    const char* name;
    size_t variables, scalars;
  };
  const AttrMap attrs{{"T", DataType::kFloat}};
  const Tensor one = Tensor::Scalar<float>(1), two = Tensor::Vector<float>({1, 2});
  for (const Op& op :
       {Op{"ResourceApplyAdam", 3, 6}, Op{"ResourceApplyRMSProp", 3, 4}, Op{"ResourceApplyCenteredRMSProp", 4, 4},
        Op{"ResourceApplyAdagrad", 2, 1}, Op{"ResourceApplyAdagradV2", 2, 2}}) {
    SCOPED_TRACE(op.name);
    Variable slots[] = {{"s0", DataType::kFloat, PartialShape{2}, DefaultAllocator()},
                        {"s1", DataType::kFloat, PartialShape{2}, DefaultAllocator()},
                        {"s2", DataType::kFloat, PartialShape{2}, DefaultAllocator()}};
    ASSERT_TRUE(Assign(v_, {1, 2}).ok());
    std::vector<Variable*> variables = {&v_};
    for (size_t i = 1; i < op.variables; ++i) variables.push_back(&slots[i - 1]);
    std::vector<Tensor> values(op.scalars, one);
    values.push_back(two);
    for (size_t i = 1; i < op.variables; ++i) {
      auto status = Run(op.name, attrs, variables, values).status();
      EXPECT_EQ(status.message(), absl::StrCat("variable 's", i - 1, "' is not initialised"));
      ASSERT_TRUE(Assign(slots[i - 1], {1, 2}).ok());
    }
    uint64_t before = v_.version();
    EXPECT_TRUE(Run(op.name, attrs, variables, values).ok());
    EXPECT_EQ(v_.version(), before + 1);
    variables.back() = &v_;
    EXPECT_THAT(std::string(Run(op.name, attrs, variables, values).status().message()), HasSubstr("the same variable"));
  }
}

}  // namespace
}  // namespace sluice
