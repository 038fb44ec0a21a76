// Every op against what TensorFlow computes: vectors/<Op>.pb holds cases as README.md describes them. A case is run
// with its inputs as constants that the kernel sees while it prepares and with inputs that it only sees in Run, and the
// shape function is asked with whole, partial and no knowledge. What is written for NCHW, for which there are no kernels,
// goes through the layout pass first.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "absl/strings/match.h"

#include "graph/import.h"
#include "graph/passes.h"
#include "graph/propagate.h"
#include "io/png.h"
#include "io/summary.h"
#include "kernels/cpu/register_all.h"
#include "kernels/gpu/register_all.h"
#include "ops/register_all.h"
#include "tests/graph/compare.h"
#include "tests/graph/interpreter.h"

namespace sluice {
namespace {

using testing::Difference;
using testing::Interpreter;
using testing::Tolerance;

constexpr int kMaxReported = 5;  // failing cases of one op that are printed

// A recorded op and whose kernels compute it. kGpuOnHost: those of kernels/gpu/ as the host's compiler makes them, and the
// CPU's where they have none.
enum class KernelSet { kCpu, kGpuOnHost };
struct ConformanceCase {
  std::string op;
  KernelSet kernels;
};

std::vector<ConformanceCase> RecordedOps() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_TESTS_DIR "/conformance/vectors")) {
    std::string stem = entry.path().stem().string();
    if (entry.path().extension() == ".pb" && stem.rfind("lenet", 0) != 0) names.push_back(stem);
  }
  std::sort(names.begin(), names.end());
  KernelRegistry gpu;
  gpu::RegisterAllKernels(gpu);
  std::vector<ConformanceCase> cases;
  for (const std::string& name : names) {
    cases.push_back({name, KernelSet::kCpu});
    if (gpu.Has(name)) cases.push_back({name, KernelSet::kGpuOnHost});
  }
  return cases;
}

Tolerance ToleranceOf(const std::string& op) {
  if (op == "RandomUniform") return {0, 0};
  if (op == "RandomStandardNormal" || op == "TruncatedNormal") return {1e-6, 1e-14};
  return {};
}

// Pictures in summaries are compared decoded, since the bytes of a PNG file are zlib's; a level off is rounding.
std::string PictureDifference(const Tensor& actual, const Tensor& expected) {
  auto is = ParseSummary(*actual.data<std::string>()), should_be = ParseSummary(*expected.data<std::string>());
  if (!is.ok() || !should_be.ok() || is->size() != should_be->size()) return "not as many values";
  for (size_t i = 0; i < is->size(); ++i) {
    if ((*is)[i].tag != (*should_be)[i].tag) return absl::StrCat("tag ", (*is)[i].tag);
    auto& a = std::get<SummaryPicture>((*is)[i].value);
    auto& b = std::get<SummaryPicture>((*should_be)[i].value);
    auto pixels = DecodePng(a.encoded), wanted = DecodePng(b.encoded);
    if (!pixels.ok() || !wanted.ok() || !(pixels->shape() == wanted->shape()) || a.height != b.height ||
        a.width != b.width || a.channels != b.channels) {
      return absl::StrCat("picture ", i, " has another shape");
    }
    for (int64_t j = 0; j < pixels->num_elements(); ++j) {
      int difference = pixels->data<uint8_t>()[j] - wanted->data<uint8_t>()[j];
      if (std::abs(difference) > 1) return absl::StrCat("picture ", i, ", byte ", j, " is off by ", difference);
    }
  }
  return "";
}

class Conformance : public ::testing::TestWithParam<ConformanceCase> {
 protected:
  void SetUp() override {
    RegisterAllOps(ops_);
    // The first that fits is taken.
    if (GetParam().kernels == KernelSet::kGpuOnHost) gpu::RegisterAllKernels(kernels_);
    cpu::RegisterAllKernels(kernels_);
  }

  // What is wrong with one case.
  absl::Status Check(const Graph& graph, const std::string& name) {
    SLUICE_RETURN_IF_ERROR(CheckPartialShapes(graph, name));
    Graph turned(ops_);
    const Node& op = *graph.Find(name + "/op");
    auto format = op.attrs.find("data_format");
    bool channels_first = format != op.attrs.end() && format->second == AttrValue("NCHW");
    if (channels_first) {
      PassContext context;
      context.cpu_kernels = &kernels_;
      context.fetched = {Endpoint{op.id, 0}};
      for (NodeId id : graph.node_ids()) {  // expected0 and the like
        if (absl::StartsWith(graph.node(id).name, name + "/")) context.targets.insert(id);
      }
      turned = graph;
      SLUICE_RETURN_IF_ERROR(Prune(turned, context));
      SLUICE_RETURN_IF_ERROR(Layout(turned, context));
    }
    const Graph& run = channels_first ? turned : graph;
    for (bool constant : {true, false}) {
      Interpreter interpreter(run, kernels_);
      interpreter.ConstantInputs(constant).Threads(constant ? 1 : 2);
      absl::Status status = Run(run, name, run.node(op.id), interpreter);
      if (!status.ok()) {
        return WithContext(status, constant ? "with constant inputs" : "with inputs that are not constant");
      }
    }
    return absl::OkStatus();
  }

  std::string Describe(const Graph& graph, const std::string& name) {
    const Node& op = *graph.Find(name + "/op");
    std::string text = absl::StrCat("case ", name, ": ", op.op(), "(");
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      const Node& from = graph.node(op.inputs[i].node);
      auto value = from.attrs.find("value");
      auto* tensor = value == from.attrs.end() ? nullptr : std::get_if<Tensor>(&value->second.value);
      absl::StrAppend(&text, i ? ", " : "", tensor != nullptr ? tensor->ToString(12) : from.op());
    }
    text += ")";
    for (const auto& [attr, value] : op.attrs) absl::StrAppend(&text, " ", attr, "=", AttrToString(value));
    return text;
  }

  OpRegistry ops_;
  KernelRegistry kernels_;

 private:
  static const Tensor* Recorded(const Graph& graph, const std::string& node) {
    const Node* found = graph.Find(node);
    if (found == nullptr || found->op() != "Const") return nullptr;
    return std::get_if<Tensor>(&found->attrs.at("value").value);
  }

  static absl::Status Compare(const Graph& graph, const std::string& prefix, const std::vector<Tensor>& values,
                              const std::string& op) {
    for (size_t i = 0; i < values.size(); ++i) {
      const Tensor* expected = Recorded(graph, absl::StrCat(prefix, i));
      if (expected == nullptr) return absl::InternalError(absl::StrCat("no ", prefix, i));
      std::string difference = op == "ImageSummary" ? PictureDifference(values[i], *expected)
                                                    : Difference(values[i], *expected, ToleranceOf(op));
      if (!difference.empty()) return absl::InternalError(absl::StrCat(prefix, i, ": ", difference));
    }
    return absl::OkStatus();
  }

  // The steps of recorder/variables.py and recorder/random_numbers.py; plain cases have the middle one alone.
  absl::Status Run(const Graph& graph, const std::string& name, const Node& op, Interpreter& interpreter) {
    std::vector<NodeId> assigns;
    std::vector<Endpoint> reads;
    for (const char* variable : {"", "accum_", "m_", "v_", "mg_", "ms_", "mom_"}) {  // in the order of every op
      if (const Node* n = graph.Find(absl::StrCat(name, "/", variable, "assign"))) assigns.push_back(n->id);
      if (const Node* n = graph.Find(absl::StrCat(name, "/", variable, "read"))) reads.push_back({n->id, 0});
    }
    bool assigns_between = op.op() == "VarIsInitializedOp";
    if (!assigns_between) SLUICE_RETURN_IF_ERROR(interpreter.Run({}, {}, assigns).status());
    for (const char* run : {"expected", "second"}) {
      if (graph.Find(absl::StrCat(name, "/", run, "0")) == nullptr) continue;
      std::vector<Endpoint> outputs;
      for (size_t i = 0; i < op.output_types.size(); ++i) outputs.push_back({op.id, static_cast<int>(i)});
      SLUICE_ASSIGN_OR_RETURN(std::vector<Tensor> values, interpreter.Run({}, outputs, {op.id}));
      if (outputs.empty()) {
        SLUICE_ASSIGN_OR_RETURN(values, interpreter.Run({}, reads));
      }
      SLUICE_RETURN_IF_ERROR(Compare(graph, absl::StrCat(name, "/", run), values, GetParam().op));
      if (assigns_between) SLUICE_RETURN_IF_ERROR(interpreter.Run({}, {}, assigns).status());
    }
    return absl::OkStatus();
  }

  // The less is known, the less may be said, but nothing that is wrong.
  static absl::Status CheckPartialShapes(const Graph& graph, const std::string& name) {
    const Node& op = *graph.Find(name + "/op");
    for (bool know_rank : {false, true}) {
      for (bool know_dims : {false, true}) {
        if (know_dims && !know_rank) continue;
        std::vector<TensorInfo> infos;
        for (Endpoint e : op.inputs) {
          TensorInfo info{graph.dtype(e), {}, std::nullopt, std::nullopt, nullptr};
          const Tensor* value = Recorded(graph, graph.node(e.node).name);
          if (value == nullptr) return absl::OkStatus();
          if (know_rank) info.shape = PartialShape::OfRank(value->shape().rank());
          if (know_dims) info.shape = value->shape();
          infos.push_back(std::move(info));
        }
        auto outputs = InferNode(op, std::move(infos));
        SLUICE_RETURN_IF_ERROR(WithContext(outputs.status(), "shapes without values"));
        for (size_t i = 0; i < outputs->size(); ++i) {
          const Tensor* expected = Recorded(graph, absl::StrCat(name, "/expected", i));
          if (expected != nullptr && !(*outputs)[i].shape.IsCompatibleWith(expected->shape())) {
            return absl::InternalError(absl::StrCat("without values, output ", i, " has shape ",
                                                    (*outputs)[i].shape.ToString(), ", expected ",
                                                    expected->shape().ToString()));
          }
        }
      }
    }
    return absl::OkStatus();
  }
};

TEST_P(Conformance, ComputesWhatTensorFlowDoes) {
  std::ifstream file(absl::StrCat(SLUICE_TESTS_DIR "/conformance/vectors/", GetParam().op, ".pb"), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  auto graph = ImportGraphDef(bytes, ops_);
  ASSERT_TRUE(graph.ok()) << graph.status();

  int cases = 0, failed = 0;
  for (NodeId id : graph->node_ids()) {
    const Node& node = graph->node(id);
    size_t slash = node.name.rfind('/');
    if (slash == std::string::npos || node.name.substr(slash) != "/op") continue;
    std::string name = node.name.substr(0, slash);
    ++cases;
    absl::Status status = Check(*graph, name);
    if (status.ok()) continue;
    if (++failed <= kMaxReported) ADD_FAILURE() << Describe(*graph, name) << "\n  " << status.message();
  }
  EXPECT_GT(cases, 0);
  if (failed > kMaxReported) ADD_FAILURE() << failed << " of " << cases << " cases failed";
}

INSTANTIATE_TEST_SUITE_P(Vectors, Conformance, ::testing::ValuesIn(RecordedOps()), [](const auto& info) {
  return info.param.op + (info.param.kernels == KernelSet::kCpu ? "" : "OnGpuKernels");
});

}  // namespace
}  // namespace sluice
