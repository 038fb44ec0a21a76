// The convolution kernels against the naive one over every option, in both ways that conv_algorithm.h chooses from, with
// constant and variable filters; and what is refused.
#include "ops/conv.h"

#include <gtest/gtest.h>

#include "kernels/cpu/conv_gemm.h"
#include "tests/kernels/kernel_tester.h"
#include "tests/kernels/naive_conv.h"

namespace sluice {
namespace {

using cpu::ConvGemmPlan;
using testing::KernelTester;
using testing::NaiveFilter;
using testing::NaiveForward;
using testing::NaiveInput;
using testing::RandomTensor;

struct Case {
  Shape x, w;
  int64_t stride_y = 1, stride_x = 1, dilation_y = 1, dilation_x = 1;
  const char* padding = "VALID";
  std::vector<int64_t> pads = {};  // top, bottom, left, right

  Conv2DAttrs Attrs() const {
    Conv2DAttrs attrs{
        .strides = {1, stride_y, stride_x, 1}, .padding = padding, .dilations = {1, dilation_y, dilation_x, 1}};
    if (!pads.empty()) attrs.explicit_paddings = {0, 0, pads[0], pads[1], pads[2], pads[3], 0, 0};
    return attrs;
  }
  Conv2DGeometry Geometry() const { return *ResolveConv2D(Attrs(), x, w); }
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "x " << c.x.ToString() << " w " << c.w.ToString() << " strides " << c.stride_y << "," << c.stride_x
             << " dilations " << c.dilation_y << "," << c.dilation_x << " " << c.padding << " pads "
             << absl::StrJoin(c.pads, ",");
}

std::vector<Case> Cases() {
  std::vector<Case> cases = {
      {.x = {2, 28, 28, 1}, .w = {5, 5, 1, 20}},  // LeNet
      {.x = {2, 12, 12, 20}, .w = {5, 5, 20, 50}},
      {.x = {2, 5, 5, 32}, .w = {5, 5, 32, 7}},   // a filter as large as the input
      {.x = {3, 7, 6, 64}, .w = {1, 1, 64, 32}},  // points
      {.x = {3, 7, 6, 16}, .w = {1, 1, 16, 32}, .stride_y = 2, .stride_x = 3},
      {.x = {2, 8, 8, 6}, .w = {3, 3, 1, 12}, .padding = "SAME"},    // depthwise
      {.x = {2, 8, 8, 32}, .w = {3, 3, 16, 64}, .padding = "SAME"},  // two groups of whole vectors
      {.x = {2, 4, 4, 32}, .w = {3, 3, 32, 16}, .padding = "SAME"},  // rows of few pixels
      {.x = {1, 9, 70, 3}, .w = {3, 40, 3, 2}, .padding = "SAME"},
      {.x = {0, 5, 5, 2}, .w = {3, 3, 2, 3}},
      {.x = {1, 1, 1, 2}, .w = {3, 3, 2, 3}, .padding = "SAME"},
      {.x = {1, 2, 2, 2}, .w = {3, 3, 2, 3}, .padding = "EXPLICIT", .pads = {5, 4, 6, 7}},  // windows of padding alone
  };
  for (int64_t channels : {3, 16}) {
    for (int64_t groups : {1, 2}) {
      for (auto [stride_y, stride_x] : {std::pair(1, 1), std::pair(2, 2), std::pair(3, 1)}) {
        for (auto [dilation_y, dilation_x] : {std::pair(1, 1), std::pair(2, 3)}) {
          for (int padding = 0; padding < 3; ++padding) {
            cases.push_back({.x = {2, 9, 10, channels * groups},
                             .w = {3, 2, channels, 4 * groups},
                             .stride_y = stride_y,
                             .stride_x = stride_x,
                             .dilation_y = dilation_y,
                             .dilation_x = dilation_x,
                             .padding = std::array{"SAME", "VALID", "EXPLICIT"}[padding],
                             .pads = padding == 2 ? std::vector<int64_t>{2, 0, 1, 3} : std::vector<int64_t>{}});
          }
        }
      }
    }
  }
  return cases;
}

void ExpectNear(absl::Span<const float> got, const std::vector<double>& want, const char* what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  double largest = 1;
  for (double value : want) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got[i], want[i], 2e-6 * largest) << what << ", element " << i;
}

class ConvTest : public ::testing::TestWithParam<std::tuple<Case, int>> {
 protected:
  ConvTest() : case_(std::get<0>(GetParam())), threads_(std::get<1>(GetParam())), g_(case_.Geometry()) {
    x_ = RandomTensor(case_.x, 1);
    w_ = RandomTensor(case_.w, 2);
    dy_ = RandomTensor({g_.batch, g_.height.output, g_.width.output, g_.out_channels}, 3);
  }
  static Tensor Sizes(const Shape& shape) { return *IntTensor(shape.dims(), DataType::kInt32); }
  KernelTester Tester(const char* op) {
    KernelTester tester(op);
    tester.Attrs(ToAttrMap(case_.Attrs())).Threads(threads_);
    return tester;
  }
  void Check(KernelTester& tester, const std::vector<double>& want, const char* what) {
    auto got = tester.Run();
    ASSERT_TRUE(got.ok()) << what << ": " << got.status();
    ExpectNear(got->front().values<float>(), want, what);
  }

  Case case_;
  int threads_;
  Conv2DGeometry g_;
  Tensor x_, w_, dy_;
};

TEST_P(ConvTest, Kernels) {
  for (bool constant : {false, true}) {
    const char* what = constant ? "constant filter" : "variable filter";
    Check(Tester("Conv2D").Input(x_).Input(w_, constant), NaiveForward(g_, x_, w_), what);
    Check(Tester("Conv2DBackpropInput").Input(Sizes(case_.x)).Input(w_, constant).Input(dy_), NaiveInput(g_, w_, dy_),
          what);
  }
  Check(Tester("Conv2DBackpropFilter").Input(x_).Input(Sizes(case_.w)).Input(dy_), NaiveFilter(g_, x_, dy_),
        "filter's gradient");
}

TEST_P(ConvTest, Fused) {
  Tensor bias = RandomTensor({g_.out_channels}, 4);
  std::vector<double> want = NaiveForward(g_, x_, w_);
  for (size_t i = 0; i < want.size(); ++i) want[i] = std::max(0.0, want[i] + bias.data<float>()[i % g_.out_channels]);
  Conv2DAttrs attrs = case_.Attrs();
  KernelTester tester("_FusedConv2D");
  tester.Threads(threads_).Input(x_).Input(w_).Input(bias);
  tester.Attrs(ToAttrMap(FusedConv2DAttrs{.num_args = 1,
                                          .strides = attrs.strides,
                                          .padding = attrs.padding,
                                          .explicit_paddings = attrs.explicit_paddings,
                                          .dilations = attrs.dilations,
                                          .fused_ops = {"BiasAdd", "Relu"}}));
  Check(tester, want, "fused");
}

TEST_P(ConvTest, FusedWithAShortcut) {
  Tensor bias = RandomTensor({g_.out_channels}, 4), residual = RandomTensor(dy_.shape(), 5);
  std::vector<double> want = NaiveForward(g_, x_, w_);
  for (size_t i = 0; i < want.size(); ++i) {
    want[i] = std::max(0.0, want[i] + bias.data<float>()[i % g_.out_channels] + residual.data<float>()[i]);
  }
  Conv2DAttrs attrs = case_.Attrs();
  for (bool in_place : {false, true}) {
    KernelTester tester("_FusedConv2D");
    tester.Threads(threads_).Input(x_).Input(w_).Input(bias).Input(residual);
    if (in_place) tester.InPlace();
    tester.Attrs(ToAttrMap(FusedConv2DAttrs{.num_args = 2,
                                            .strides = attrs.strides,
                                            .padding = attrs.padding,
                                            .explicit_paddings = attrs.explicit_paddings,
                                            .dilations = attrs.dilations,
                                            .fused_ops = {"BiasAdd", "Add", "Relu"}}));
    Check(tester, want, in_place ? "in place" : "copied");
  }
}

// The way that the rule does not choose must be right as well: it is chosen on other machines.
TEST_P(ConvTest, Im2Col) {
  if (g_.batch == 0) return;
  std::vector<float> scratch, out;
  auto prepare = [&](const ConvGemmPlan& plan, size_t elements) {
    scratch.assign(plan.scratch_bytes / sizeof(float), NAN);
    out.assign(elements, NAN);
    return plan;
  };
  ConvGemmPlan plan = prepare(cpu::PlanConvForward(g_, threads_, sizeof(float)), dy_.num_elements());
  ASSERT_TRUE(cpu::ConvForward<float>(plan, x_.data<float>(), w_.data<float>(), nullptr, EpilogueActivation::kNone,
                                      out.data(), scratch.data())
                  .ok());
  ExpectNear(out, NaiveForward(g_, x_, w_), "forward");
  plan = prepare(cpu::PlanConvInput(g_, threads_, sizeof(float)), x_.num_elements());
  ASSERT_TRUE(cpu::ConvInput<float>(plan, out.data(), w_.data<float>(), dy_.data<float>(), scratch.data()).ok());
  ExpectNear(out, NaiveInput(g_, w_, dy_), "input's gradient");
  plan = prepare(cpu::PlanConvFilter(g_, threads_, sizeof(float)), w_.num_elements());
  ASSERT_TRUE(cpu::ConvFilter<float>(plan, x_.data<float>(), out.data(), dy_.data<float>(), scratch.data()).ok());
  ExpectNear(out, NaiveFilter(g_, x_, dy_), "filter's gradient");
}

INSTANTIATE_TEST_SUITE_P(Options, ConvTest,
                         ::testing::Combine(::testing::ValuesIn(Cases()), ::testing::Values(1, 2, 3)));

// --- What does not fit is an error of the shape function or of Prepare, never a crash. ---

absl::Status Forward(const Conv2DAttrs& attrs, Shape x, Shape w) {
  return KernelTester("Conv2D").Attrs(ToAttrMap(attrs)).Input(RandomTensor(x)).Input(RandomTensor(w)).Run().status();
}

TEST(ConvErrors, Forward) {
  constexpr int64_t kHuge = int64_t{1} << 62;
  const Conv2DAttrs good{.strides = {1, 1, 1, 1}};
  auto with = [&](auto change) {
    Conv2DAttrs attrs = good;
    change(attrs);
    return attrs;
  };
  struct Row {
    const char* what;
    Conv2DAttrs attrs;
    Shape x = {1, 5, 5, 2}, w = {3, 3, 2, 4};
    absl::StatusCode code = absl::StatusCode::kInvalidArgument;
  };
  const Row rows[] = {
      {"filter over the input", good, {1, 2, 5, 2}},
      {"no input channels", good, {1, 5, 5, 0}},
      {"filter without channels", good, {1, 5, 5, 2}, {3, 3, 0, 4}},
      {"filter without rows", good, {1, 5, 5, 2}, {0, 3, 2, 4}},
      {"filter without outputs", good, {1, 5, 5, 2}, {3, 3, 2, 0}},
      {"channels not divided", good, {1, 5, 5, 3}},
      {"groups do not divide the outputs", good, {1, 5, 5, 6}, {3, 3, 2, 4}},
      {"rank", good, {5, 5, 2}},
      {"filter's rank", good, {1, 5, 5, 2}, {3, 3, 2}},
      {"empty image", good, {1, 0, 5, 2}},
      {"zero stride", with([](auto& a) {
         a.strides = {1, 0, 1, 1};
       })},
      {"negative stride", with([](auto& a) {
         a.strides = {1, -1, 1, 1};
       })},
      {"huge stride", with([](auto& a) {
         a.strides = {1, kHuge, 1, 1};
       })},
      {"three strides", with([](auto& a) {
         a.strides = {1, 1, 1};
       })},
      {"no strides", with([](auto& a) { a.strides = {}; })},
      {"zero dilation", with([](auto& a) {
         a.dilations = {1, 1, 0, 1};
       })},
      {"huge dilation", with([](auto& a) {
         a.dilations = {1, kHuge, kHuge, 1};
       })},
      {"padding without EXPLICIT", with([](auto& a) { a.explicit_paddings = {0, 0, 1, 1, 1, 1, 0, 0}; })},
      {"no explicit paddings", with([](auto& a) { a.padding = "EXPLICIT"; })},
      {"negative padding", with([](auto& a) {
         a.padding = "EXPLICIT";
         a.explicit_paddings = {0, 0, -1, 1, 1, 1, 0, 0};
       })},
      {"huge padding", with([](auto& a) {
         a.padding = "EXPLICIT";
         a.explicit_paddings = {0, 0, kHuge, kHuge, 1, 1, 0, 0};
       })},
      {"padded batch", with([](auto& a) {
         a.padding = "EXPLICIT";
         a.explicit_paddings = {1, 0, 0, 0, 0, 0, 0, 0};
       })},
      {"stride along channels",
       with([](auto& a) {
         a.strides = {1, 1, 1, 2};
       }),
       {1, 5, 5, 2},
       {3, 3, 2, 4},
       absl::StatusCode::kUnimplemented},
      {"NCHW",
       with([](auto& a) { a.data_format = "NCHW"; }),
       {1, 2, 5, 5},
       {3, 3, 2, 4},
       absl::StatusCode::kUnimplemented},
  };
  for (const Row& row : rows) {
    absl::Status status = Forward(row.attrs, row.x, row.w);
    EXPECT_EQ(status.code(), row.code) << row.what << ": " << status;
  }
}

TEST(ConvErrors, SameHasAnOutputForEveryInput) {
  EXPECT_TRUE(Forward({.strides = {1, 1, 1, 1}, .padding = "SAME"}, {1, 0, 5, 2}, {3, 3, 2, 4}).ok());
}

TEST(ConvErrors, Gradients) {
  AttrMap attrs = ToAttrMap(Conv2DAttrs{.strides = {1, 1, 1, 1}});
  struct Row {
    const char* what;
    std::vector<int32_t> x, w;
    Shape dy;
    bool ok = false;
  };
  const Row rows[] = {
      {"fits", {2, 5, 5, 2}, {3, 3, 2, 4}, {2, 3, 3, 4}, true},
      {"another batch", {1, 5, 5, 2}, {3, 3, 2, 4}, {2, 3, 3, 4}},
      {"another height", {2, 5, 5, 2}, {3, 3, 2, 4}, {2, 4, 3, 4}},
      {"other channels", {2, 5, 5, 2}, {3, 3, 2, 4}, {2, 3, 3, 5}},
      {"negative size", {2, 5, -7, 2}, {3, 3, 2, 4}, {2, 3, 3, 4}},
      {"rank of dy", {2, 5, 5, 2}, {3, 3, 2, 4}, {2, 3, 12}},
      {"five sizes", {2, 5, 5, 2, 1}, {3, 3, 2, 4, 1}, {2, 3, 3, 4}},
      {"zero channels", {2, 5, 5, 0}, {3, 3, 0, 4}, {2, 3, 3, 4}},
  };
  auto tensor = [](const std::vector<int32_t>& sizes) {
    Dims dims(sizes.begin(), sizes.end());
    for (int64_t& d : dims) d = std::max<int64_t>(d, 0);
    return RandomTensor(Shape(dims));
  };
  for (const Row& row : rows) {
    auto of_input = KernelTester("Conv2DBackpropInput")
                        .Attrs(attrs)
                        .Input(Tensor::Vector<int32_t>(row.x))
                        .Input(tensor(row.w))
                        .Input(RandomTensor(row.dy))
                        .Run();
    EXPECT_EQ(of_input.status().code(), row.ok ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument)
        << row.what << ": " << of_input.status();
    auto of_filter = KernelTester("Conv2DBackpropFilter")
                         .Attrs(attrs)
                         .Input(tensor(row.x))
                         .Input(Tensor::Vector<int32_t>(row.w))
                         .Input(RandomTensor(row.dy))
                         .Run();
    EXPECT_EQ(of_filter.status().code(), row.ok ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument)
        << row.what << ": " << of_filter.status();
  }
}

TEST(ConvErrors, HeightAndWidthAreEnoughForTheInputsGradient) {
  auto got = KernelTester("Conv2DBackpropInput")
                 .Attrs(ToAttrMap(Conv2DAttrs{.strides = {1, 1, 1, 1}}))
                 .Input(Tensor::Vector<int32_t>({5, 6}))
                 .Input(RandomTensor({3, 3, 2, 4}))
                 .Input(RandomTensor({2, 3, 4, 4}))
                 .Run();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->front().shape(), Shape({2, 5, 6, 2}));
}

}  // namespace
}  // namespace sluice
