#include "ops/summary.h"

#include <cmath>
#include <gtest/gtest.h>

#include "absl/strings/match.h"

#include "io/summary.h"
#include "tests/kernels/kernel_tester.h"

namespace sluice {
namespace {

using testing::KernelTester;

Tensor Tag(const std::string& tag) { return Tensor::Scalar(tag); }

std::string ErrorOf(KernelTester& tester) {
  auto result = tester.Run();
  return result.ok() ? "" : std::string(result.status().message());
}

TEST(SummaryKernelTest, TagsMustBeAsManyAsValues) {
  KernelTester tester("ScalarSummary");
  tester.Attrs(ToAttrMap(ScalarSummaryAttrs{.T = DataType::kFloat}));
  tester.Input(Tag("a")).Input(Tensor::Vector<float>({1, 2}));
  EXPECT_TRUE(absl::StrContains(ErrorOf(tester), "one tag for each value")) << ErrorOf(tester);
}

TEST(SummaryKernelTest, AHistogramRefusesWhatIsNotFinite) {
  for (float value : {NAN, INFINITY, -INFINITY}) {
    KernelTester tester("HistogramSummary");
    tester.Attrs(ToAttrMap(HistogramSummaryAttrs{}));
    tester.Input(Tag("weights")).Input(Tensor::Vector<float>({1, value}));
    EXPECT_TRUE(absl::StrContains(ErrorOf(tester), "'weights' is not a finite number")) << ErrorOf(tester);
  }
}

TEST(SummaryKernelTest, PicturesHaveOneThreeOrFourChannels) {
  for (const Shape& shape : {Shape{1, 4, 4, 2}, Shape{4, 4, 3}, Shape{1, 0, 4, 3}}) {
    KernelTester tester("ImageSummary");
    tester.Attrs(ToAttrMap(ImageSummaryAttrs{.T = DataType::kUint8}));
    tester.Input(Tag("p")).Input(Tensor(DataType::kUint8, shape));
    EXPECT_NE(ErrorOf(tester), "") << shape.ToString();
  }
  KernelTester tester("ImageSummary");
  tester.Attrs(ToAttrMap(ImageSummaryAttrs{.bad_color = Tensor::Vector<uint8_t>({1})}));
  tester.Input(Tag("p")).Input(Tensor(DataType::kFloat, Shape{1, 2, 2, 3}));
  EXPECT_TRUE(absl::StrContains(ErrorOf(tester), "bad_color")) << ErrorOf(tester);
}

TEST(SummaryKernelTest, MergedTagsMustDiffer) {
  std::string summary = SerializeSummary({{SummaryValue{"loss", 1.0f}}});
  KernelTester tester("MergeSummary");
  tester.Attrs(ToAttrMap(MergeSummaryAttrs{.N = 2}));
  tester.Input(Tensor::Scalar(summary)).Input(Tensor::Scalar(summary));
  EXPECT_TRUE(absl::StrContains(ErrorOf(tester), "the tag 'loss'")) << ErrorOf(tester);

  KernelTester damaged("MergeSummary");
  damaged.Attrs(ToAttrMap(MergeSummaryAttrs{.N = 1}));
  damaged.Input(Tensor::Scalar(std::string("\xff\xff")));
  EXPECT_TRUE(absl::StrContains(ErrorOf(damaged), "no Summary")) << ErrorOf(damaged);
}

}  // namespace
}  // namespace sluice
