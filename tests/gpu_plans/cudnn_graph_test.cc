// cuDNN builds real plans for a GPU that is not here, out of its properties.
#include "kernels/gpu/cudnn_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "kernels/gpu/cudnn_plans.h"
#include "kernels/gpu/device_models.h"
#include "tests/gpu_plans/no_driver.h"
#include "tests/gpu_plans/signature_text.h"

namespace sluice::gpu {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const DnnTarget> H100() {
  static const auto& target = *new auto(DnnTarget::FromProperties(kDeviceModels[0].properties, 90));
  EXPECT_TRUE(target.ok()) << target.status();
  return *target;
}

// 3x3 on 56x56, 64 to 96 channels, 8 pictures.
ConvSignature SmallConv(DnnDirection direction = DnnDirection::kForward) {
  ConvSignature s;
  s.direction = direction;
  s.geometry.batch = 8;
  s.geometry.in_channels = 64;
  s.geometry.out_channels = 96;
  s.geometry.height = s.geometry.width = {56, 56, 3, 1, 1, 1, 1};
  return s;
}

constexpr DnnDirection kDirections[] = {DnnDirection::kForward, DnnDirection::kInput, DnnDirection::kFilter};

TEST(CudnnGraph, BuildsEveryDirectionAndType) {
  for (DnnDirection direction : kDirections) {
    for (DataType dtype : {DataType::kFloat, DataType::kBfloat16, DataType::kHalf, DataType::kDouble}) {
      for (bool tf32 : {true, false}) {
        ConvSignature s = SmallConv(direction);
        s.dtype = dtype;
        s.tf32 = tf32;
        auto plan = DnnPlan::Build(s, *H100());
        ASSERT_TRUE(plan.ok()) << s.ToString() << ": " << plan.status();
        EXPECT_THAT((*plan)->name(), HasSubstr("eng")) << s.ToString();
        EXPECT_GE((*plan)->workspace_bytes(), 0);
      }
    }
  }
}

TEST(CudnnGraph, BiasResidualAndActivationAreOneGraph) {
  for (EpilogueActivation activation :
       {EpilogueActivation::kNone, EpilogueActivation::kRelu, EpilogueActivation::kRelu6}) {
    for (bool residual : {false, true}) {
      for (DataType dtype : {DataType::kFloat, DataType::kBfloat16}) {
        ConvSignature s = SmallConv();
        s.dtype = dtype;
        s.bias = true;
        s.residual = residual;
        s.activation = activation;
        auto plan = DnnPlan::Build(s, *H100());
        EXPECT_TRUE(plan.ok()) << s.ToString() << ": " << plan.status();
      }
    }
  }
}

TEST(CudnnGraph, SlicesOfAConcatAreReadAndWrittenInPlace) {
  ConvSignature s = SmallConv();
  s.bias = true;
  s.activation = EpilogueActivation::kRelu;
  s.y_pitch = 256;
  auto written = DnnPlan::Build(s, *H100());
  EXPECT_TRUE(written.ok()) << written.status();
  s.y_pitch = 0;
  s.x_pitch = 256;
  auto read = DnnPlan::Build(s, *H100());
  EXPECT_TRUE(read.ok()) << read.status();
}

TEST(CudnnGraph, PlansCanBeStored) {
  const ConvSignature s = SmallConv();
  auto plan = DnnPlan::Build(s, *H100());
  ASSERT_TRUE(plan.ok()) << plan.status();
  auto bytes = (*plan)->Serialize();
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto loaded = DnnPlan::Load(s, *H100(), *bytes);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->workspace_bytes(), (*plan)->workspace_bytes());
  EXPECT_EQ((*loaded)->name(), (*plan)->name());
  bytes->resize(bytes->size() / 2);
  EXPECT_FALSE(DnnPlan::Load(s, *H100(), *bytes).ok());
}

TEST(CudnnGraph, TheCacheIsBoundedAndRemembersRefusals) {
  DnnPlanCache cache(H100(), 2);
  ConvSignature a = SmallConv(), b = SmallConv(DnnDirection::kFilter), impossible = SmallConv();
  impossible.geometry.in_channels = 63;
  impossible.geometry.groups = 2;  // which do not divide the channels
  auto first = cache.Get(a);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(*cache.Get(a), *first);
  EXPECT_EQ(cache.builds(), 1);
  EXPECT_FALSE(cache.Get(impossible).ok());
  EXPECT_FALSE(cache.Get(impossible).ok());
  EXPECT_EQ(cache.builds(), 2);
  ASSERT_TRUE(cache.Get(a).ok());
  ASSERT_TRUE(cache.Get(b).ok());  // the refusal leaves
  EXPECT_EQ(cache.size(), 2);
  EXPECT_EQ(cache.builds(), 3);
  ASSERT_TRUE(cache.Get(a).ok());
  EXPECT_EQ(cache.builds(), 3);
}

TEST(CudnnGraph, StoredPlansAreUsedAndDamagedOnesMadeAgain) {
  DnnPlanCache made(H100(), 8);
  const ConvSignature a = SmallConv(), b = SmallConv(DnnDirection::kFilter);
  ASSERT_TRUE(made.Get(a).ok());
  ASSERT_TRUE(made.Get(b).ok());
  auto saved = made.Save();
  ASSERT_TRUE(saved.ok()) << saved.status();
  ASSERT_EQ(saved->plans.size(), 2);
  EXPECT_EQ(saved->device, "NVIDIA H100 80GB HBM3, compute capability 9.0, 132 multiprocessors");
  EXPECT_THAT(saved->libraries, HasSubstr("cuDNN 9."));

  for (auto& [key, bytes] : saved->plans) {
    if (key == b.ToString()) bytes.resize(bytes.size() / 2);
  }
  DnnPlanCache cache(H100(), 8);
  ASSERT_TRUE(cache.Load(*saved).ok());
  auto plan = cache.Get(a);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ((*plan)->workspace_bytes(), (*made.Get(a))->workspace_bytes());
  EXPECT_EQ(cache.loads(), 1);
  EXPECT_TRUE(cache.Remarks().empty());
  ASSERT_TRUE(cache.Get(b).ok());
  EXPECT_EQ(cache.loads(), 1);
  EXPECT_EQ(cache.builds(), 1);
  ASSERT_EQ(cache.Remarks().size(), 1);
  EXPECT_THAT(cache.Remarks()[0], HasSubstr(b.ToString()));

  StoredPlans other = *saved;
  other.device = "NVIDIA A100";
  EXPECT_EQ(cache.Load(other).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(cache.Load(other).message()), HasSubstr("for NVIDIA A100, this device is NVIDIA H100"));
  other = *saved;
  other.libraries = "cuDNN 8.0.0";
  EXPECT_THAT(std::string(cache.Load(other).message()), HasSubstr("made by cuDNN 8.0.0, here is cuDNN 9."));
}

// A clock for a device that is not here: the third measurement is the shortest, so the third candidate wins.
class MadeUpTimer : public PlanTimer {
 public:
  MadeUpTimer(int* calls, bool has_memory) : calls_(calls), has_memory_(has_memory) {}
  absl::StatusOr<char*> Memory(size_t bytes) override {
    if (!has_memory_) return absl::ResourceExhaustedError("no memory");
    memory_.resize(bytes);
    return memory_.data();
  }
  absl::StatusOr<double> Time(const std::function<absl::Status(cudnnContext*)>&) override {
    return ++*calls_ == 3 ? 10 : 20;
  }

 private:
  int* const calls_;
  const bool has_memory_;
  std::vector<char> memory_;
};

TEST(CudnnGraph, AutotuningTakesTheFastestCandidate) {
  const ConvSignature s = SmallConv();
  auto heuristic = DnnPlan::Build(s, *H100());
  ASSERT_TRUE(heuristic.ok()) << heuristic.status();
  for (bool has_memory : {true, false}) {
    int calls = 0;
    DnnPlanCache cache(H100(), 8, [&]() -> absl::StatusOr<std::unique_ptr<PlanTimer>> {
      return std::make_unique<MadeUpTimer>(&calls, has_memory);
    });
    ASSERT_TRUE(cache.Autotune().ok());
    auto tuned = cache.Get(s);
    ASSERT_TRUE(tuned.ok()) << tuned.status();
    EXPECT_EQ((*tuned)->name() == (*heuristic)->name(), !has_memory) << (*tuned)->name();
    EXPECT_EQ(calls > 3, has_memory) << calls;
    // The answer is what is stored.
    auto saved = cache.Save();
    ASSERT_TRUE(saved.ok()) << saved.status();
    DnnPlanCache later(H100(), 8);
    ASSERT_TRUE(later.Load(*saved).ok());
    auto loaded = later.Get(s);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ((*loaded)->name(), (*tuned)->name());
    EXPECT_EQ(later.builds(), 0);
  }
  DnnPlanCache not_here(H100(), 8);
  EXPECT_EQ(not_here.Autotune().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(CudnnGraph, EverythingOfASignatureCounts) {
  std::vector<ConvSignature> all = {SmallConv()};
  auto with = [&](auto change) {
    ConvSignature s = SmallConv();
    change(s);
    all.push_back(s);
  };
  with([](ConvSignature& s) { s.direction = DnnDirection::kInput; });
  with([](ConvSignature& s) { s.dtype = DataType::kHalf; });
  with([](ConvSignature& s) { s.tf32 = false; });
  with([](ConvSignature& s) { s.deterministic = true; });
  with([](ConvSignature& s) { s.bias = true; });
  with([](ConvSignature& s) { s.residual = true; });
  with([](ConvSignature& s) { s.activation = EpilogueActivation::kRelu; });
  with([](ConvSignature& s) { s.activation = EpilogueActivation::kRelu6; });
  with([](ConvSignature& s) { s.x_pitch = 128; });
  with([](ConvSignature& s) { s.y_pitch = 128; });
  with([](ConvSignature& s) { s.geometry.batch = 9; });
  with([](ConvSignature& s) { s.geometry.groups = 2; });
  with([](ConvSignature& s) { s.geometry.height.pad_after = 2; });
  with([](ConvSignature& s) { s.geometry.width.dilation = 2; });
  std::set<size_t> hashes;
  std::set<std::string> texts;
  for (const ConvSignature& s : all) {
    hashes.insert(absl::Hash<ConvSignature>()(s));
    texts.insert(s.ToString());
    EXPECT_EQ(ParseSignature(s.ToString()), s) << s.ToString();
  }
  EXPECT_EQ(hashes.size(), all.size());
  EXPECT_EQ(texts.size(), all.size());
}

}  // namespace
}  // namespace sluice::gpu
