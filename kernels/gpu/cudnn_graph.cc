#include "kernels/gpu/cudnn_graph.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "cudnn_frontend.h"
#include "kernels/gpu/choose_plan.h"

namespace sluice::gpu {
namespace {

namespace fe = cudnn_frontend;

enum Uid : int64_t { kX = 1, kW, kY, kBias, kResidual };

class Target : public DnnTarget {
 public:
  Target(std::shared_ptr<fe::DeviceProperties> properties, int sm_version, std::string description)
      : properties_(std::move(properties)), sm_version_(sm_version), description_(std::move(description)) {}
  const std::string& description() const override { return description_; }
  void Configure(fe::graph::Graph& graph) const {
    graph.set_device_properties(properties_);
    if (sm_version_ > 0) graph.set_sm_version(sm_version_);
  }

 private:
  const std::shared_ptr<const fe::DeviceProperties> properties_;
  const int sm_version_;
  const std::string description_;
};

// `json` is cuDNN's own of a device.
std::string DescribeProperties(const std::string& json) {
  const auto values = nlohmann::json::parse(json);
  const int version = values.at("deviceVer");  // 900
  return absl::StrCat(values.at("deviceName").get<std::string>(), ", compute capability ", version / 100, ".",
                      version % 100 / 10, ", ", values.at("multiProcessorCount").get<int>(), " multiprocessors");
}

absl::Status FromFrontend(fe::error_t error, const char* stage) {
  if (error.is_good()) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("cuDNN, ", stage, ": ", error.get_message()));
}

// cudnn_frontend throws nothing on purpose, but its JSON and its containers may.
template <class F>
auto Guarded(const F& f) -> decltype(f()) {
  try {
    return f();
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("cudnn_frontend: ", e.what()));
  }
}

fe::DataType_t ToDnn(DataType dtype) {
  switch (dtype) {
    case DataType::kHalf:
      return fe::DataType_t::HALF;
    case DataType::kBfloat16:
      return fe::DataType_t::BFLOAT16;
    case DataType::kDouble:
      return fe::DataType_t::DOUBLE;
    default:
      return fe::DataType_t::FLOAT;
  }
}

using Tensor = std::shared_ptr<fe::graph::Tensor_attributes>;

// cuDNN's dimensions are in the order NCHW whatever the strides say.
Tensor Image(fe::graph::Graph& graph, Uid uid, const char* name, int64_t n, int64_t c, int64_t h, int64_t w,
             int64_t pitch) {
  if (pitch == 0) pitch = c;
  return graph.tensor(fe::graph::Tensor_attributes()
                          .set_name(name)
                          .set_uid(uid)
                          .set_dim({n, c, h, w})
                          .set_stride({h * w * pitch, 1, w * pitch, pitch}));
}

Tensor Filter(fe::graph::Graph& graph, const Conv2DGeometry& g) {
  return Image(graph, kW, "w", g.out_channels, g.group_in(), g.height.window, g.width.window, 0);
}

template <class Attributes>
Attributes& SetWindow(Attributes& attributes, const Conv2DGeometry& g) {
  attributes.set_pre_padding({g.height.pad_before, g.width.pad_before})
      .set_post_padding({g.height.pad_after, g.width.pad_after})
      .set_stride({g.height.stride, g.width.stride})
      .set_dilation({g.height.dilation, g.width.dilation});
  return attributes;
}

// The residual has the layout of a dense y.
Tensor AddEpilogue(fe::graph::Graph& graph, const ConvSignature& s, Tensor y) {
  const Conv2DGeometry& g = s.geometry;
  const auto add = fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::ADD);
  if (s.residual) {
    Tensor residual = Image(graph, kResidual, "residual", g.batch, g.out_channels, g.height.output, g.width.output, 0);
    y = graph.pointwise(y, residual, add);
  }
  if (s.bias) {
    Tensor bias = Image(graph, kBias, "bias", 1, g.out_channels, 1, 1, 0);
    y = graph.pointwise(y, bias, add);
  }
  if (s.activation != EpilogueActivation::kNone) {
    auto relu = fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::RELU_FWD);
    if (s.activation == EpilogueActivation::kRelu6) relu.set_relu_upper_clip(6.0f);
    y = graph.pointwise(y, relu);
  }
  return y;
}

std::shared_ptr<fe::graph::Graph> MakeGraph(const ConvSignature& s, const DnnTarget& target) {
  auto owned = std::make_shared<fe::graph::Graph>();
  fe::graph::Graph& graph = *owned;
  static_cast<const Target&>(target).Configure(graph);
  const auto compute = s.dtype == DataType::kDouble ? fe::DataType_t::DOUBLE : fe::DataType_t::FLOAT;
  graph.set_io_data_type(ToDnn(s.dtype)).set_intermediate_data_type(compute).set_compute_data_type(compute);
  const Conv2DGeometry& g = s.geometry;
  auto x = [&] { return Image(graph, kX, "x", g.batch, g.in_channels, g.height.input, g.width.input, s.x_pitch); };
  auto y = [&] { return Image(graph, kY, "y", g.batch, g.out_channels, g.height.output, g.width.output, s.y_pitch); };
  switch (s.direction) {
    case DnnDirection::kForward: {
      fe::graph::Conv_fprop_attributes attributes;
      Tensor out = AddEpilogue(graph, s, graph.conv_fprop(x(), Filter(graph, g), SetWindow(attributes, g)));
      const int64_t pitch = s.y_pitch == 0 ? g.out_channels : s.y_pitch;
      out->set_output(true).set_uid(kY).set_dim({g.batch, g.out_channels, g.height.output, g.width.output});
      out->set_stride({g.output_pixels() * pitch, 1, g.width.output * pitch, pitch});
      break;
    }
    case DnnDirection::kInput: {
      fe::graph::Conv_dgrad_attributes attributes;
      Tensor out = graph.conv_dgrad(y(), Filter(graph, g), SetWindow(attributes, g));
      const int64_t pitch = s.x_pitch == 0 ? g.in_channels : s.x_pitch;
      out->set_output(true).set_uid(kX).set_dim({g.batch, g.in_channels, g.height.input, g.width.input});
      out->set_stride({g.height.input * g.width.input * pitch, 1, g.width.input * pitch, pitch});
      break;
    }
    case DnnDirection::kFilter: {
      fe::graph::Conv_wgrad_attributes attributes;
      Tensor out = graph.conv_wgrad(y(), x(), SetWindow(attributes, g));
      const int64_t h = g.height.window, w = g.width.window, c = g.group_in();
      out->set_output(true).set_uid(kW).set_dim({g.out_channels, c, h, w}).set_stride({h * w * c, 1, w * c, c});
      break;
    }
  }
  return owned;
}

std::unordered_map<int64_t, void*> PackOf(const ConvSignature& s, const ConvPointers& p) {
  std::unordered_map<int64_t, void*> pack = {
      {kX, const_cast<void*>(p.x)}, {kW, const_cast<void*>(p.w)}, {kY, const_cast<void*>(p.y)}};
  if (s.bias) pack[kBias] = const_cast<void*>(p.bias);
  if (s.residual) pack[kResidual] = const_cast<void*>(p.residual);
  return pack;
}

// The graph with cuDNN's list of candidates for it, none built.
absl::StatusOr<std::shared_ptr<fe::graph::Graph>> MakeCandidates(const ConvSignature& signature,
                                                                 const DnnTarget& target) {
  std::shared_ptr<fe::graph::Graph> graph = MakeGraph(signature, target);
  SLUICE_RETURN_IF_ERROR(FromFrontend(graph->validate(), "validation"));
  SLUICE_RETURN_IF_ERROR(FromFrontend(graph->build_operation_graph(), "operation graph"));
  SLUICE_RETURN_IF_ERROR(
      FromFrontend(graph->create_execution_plans({fe::HeurMode_t::A, fe::HeurMode_t::FALLBACK}), "plans"));
  std::vector<fe::NumericalNote_t> unwanted;
  if (signature.dtype == DataType::kFloat && !signature.tf32) unwanted.push_back(fe::NumericalNote_t::TENSOR_CORE);
  if (signature.deterministic) unwanted.push_back(fe::NumericalNote_t::NONDETERMINISTIC);
  graph->deselect_numeric_notes(unwanted);
  SLUICE_RETURN_IF_ERROR(FromFrontend(graph->check_support(), "support"));
  return graph;
}

// Memory for one run of a plan: its tensors and its workspace, one behind the other.
absl::StatusOr<ConvPointers> Lay(const ConvSignature& s, int64_t workspace_bytes, PlanTimer& timer, void*& workspace) {
  const Conv2DGeometry& g = s.geometry;
  const auto element = static_cast<int64_t>(DataTypeSize(s.dtype));
  const int64_t input_pixels = g.batch * g.height.input * g.width.input, pixels = g.batch * g.output_pixels();
  const int64_t bytes[] = {
      input_pixels * std::max(s.x_pitch, g.in_channels) * element, g.window_elements() * g.out_channels * element,
      pixels * std::max(s.y_pitch, g.out_channels) * element,      g.out_channels * element,
      s.residual ? pixels * g.out_channels * element : 0,          workspace_bytes};
  constexpr int64_t kAlignment = 256;
  int64_t offsets[7] = {};
  for (int i = 0; i < 6; ++i) offsets[i + 1] = (offsets[i] + bytes[i] + kAlignment - 1) / kAlignment * kAlignment;
  SLUICE_ASSIGN_OR_RETURN(char* memory, timer.Memory(static_cast<size_t>(offsets[6])));
  workspace = memory + offsets[5];
  ConvPointers p;
  p.x = memory;
  p.w = memory + offsets[1];
  p.y = memory + offsets[2];
  p.bias = memory + offsets[3];
  p.residual = memory + offsets[4];
  return p;
}

// Builds the first candidates that can be built, and of these the fastest last, which makes it the graph's choice.
absl::Status BuildFastestOf(fe::graph::Graph& graph, const ConvSignature& signature, PlanTimer& timer) {
  constexpr size_t kMostCandidates = 10;
  std::vector<int64_t> built;
  int64_t workspace_bytes = 0;
  const int64_t count = graph.get_execution_plan_count();
  for (int64_t i = 0; i < count && built.size() < kMostCandidates; ++i) {
    if (graph.build_plan_at_index(i).is_bad()) continue;
    int64_t bytes = 0;
    if (graph.get_workspace_size_plan_at_index(i, bytes).is_bad()) continue;
    workspace_bytes = std::max(workspace_bytes, bytes);
    built.push_back(i);
  }
  void* workspace = nullptr;
  SLUICE_ASSIGN_OR_RETURN(const ConvPointers pointers, Lay(signature, workspace_bytes, timer, workspace));
  auto pack = PackOf(signature, pointers);
  auto time = [&](int candidate) {
    return timer.Time([&](cudnnContext* handle) {
      return FromFrontend(graph.execute_plan_at_index(handle, pack, workspace, built[candidate]), "execution");
    });
  };
  SLUICE_ASSIGN_OR_RETURN(const int fastest, ChooseFastest(static_cast<int>(built.size()), time));
  return FromFrontend(graph.build_plan_at_index(built[fastest]), "building");
}

class Plan : public DnnPlan {
 public:
  Plan(const ConvSignature& signature, std::shared_ptr<fe::graph::Graph> graph)
      : signature_(signature), graph_(std::move(graph)) {}

  absl::Status Finish() { return FromFrontend(graph_->get_workspace_size(workspace_), "size of the workspace"); }
  absl::Status FindName() { return FromFrontend(graph_->get_plan_name(name_), "name of the plan"); }
  void set_name(std::string name) { name_ = std::move(name); }
  int64_t workspace_bytes() const override { return workspace_; }
  const std::string& name() const override { return name_; }

  absl::StatusOr<std::vector<uint8_t>> Serialize() const override {
    return Guarded([&]() -> absl::StatusOr<std::vector<uint8_t>> {
      std::vector<uint8_t> bytes;
      SLUICE_RETURN_IF_ERROR(FromFrontend(graph_->serialize(bytes), "serialisation"));
      // cuDNN's own bytes do not have the name: it stands in front, with a zero behind it.
      std::vector<uint8_t> all(name_.begin(), name_.end());
      all.push_back(0);
      all.insert(all.end(), bytes.begin(), bytes.end());
      return all;
    });
  }

  absl::Status Execute(cudnnContext* handle, const ConvPointers& p, void* workspace) const override {
    return Guarded([&]() -> absl::Status {
      auto pack = PackOf(signature_, p);
      fe::error_t error = graph_->execute(handle, pack, workspace);
      if (error.is_good()) return absl::OkStatus();
      return absl::AbortedError(absl::StrCat("cuDNN (", name_, "): ", error.get_message()));
    });
  }

 private:
  const ConvSignature signature_;
  const std::shared_ptr<fe::graph::Graph> graph_;
  int64_t workspace_ = 0;
  std::string name_;
};

// The plan of a graph with a choice.
absl::StatusOr<std::shared_ptr<const DnnPlan>> Finished(const ConvSignature& signature,
                                                        std::shared_ptr<fe::graph::Graph> graph) {
  auto plan = std::make_shared<Plan>(signature, std::move(graph));
  SLUICE_RETURN_IF_ERROR(plan->Finish());
  SLUICE_RETURN_IF_ERROR(plan->FindName());
  return plan;
}

}  // namespace

std::string ConvSignature::ToString() const {
  constexpr const char* kDirections[] = {"forward", "data gradient", "filter gradient"};
  constexpr const char* kActivations[] = {"", " + relu", " + relu6"};
  const Conv2DGeometry& g = geometry;
  auto axis = [](const WindowAxis& a) {
    return absl::StrCat(a.input, "->", a.output, " window ", a.window, "/", a.stride, "*", a.dilation, " pad ",
                        a.pad_before, "+", a.pad_after);
  };
  return absl::StrCat(kDirections[static_cast<int>(direction)], " ", DataTypeName(dtype), tf32 ? " tf32" : "",
                      deterministic ? " deterministic" : "", ", batch ", g.batch, ", channels ", g.in_channels, "->",
                      g.out_channels, " groups ", g.groups, ", height ", axis(g.height), ", width ", axis(g.width),
                      residual ? " + residual" : "", bias ? " + bias" : "", kActivations[static_cast<int>(activation)],
                      x_pitch > 0 ? absl::StrCat(", x pitch ", x_pitch) : "",
                      y_pitch > 0 ? absl::StrCat(", y pitch ", y_pitch) : "");
}

absl::StatusOr<std::shared_ptr<const DnnTarget>> DnnTarget::FromProperties(const std::string& json, int sm_version) {
  return Guarded([&]() -> absl::StatusOr<std::shared_ptr<const DnnTarget>> {
    auto properties = std::make_shared<fe::DeviceProperties>();
    const std::vector<uint8_t> bytes(json.begin(), json.end());
    SLUICE_RETURN_IF_ERROR(FromFrontend(properties->deserialize(bytes), "device properties"));
    return std::make_shared<Target>(std::move(properties), sm_version, DescribeProperties(json));
  });
}

absl::StatusOr<std::shared_ptr<const DnnTarget>> DnnTarget::FromDevice(int ordinal) {
  return Guarded([&]() -> absl::StatusOr<std::shared_ptr<const DnnTarget>> {
    auto properties = std::make_shared<fe::DeviceProperties>();
    properties->set_device_id(ordinal);
    SLUICE_RETURN_IF_ERROR(FromFrontend(properties->build(), "device properties"));
    std::vector<uint8_t> bytes;
    SLUICE_RETURN_IF_ERROR(FromFrontend(properties->serialize(bytes), "device properties"));
    std::string json(bytes.begin(), bytes.end());
    json.resize(std::strlen(json.c_str()));  // cuDNN counts the zero at the end
    return std::make_shared<Target>(std::move(properties), 0, DescribeProperties(json));
  });
}

absl::StatusOr<std::shared_ptr<const DnnPlan>> DnnPlan::Build(const ConvSignature& signature, const DnnTarget& target) {
  return Guarded([&]() -> absl::StatusOr<std::shared_ptr<const DnnPlan>> {
    SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<fe::graph::Graph> graph, MakeCandidates(signature, target));
    SLUICE_RETURN_IF_ERROR(FromFrontend(graph->build_plans(), "building"));
    return Finished(signature, std::move(graph));
  });
}

absl::StatusOr<std::shared_ptr<const DnnPlan>> DnnPlan::BuildFastest(const ConvSignature& signature,
                                                                     const DnnTarget& target, PlanTimer& timer) {
  return Guarded([&]() -> absl::StatusOr<std::shared_ptr<const DnnPlan>> {
    SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<fe::graph::Graph> graph, MakeCandidates(signature, target));
    if (!BuildFastestOf(*graph, signature, timer).ok()) return Build(signature, target);
    return Finished(signature, std::move(graph));
  });
}

absl::StatusOr<std::shared_ptr<const DnnPlan>> DnnPlan::Load(const ConvSignature& signature, const DnnTarget& target,
                                                             const std::vector<uint8_t>& bytes) {
  return Guarded([&]() -> absl::StatusOr<std::shared_ptr<const DnnPlan>> {
    auto graph = std::make_shared<fe::graph::Graph>();
    static_cast<const Target&>(target).Configure(*graph);
    const auto end_of_name = std::find(bytes.begin(), bytes.end(), 0);
    if (end_of_name == bytes.end()) return absl::DataLossError("a stored plan without a name");
    const std::vector<uint8_t> data(end_of_name + 1, bytes.end());
    SLUICE_RETURN_IF_ERROR(FromFrontend(graph->deserialize(data), "a stored plan"));
    auto plan = std::make_shared<Plan>(signature, std::move(graph));
    plan->set_name(std::string(bytes.begin(), end_of_name));
    SLUICE_RETURN_IF_ERROR(plan->Finish());
    return plan;
  });
}

absl::StatusOr<cudnnContext*> NewDnnHandle(void* stream) {
  cudnnHandle_t handle = nullptr;
  cudnnStatus_t status = cudnnCreate(&handle);
  if (status == CUDNN_STATUS_SUCCESS) {
    status = cudnnSetStream(handle, static_cast<cudaStream_t>(stream));
    if (status == CUDNN_STATUS_SUCCESS) return handle;
    cudnnDestroy(handle);
  }
  return absl::AbortedError(absl::StrCat("cuDNN gives no handle: ", cudnnGetErrorString(status)));
}

void DeleteDnnHandle(cudnnContext* handle) { cudnnDestroy(handle); }

std::string DnnVersion() {
  const size_t version = cudnnGetVersion();
  return absl::StrCat(version / 10000, ".", version % 10000 / 100, ".", version % 100);
}

}  // namespace sluice::gpu
