// cuDNN builds real plans for a GPU that is not here, out of its properties.
#include "kernels/gpu/cudnn_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "graph/propagate.h"
#include "models/catalog.h"
#include "ops/depthwise_conv.h"
#include "runtime/runtime.h"

namespace sluice::gpu {
namespace {

using ::testing::HasSubstr;

// An H100 (SXM, 80 GB), as cuDNN describes a device.
constexpr char kH100[] =
    R"({"maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], "regsPerBlock": 65536,
        "multiProcessorCount": 132, "smClockRateKHz": 1980000, "memClockRateKHz": 2619000, "l2CacheSize": 52428800,
        "warpSize": 32, "maxSharedMemoryPerBlock": 49152, "maxSharedMemoryPerBlockOptin": 232448,
        "reservedSharedMemoryPerBlock": 1024, "maxRegistersPerSM": 65536, "pciDeviceId": 0, "maxCtasPerSM": 32,
        "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "isTccDriver": 0, "supportCoopLaunch": 1,
        "deviceVer": 900, "driverVer": 13000, "cudaDeviceId": 0, "deviceName": "NVIDIA H100 80GB HBM3",
        "totalGlobalMem": 85045870592})";

std::shared_ptr<const DnnTarget> H100() {
  static const auto& target = *new auto(DnnTarget::FromProperties(kH100, 90));
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
  with([](ConvSignature& s) { s.bias = true; });
  with([](ConvSignature& s) { s.residual = true; });
  with([](ConvSignature& s) { s.activation = EpilogueActivation::kRelu; });
  with([](ConvSignature& s) { s.x_pitch = 128; });
  with([](ConvSignature& s) { s.y_pitch = 128; });
  with([](ConvSignature& s) { s.geometry.batch = 9; });
  with([](ConvSignature& s) { s.geometry.groups = 2; });
  with([](ConvSignature& s) { s.geometry.height.pad_after = 2; });
  with([](ConvSignature& s) { s.geometry.width.dilation = 2; });
  std::set<size_t> hashes;
  for (const ConvSignature& s : all) hashes.insert(absl::Hash<ConvSignature>()(s));
  EXPECT_EQ(hashes.size(), all.size());
}

// The convolutions of a network at this batch size, each once.
std::vector<Conv2DGeometry> ConvolutionsOf(const CatalogNetwork& entry, int64_t batch) {
  static const Runtime& runtime = *new Runtime;
  Graph graph(runtime.ops());
  Network network(graph, 1);
  NetworkOptions options;
  options.dtype = DataType::kFloat;
  entry.Build(network, options);
  EXPECT_TRUE(network.status().ok()) << entry.name << network.status();
  PropagateOptions propagate;
  propagate.evaluate_with = &runtime.cpu_kernels();
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    if (node.op() != "Placeholder") continue;
    auto infos = InferNode(node, {});
    EXPECT_TRUE(infos.ok());
    TensorInfo info = (*infos)[0];
    if (info.shape.rank() != 4) continue;
    std::vector<int64_t> dims = {batch};
    for (int i = 1; i < 4; ++i) dims.push_back(info.shape.dim(i));
    info.shape = PartialShape(absl::MakeConstSpan(dims));
    propagate.feeds[Endpoint{id, 0}] = info;
  }
  auto infos = PropagateShapes(graph, propagate);
  EXPECT_TRUE(infos.ok()) << entry.name << infos.status();
  std::vector<Conv2DGeometry> found;
  for (NodeId id : graph.node_ids()) {
    const Node& node = graph.node(id);
    const bool is_depthwise = node.op() == "DepthwiseConv2dNative";
    if (node.op() != "Conv2D" && !is_depthwise) continue;
    auto shape = [&](int i) { return (*infos)[node.inputs[i].node][node.inputs[i].index].shape; };
    Conv2DAttrs attrs;
    PartialShape filter = shape(1);
    if (is_depthwise) {
      attrs = ToConv2DAttrs(*ParseAttrs<DepthwiseConv2dNativeAttrs>(node.attrs));
      filter = *ToGroupedFilter(filter);
    } else {
      attrs = *ParseAttrs<Conv2DAttrs>(node.attrs);
    }
    auto x = shape(0).ToShape(), w = filter.ToShape();
    EXPECT_TRUE(x.ok() && w.ok()) << entry.name << " " << node.name;
    if (!x.ok() || !w.ok()) continue;
    auto g = ResolveConv2D(attrs, *x, *w);
    EXPECT_TRUE(g.ok()) << entry.name << " " << node.name << g.status();
    if (g.ok() && std::find(found.begin(), found.end(), *g) == found.end()) found.push_back(*g);
  }
  return found;
}

// What a network asks for at batch 64 in float: forward with bias and ReLU, and both gradients.
TEST(CudnnGraph, HasAPlanForEveryConvolutionOfEveryNetwork) {
  DnnPlanCache cache(H100(), 10000);
  int refused = 0;
  for (const CatalogNetwork& entry : Catalog()) {
    for (const Conv2DGeometry& g : ConvolutionsOf(entry, 64)) {
      for (DnnDirection direction : kDirections) {
        ConvSignature s;
        s.direction = direction;
        s.geometry = g;
        s.bias = direction == DnnDirection::kForward;
        s.activation = s.bias ? EpilogueActivation::kRelu : EpilogueActivation::kNone;
        const int64_t before = cache.builds();
        auto plan = cache.Get(s);
        if (plan.ok() || cache.builds() == before) continue;
        ++refused;
        ADD_FAILURE() << entry.name << ": " << s.ToString() << "\n" << plan.status().message().substr(0, 400);
      }
    }
  }
  EXPECT_GT(cache.builds(), 100);
  std::cout << cache.builds() << " distinct signatures, " << refused << " refused\n";
}

}  // namespace
}  // namespace sluice::gpu
