// Times of single layers: convolution in its three directions, each by the kernel (with what conv_algorithm.h chooses) and by
// our im2col whatever is chosen, pooling, bias and matrix products.
//   build/release/bin/conv_bench --benchmark_filter='lenet.*threads:1'
//   ONEDNN_MAX_CPU_ISA=AVX2 build/release/bin/conv_bench     oneDNN as on a machine without AVX-512
#include <benchmark/benchmark.h>

#include "kernels/cpu/conv_algorithm.h"
#include "kernels/cpu/conv_gemm.h"
#include "ops/bias.h"
#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/pool.h"
#include "ops/softmax.h"
#include "tests/kernels/kernel_tester.h"

namespace sluice {
namespace {

using testing::KernelTester;
using testing::RandomTensor;

void RunKernel(benchmark::State& state, const std::function<void(KernelTester&)>& build, const char* op) {
  KernelTester tester(op);
  tester.Threads(static_cast<int>(state.range(0)));
  build(tester);
  auto kernel = tester.Prepare();
  if (!kernel.ok()) return state.SkipWithError(std::string(kernel.status().message()).c_str());
  for (auto _ : state) {
    if (absl::Status status = (*kernel)->Run(); !status.ok()) state.SkipWithError("Run failed");
  }
}

void Register(const std::string& name, const char* op, std::function<void(KernelTester&)> build) {
  benchmark::RegisterBenchmark(name.c_str(), [build, op](benchmark::State& state) { RunKernel(state, build, op); })
      ->ArgName("threads")
      ->Arg(1)
      ->Arg(2)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

struct Layer {
  const char* name;
  int64_t batch, size, in, out, kernel, stride;
  const char* padding;
};

constexpr Layer kLayers[] = {
    {"lenet_conv1_b64", 64, 28, 1, 20, 5, 1, "VALID"},
    {"lenet_conv2_b64", 64, 12, 20, 50, 5, 1, "VALID"},
    {"lenet_conv1_b1", 1, 28, 1, 20, 5, 1, "VALID"},
    {"lenet_conv2_b1", 1, 12, 20, 50, 5, 1, "VALID"},
    {"resnet_3x3_64_b1", 1, 56, 64, 64, 3, 1, "SAME"},
    {"resnet_3x3_64_b8", 8, 56, 64, 64, 3, 1, "SAME"},
    {"vgg_3x3_256_b1", 1, 56, 256, 256, 3, 1, "SAME"},
    {"point_256_64_b1", 1, 56, 256, 64, 1, 1, "VALID"},
    {"vgg_3x3_512_4px_b16", 16, 4, 512, 512, 3, 1, "SAME"},
    {"vgg_3x3_512_8px_b16", 16, 8, 512, 512, 3, 1, "SAME"},
    {"alexnet_3x3_256_13px_b32", 32, 13, 256, 384, 3, 1, "SAME"},
    {"alexnet_conv1_b1", 1, 227, 3, 96, 11, 4, "VALID"},
    {"odd_3x3_24_40_b8", 8, 28, 24, 40, 3, 1, "SAME"},
};

// The three tensors of a layer, in the order x, filter, y.
struct LayerTensors {
  explicit LayerTensors(const Layer& l)
      : attrs{.strides = {1, l.stride, l.stride, 1}, .padding = l.padding},
        g(*ResolveConv2D(attrs, {l.batch, l.size, l.size, l.in}, {l.kernel, l.kernel, l.in, l.out})),
        x(RandomTensor({l.batch, l.size, l.size, l.in})),
        w(RandomTensor({l.kernel, l.kernel, l.in, l.out})),
        y(RandomTensor({l.batch, g.height.output, g.width.output, l.out})) {}
  Conv2DAttrs attrs;
  Conv2DGeometry g;
  Tensor x, w, y;
};

void Im2Col(benchmark::State& state, const Layer& layer, cpu::ConvDirection direction) {
  int threads = static_cast<int>(state.range(0));
  SetThreadsOfCaller(threads);
  LayerTensors t(layer);
  using cpu::ConvDirection;
  auto make_plan = direction == ConvDirection::kForward ? cpu::PlanConvForward
                   : direction == ConvDirection::kInput ? cpu::PlanConvInput
                                                        : cpu::PlanConvFilter;
  cpu::ConvGemmPlan plan = make_plan(t.g, threads, sizeof(float));
  std::vector<float> scratch(plan.scratch_bytes / sizeof(float));
  float *x = t.x.data<float>(), *w = t.w.data<float>(), *y = t.y.data<float>();
  for (auto _ : state) {
    absl::Status status =
        direction == ConvDirection::kForward
            ? cpu::ConvForward<float>(plan, x, w, nullptr, EpilogueActivation::kNone, y, scratch.data())
        : direction == ConvDirection::kInput ? cpu::ConvInput<float>(plan, x, w, y, scratch.data())
                                             : cpu::ConvFilter<float>(plan, x, w, y, scratch.data());
    if (!status.ok()) state.SkipWithError("failed");
  }
}

void RegisterLayer(const Layer& layer) {
  auto attrs = [](const LayerTensors& t) { return ToAttrMap(t.attrs); };
  auto sizes = [](const Tensor& t) { return *IntTensor(t.shape().dims(), DataType::kInt32); };
  std::string name = layer.name;
  for (bool constant : {false, true}) {
    Register(name + (constant ? "/forward_constant" : "/forward"), "Conv2D", [=](KernelTester& tester) {
      LayerTensors t(layer);
      tester.Attrs(attrs(t)).Input(t.x).Input(t.w, constant);
    });
  }
  Register(name + "/input", "Conv2DBackpropInput", [=](KernelTester& tester) {
    LayerTensors t(layer);
    tester.Attrs(attrs(t)).Input(sizes(t.x)).Input(t.w).Input(t.y);
  });
  Register(name + "/filter", "Conv2DBackpropFilter", [=](KernelTester& tester) {
    LayerTensors t(layer);
    tester.Attrs(attrs(t)).Input(t.x).Input(sizes(t.w)).Input(t.y);
  });
  for (auto [direction, text] : {std::pair(cpu::ConvDirection::kForward, "/forward_im2col"),
                                 std::pair(cpu::ConvDirection::kInput, "/input_im2col"),
                                 std::pair(cpu::ConvDirection::kFilter, "/filter_im2col")}) {
    benchmark::RegisterBenchmark((name + text).c_str(),
                                 [=](benchmark::State& state) { Im2Col(state, layer, direction); })
        ->ArgName("threads")
        ->Arg(1)
        ->Arg(2)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
}

void RegisterPools(const std::string& name, Shape x, int64_t window) {
  MaxPoolAttrs attrs{.ksize = {1, window, window, 1}, .strides = {1, 2, 2, 1}};
  PoolGeometry g = *ResolvePool(attrs, x);
  Shape y{g.batch, g.height.output, g.width.output, g.channels};
  AttrMap average = ToAttrMap(AvgPoolAttrs{.ksize = attrs.ksize, .strides = attrs.strides});
  Register(name + "/max", "MaxPool", [=](KernelTester& t) { t.Attrs(ToAttrMap(attrs)).Input(RandomTensor(x)); });
  Register(name + "/max_grad", "MaxPoolGrad", [=](KernelTester& t) {
    t.Attrs(ToAttrMap(attrs)).Input(RandomTensor(x)).Input(RandomTensor(y)).Input(RandomTensor(y));
  });
  Register(name + "/avg", "AvgPool", [=](KernelTester& t) { t.Attrs(average).Input(RandomTensor(x)); });
  Register(name + "/avg_grad", "AvgPoolGrad", [=](KernelTester& t) {
    t.Attrs(average).Input(*IntTensor(x.dims(), DataType::kInt32)).Input(RandomTensor(y));
  });
}

void RegisterBias(const std::string& name, Shape shape) {
  Register(name + "/bias", "BiasAdd", [=](KernelTester& t) {
    t.Attrs(ToAttrMap(BiasAddAttrs{})).Input(RandomTensor(shape));
    t.Input(RandomTensor({shape.dim(shape.rank() - 1)})).InPlace();
  });
  Register(name + "/bias_grad", "BiasAddGrad",
           [=](KernelTester& t) { t.Attrs(ToAttrMap(BiasAddAttrs{})).Input(RandomTensor(shape)); });
}

void RegisterMatMul(const std::string& name, int64_t m, int64_t k, int64_t n) {
  auto product = [&](const char* what, bool ta, bool tb, Shape a, Shape b) {
    Register(name + what, "MatMul", [=](KernelTester& t) {
      t.Attrs(ToAttrMap(MatMulAttrs{.transpose_a = ta, .transpose_b = tb}))
          .Input(RandomTensor(a))
          .Input(RandomTensor(b));
    });
  };
  product("/y", false, false, {m, k}, {k, n});
  product("/dx", false, true, {m, n}, {k, n});
  product("/dw", true, false, {m, k}, {m, n});
  Register(name + "/fused", "_FusedMatMul", [=](KernelTester& t) {
    t.Attrs(ToAttrMap(FusedMatMulAttrs{.num_args = 1, .fused_ops = {"BiasAdd", "Relu"}}));
    t.Input(RandomTensor({m, k})).Input(RandomTensor({k, n}), true).Input(RandomTensor({n}), true);
  });
}

void RegisterAll() {
  for (const Layer& layer : kLayers) RegisterLayer(layer);
  RegisterPools("lenet_pool1_b64", {64, 24, 24, 20}, 2);
  RegisterPools("lenet_pool2_b64", {64, 8, 8, 50}, 2);
  RegisterPools("pool_3x3_64_b8", {8, 57, 57, 64}, 3);
  RegisterBias("lenet_conv1_b64", {64, 24, 24, 20});
  RegisterBias("lenet_conv2_b64", {64, 8, 8, 50});
  RegisterBias("lenet_fc1_b64", {64, 500});
  RegisterMatMul("lenet_fc1_b64", 64, 800, 500);
  RegisterMatMul("lenet_fc2_b64", 64, 500, 10);
  RegisterMatMul("lenet_fc1_b1", 1, 800, 500);
  RegisterMatMul("lenet_fc2_b1", 1, 500, 10);
  Register("lenet_loss_b64", "SparseSoftmaxCrossEntropyWithLogits", [](KernelTester& t) {
    t.Attrs(ToAttrMap(SparseSoftmaxCrossEntropyAttrs{.Tlabels = DataType::kInt32})).Input(RandomTensor({64, 10}));
    t.Input(Tensor::Vector<int32_t>(std::vector<int32_t>(64, 3)));
  });
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  sluice::RegisterAll();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
