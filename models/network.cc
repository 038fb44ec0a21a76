#include "models/network.h"

#include "graph/builders.h"
#include "graph/propagate.h"

namespace sluice {

int64_t Network::SeedOf(const std::string& variable) {
  return seeds_.try_emplace(variable, static_cast<int64_t>(seeds_.size()) + 1).first->second;
}

Endpoint Network::FirstValue(const Shape& shape, const Initializer& initializer, int64_t seed2, Scope scope) const {
  std::vector<int32_t> dims(shape.dims().begin(), shape.dims().end());
  Endpoint dims_of = scope.Named("shape").Ints(dims);
  Endpoint scale = scope.Named("scale").Scalar<float>(initializer.scale);
  const int64_t seed = this->seed();
  const DataType dtype = DataType::kFloat;
  switch (initializer.kind) {
    case Initializer::kNormal:
      return ops::Mul(scope, ops::RandomStandardNormal(scope, dims_of, {.seed = seed, .seed2 = seed2, .dtype = dtype}),
                      scale);
    case Initializer::kTruncatedNormal:
      return ops::Mul(scope, ops::TruncatedNormal(scope, dims_of, {.seed = seed, .seed2 = seed2, .dtype = dtype}),
                      scale);
    case Initializer::kUniform: {
      Endpoint noise = ops::RandomUniform(scope, dims_of, {.seed = seed, .seed2 = seed2, .dtype = dtype});
      Endpoint around_zero = ops::Sub(scope, noise, scope.Named("middle").Scalar<float>(0.5f));
      Endpoint twice = ops::Add(scope, around_zero, around_zero);
      return ops::Mul(scope, twice, scale);
    }
    default:
      break;
  }
  SLUICE_CHECK(initializer.kind == Initializer::kConstant);  // the others were resolved by For
  return ops::Fill(scope, dims_of, scale);
}

Endpoint Network::AddVariable(const std::string& name, const Shape& shape, const Initializer& initializer,
                              const VariableOptions& options) {
  if (!status().ok()) return {};
  Scope scope = options.device.empty() ? scope_ : scope_.WithDevice(options.device);
  NetworkVariable variable{.name = name, .shape = shape, .device = options.device, .trainable = options.trainable};
  variable.decays = options.trainable && options.decays.value_or(shape.rank() > 1);
  variable.handle =
      ops::VarHandleOp(scope.Named(name), {.shared_name = name, .dtype = DataType::kFloat, .shape = shape});
  Scope first = scope.SubScope(name + "/Initializer");
  Endpoint value;
  const VariablePart& part = options.part;
  // Each variable has numbers of its own; they depend on its place in the network, not on its name.
  const int64_t seed2 = SeedOf(part.extent > 0 ? part.whole : name);
  if (part.extent > 0 && initializer.kind != Initializer::kConstant) {
    Dims whole(shape.dims().begin(), shape.dims().end());
    std::vector<int32_t> begin(whole.size(), 0), size(whole.begin(), whole.end());
    begin.back() = static_cast<int32_t>(part.begin);
    whole.back() = part.extent;
    value = FirstValue(Shape(whole), initializer, seed2, first);
    value = ops::Slice(first, value, first.Named("begin").Ints(begin), first.Named("size").Ints(size));
  } else {
    value = FirstValue(shape, initializer, seed2, first);
  }
  variable.assign =
      ops::AssignVariableOp(scope.Named(name + "/Assign"), variable.handle, value, {.dtype = DataType::kFloat});
  variable.value = ops::ReadVariableOp(scope.Named(name + "/Read"), variable.handle, {.dtype = DataType::kFloat});
  variables_.push_back(variable);
  return variable.value;
}

int64_t Network::num_parameters() const {
  int64_t total = 0;
  for (const NetworkVariable& variable : variables_) {
    if (variable.trainable) total += variable.shape.num_elements();
  }
  return total;
}

void Network::OnTraining(Endpoint inference, std::vector<Endpoint> inputs, TrainingForm form, bool takes_half) {
  training_spots_.push_back({inference, std::move(inputs), std::move(form), takes_half});
}

void Network::AddAuxiliaryLoss(Endpoint logits, float weight) { auxiliary_losses_.push_back({logits, weight}); }

void Network::AddMovingAverage(Scope scope, Endpoint variable, Endpoint value, float momentum) {
  if (!status().ok()) return;
  Endpoint handle = graph().node(variable.node).inputs[0];
  Endpoint far = ops::Sub(scope, variable, value);
  Endpoint step = ops::Mul(scope, far, scope.Named("decay").Scalar<float>(1 - momentum));
  AddUpdate(ops::AssignSubVariableOp(scope, handle, step));
}

PartialShape Network::ShapeOf(Endpoint tensor) {
  if (!status().ok() || tensor.node < 0) return PartialShape::UnknownRank();
  const Graph& graph = scope_.graph();
  // Nodes are only ever added behind those they use, so what was inferred stays true.
  for (auto id = static_cast<NodeId>(infos_.size()); id < graph.id_limit(); ++id) {
    if (!graph.IsLive(id)) {
      infos_.emplace_back();
      continue;
    }
    const Node& node = graph.node(id);
    std::vector<TensorInfo> inputs;
    for (Endpoint input : node.inputs) inputs.push_back(infos_[input.node][input.index]);
    auto outputs = InferNode(node, std::move(inputs));
    if (!outputs.ok()) {
      scope_.Fail(outputs.status());
      return PartialShape::UnknownRank();
    }
    infos_.push_back(*std::move(outputs));
  }
  return infos_[tensor.node][tensor.index].shape;
}

std::string Network::LayerName(absl::string_view given, absl::string_view kind) {
  std::string base(given.empty() ? kind : given);
  std::string name = base;
  for (int n = 1; !layer_names_.insert(name).second; ++n) name = absl::StrCat(base, "_", n);
  return name;
}

NodeId Network::AddInit(std::vector<NodeId> more) {
  for (const NetworkVariable& variable : variables_) more.push_back(variable.assign);
  return ops::NoOp(scope_.WithControl(std::move(more)).Named("init"));
}

}  // namespace sluice
