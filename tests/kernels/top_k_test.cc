#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "tests/kernels/kernel_tester.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::KernelTester;

TEST(TopKTest, NanIsBelowEverything) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  auto out = KernelTester("TopKV2")
                 .Attrs({{"T", DataType::kFloat}})
                 .Input(Tensor::Vector<float>({nan, -3, nan, 5, -8}))
                 .Input(Tensor::Scalar<int32_t>(4))
                 .Run();
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_THAT((*out)[1].values<int32_t>(), ElementsAre(3, 1, 4, 0));
}

TEST(TopKTest, MoreThanThereAreIsAnError) {
  auto status = KernelTester("TopKV2")
                    .Attrs({{"T", DataType::kFloat}})
                    .Input(Tensor::Vector<float>({1, 2}))
                    .Input(Tensor::Scalar<int32_t>(3))
                    .Run()
                    .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("k is 3"));
}

}  // namespace
}  // namespace sluice
