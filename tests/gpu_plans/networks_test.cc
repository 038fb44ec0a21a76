// Every network, compiled for a GPU that is not there: what is placed where, which kernels are prepared, and a real cuDNN
// plan for every convolution, forward and both gradients, in each type. SLUICE_LONG_TESTS adds the deepest networks, all
// types of all convolutions, and batches of one.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/match.h"

#include "core/plan_store.h"
#include "kernels/gpu/cudnn_graph.h"
#include "kernels/gpu/device_models.h"
#include "kernels/gpu/fallbacks.h"
#include "kernels/gpu/missing_ops.h"
#include "models/catalog.h"
#include "models/training.h"
#include "runtime/prepare.h"
#include "runtime/session.h"
#include "tests/gpu_plans/no_driver.h"
#include "tests/gpu_plans/signature_text.h"

namespace sluice::gpu {
namespace {

bool WantsLong() { return std::getenv("SLUICE_LONG_TESTS") != nullptr; }

const Runtime& SharedRuntime() {
  static const Runtime& runtime = *new Runtime;
  return runtime;
}

// What is compiled of a network.
struct Compiled {
  std::vector<std::string> on_cpu;  // "Op of node", without what the table of missing ops has
  std::vector<std::string> remarks;
  std::set<std::string> plans;
};

class NetworkCompiler {
 public:
  explicit NetworkCompiler(const CatalogNetwork& entry) : entry_(entry) {
    NetworkOptions options;
    options.dtype = DataType::kFloat;
    options.scale = 1;
    if (is_split()) options.devices = {"/device:GPU:0", "/device:GPU:1"};
    logits_ = entry.Build(network_, options);
    EXPECT_TRUE(network_.status().ok()) << entry.name << network_.status();
  }
  bool can_train() const { return entry_.classes > 0; }
  bool is_split() const { return entry_.name == "alexnet_2dev"; }

  void AddTraining(DataType precision = DataType::kFloat) {
    TrainingOptions training;
    training.mixed_precision.type = precision;
    training.device = graph_.node(logits_.output.node).device;
    absl::Status added = sluice::AddTraining(logits_, training, SharedRuntime().gradients());
    EXPECT_TRUE(added.ok()) << entry_.name << added;
  }

  // `known` are plans that were made before: only what is not among them is built. What is made is added.
  Compiled Compile(int64_t batch, bool is_training, StoredPlans& known) const {
    Compiled result;
    SessionOptions options{.devices = is_split() ? "gpu@h100,gpu@h100" : "gpu@h100", .plugins = {SLUICE_CUDA_PLUGIN}};
    auto session = NewSession(SharedRuntime(), options);
    EXPECT_TRUE(session.ok()) << session.status();
    CallableOptions wanted;
    // A network for pictures of any size gets some of 256 x 256.
    auto size = [&](int i) { return entry_.input[i] > 0 ? entry_.input[i] : 256; };
    std::vector<Shape> shapes = {Shape{batch, size(0), size(1), size(2)}};
    wanted.feed = {training::kImages};
    if (is_training) {
      wanted.feed.push_back(training::kLabels);
      shapes.push_back(Shape{batch});
      wanted.fetch = {training::kTrainingLoss};
      wanted.target = {training::kTrain};
    } else {
      wanted.fetch = {graph_.NameOf(logits_.output)};
    }
    FindNodesOnCpu(wanted, (*session)->devices(), result);
    absl::Status status = known.plans.empty() ? absl::OkStatus() : (*session)->LoadPlans(known);
    if (status.ok()) status = (*session)->Create(graph_);
    Session::CallableHandle handle = 0;
    if (status.ok()) status = (*session)->MakeCallable(wanted, &handle);
    if (status.ok()) status = (*session)->CompileCallable(handle, shapes);
    EXPECT_TRUE(status.ok()) << entry_.name << " batch " << batch << (is_training ? " training: " : ": ") << status;
    for (Device* device : (*session)->devices()) {
      if (device->plan_store() == nullptr) continue;
      for (const std::string& remark : device->plan_store()->Remarks()) result.remarks.push_back(remark);
      auto saved = device->plan_store()->Save();
      EXPECT_TRUE(saved.ok()) << saved.status();
      if (!saved.ok()) continue;
      EXPECT_FALSE(saved->plans.empty()) << entry_.name << " " << device->name();
      for (const auto& [key, plan] : saved->plans) result.plans.insert(key);
      if (saved->plans.size() > known.plans.size()) known = *std::move(saved);
    }
    return result;
  }

 private:
  void FindNodesOnCpu(const CallableOptions& wanted, const std::vector<Device*>& devices, Compiled& result) const {
    PrepareOptions options{.feeds = wanted.feed, .fetches = wanted.fetch, .targets = wanted.target};
    auto prepared = PrepareGraph(graph_, options, devices, SharedRuntime());
    ASSERT_TRUE(prepared.ok()) << entry_.name << prepared.status();
    for (NodeId id : prepared->graph->node_ids()) {
      const Node& node = prepared->graph->node(id);
      if (node.assigned_device != 0) continue;
      const bool is_known = std::any_of(std::begin(kMissingOps), std::end(kMissingOps),
                                        [&](const MissingOp& row) { return node.op() == row.op; });
      // Arithmetic on shapes, which is done when compiling.
      const Endpoint first = node.inputs.empty() ? Endpoint{id, 0} : node.inputs[0];
      const DataType dtype = prepared->graph->dtype(first);
      const bool is_arithmetic = !node.schema->is_stateful && (IsInteger(dtype) || dtype == DataType::kBool);
      if (!is_known && !is_arithmetic) result.on_cpu.push_back(absl::StrCat(node.op(), " of ", node.name));
    }
  }

  const CatalogNetwork& entry_;
  Graph graph_{SharedRuntime().ops()};
  Network network_{graph_, 1};
  Layer logits_;
};

// cuDNN's refusals of these signatures, asked on both cores.
std::set<std::string> BuildAll(const std::vector<ConvSignature>& signatures) {
  auto target = DnnTarget::FromProperties(kDeviceModels[0].properties, kDeviceModels[0].sm_version);
  EXPECT_TRUE(target.ok()) << target.status();
  std::set<std::string> refused;
  std::mutex mutex;
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i = next++; i < signatures.size(); i = next++) {
      auto plan = DnnPlan::Build(signatures[i], **target);
      if (plan.ok()) continue;
      std::lock_guard lock(mutex);
      refused.insert(absl::StrCat("cuDNN refuses ", signatures[i].ToString(), ": ", plan.status().message()));
    }
  };
  std::thread other(work);
  work();
  other.join();
  return refused;
}

// What every network asks for, in the types and batches that it was not compiled in.
std::vector<ConvSignature> Variants(const std::set<std::string>& plans) {
  std::vector<ConvSignature> all;
  for (const std::string& text : plans) {
    auto signature = ParseSignature(text);
    EXPECT_TRUE(signature.has_value()) << text;
    if (!signature) continue;
    for (int64_t batch : {64, 1}) {
      for (DataType dtype : {DataType::kFloat, DataType::kHalf, DataType::kBfloat16}) {
        if (batch == signature->geometry.batch && dtype == signature->dtype) continue;
        if (batch == 1 && !WantsLong()) continue;
        ConvSignature variant = *signature;
        variant.geometry.batch = batch;
        variant.dtype = dtype;
        variant.tf32 = dtype == DataType::kFloat;
        all.push_back(variant);
      }
    }
  }
  return all;
}

TEST(NetworksOnGpu, EveryConvolutionHasAPlan) {
  if (HasDriver()) GTEST_SKIP() << "this machine has a driver";
  const auto start = std::chrono::steady_clock::now();
  auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  StoredPlans known;
  std::set<std::string> plans;
  std::set<std::string> on_cpu, refused;
  for (const CatalogNetwork& entry : Catalog()) {
    const bool is_deep = absl::StrContains(entry.name, "1202") || absl::StrContains(entry.name, "110");
    if (is_deep && !WantsLong()) continue;  // the same convolutions again
    NetworkCompiler compiler(entry);
    std::vector<Compiled> all = {compiler.Compile(64, false, known)};
    if (compiler.can_train()) {
      compiler.AddTraining();
      all.push_back(compiler.Compile(64, true, known));
    }
    for (const Compiled& compiled : all) {
      for (const std::string& remark : compiled.remarks) refused.insert(absl::StrCat(entry.name, ": ", remark));
      for (const std::string& node : compiled.on_cpu) on_cpu.insert(absl::StrCat(entry.name, ": ", node));
      plans.insert(compiled.plans.begin(), compiled.plans.end());
    }
  }
  EXPECT_GT(plans.size(), 500);
  std::cout << plans.size() << " distinct plans of float at batch 64 after " << seconds() << " s\n";
  const std::vector<ConvSignature> variants = Variants(plans);
  refused.merge(BuildAll(variants));
  std::cout << variants.size() << " of other types and batches after " << seconds() << " s\n";

  EXPECT_THAT(on_cpu, ::testing::IsEmpty()) << "what is on the CPU, and not in the table of missing ops";
  for (const Fallback& row : Fallbacks()) {
    EXPECT_GT(std::erase_if(refused, [&](const std::string& remark) { return absl::StrContains(remark, row.what); }), 0)
        << "nothing is refused that has '" << row.what << "'";
  }
  EXPECT_THAT(refused, ::testing::IsEmpty()) << "what cuDNN refuses, and is not in the table of fallbacks";
}

// Between them these have every kind of layer that computes or follows in half precision.
TEST(NetworksOnGpu, TrainingInHalfPrecisionStaysThere) {
  if (HasDriver()) GTEST_SKIP() << "this machine has a driver";
  StoredPlans known;
  std::set<std::string> on_cpu, remarks;
  for (const char* name : {"alexnet_2dev", "googlenet", "mobilenet_v2", "resnet18", "lenet"}) {
    const CatalogNetwork* entry = FindNetwork(name);
    ASSERT_NE(entry, nullptr) << name;
    for (DataType precision : {DataType::kBfloat16, DataType::kHalf}) {
      NetworkCompiler compiler(*entry);
      compiler.AddTraining(precision);
      const Compiled compiled = compiler.Compile(64, true, known);
      EXPECT_FALSE(compiled.plans.empty());
      for (const std::string& node : compiled.on_cpu) on_cpu.insert(absl::StrCat(name, ": ", node));
      for (const std::string& remark : compiled.remarks) remarks.insert(absl::StrCat(name, ": ", remark));
    }
  }
  EXPECT_THAT(on_cpu, ::testing::IsEmpty());
  EXPECT_THAT(remarks, ::testing::IsEmpty());
}

}  // namespace
}  // namespace sluice::gpu
