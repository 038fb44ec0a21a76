// A network while it is built: a graph, the variables that its layers have made, and what is known of its
// tensors' shapes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "graph/scope.h"
#include "models/initializer.h"
#include "ops/shape_context.h"

namespace SLUICE_API sluice {

// For a variable that is a part of a larger one, cut along the last axis (a layer whose units are spread over devices):
// it gets its slice of what the whole would get as first value.
struct VariablePart {
  std::string whole;   // the whole's name, the same for all parts
  int64_t begin = 0;   // where the part begins along the last axis
  int64_t extent = 0;  // of the whole along it; 0: the variable is no part
};

struct VariableOptions {
  std::string device;     // a device string or empty
  bool trainable = true;  // false: no gradient is asked for (moving averages)
  // Whether weight decay applies. Not said: to matrices and kernels, not to vectors (biases, scales and shifts).
  std::optional<bool> decays;
  VariablePart part = {};
};

// A variable of a network.
struct NetworkVariable {
  std::string name;
  Endpoint handle;
  Endpoint value;  // of a ReadVariableOp
  Shape shape;
  std::string device;
  NodeId assign = -1;  // gives it its first value
  bool trainable = true;
  bool decays = true;
};

// Builds what stands in a layer's place in training, from the training forms of its inputs. New nodes go into the
// scope, which is "training/" on the layer's device: a form opens its layer's sub-scope there.
using TrainingForm = std::function<Endpoint(Scope scope, absl::Span<const Endpoint> inputs)>;

// A tensor whose making differs in training.
struct TrainingSpot {
  Endpoint inference;            // the tensor as the network has it
  std::vector<Endpoint> inputs;  // what its training form is made from; variables need not be among them
  TrainingForm form;
  bool takes_half = false;  // the form may be built for half precision (models/mixed_precision.h), else for float alone
};

// Further logits whose loss is added, weighted, in training.
struct AuxiliaryLoss {
  Endpoint logits;
  float weight = 1;
};

// A layer of a network: what others call its result.
struct NamedLayer {
  std::string name;
  Endpoint output;
};

// Everything that is made through it is ordinary nodes of the graph: the file is the model. The first error is
// kept in the scope's status, and what follows it does nothing. Not thread-safe.
class Network {
 public:
  // The graph must outlive the network. `seed` decides the variables' first values.
  explicit Network(Graph& graph, uint64_t seed = 1) : scope_(graph), seed_(seed) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // Where new nodes go; layers open a sub-scope of their name.
  Scope& scope() { return scope_; }
  Graph& graph() { return scope_.graph(); }
  const absl::Status& status() const { return scope_.status(); }

  // Makes NAME, a VarHandleOp, with NAME/Read and NAME/Assign beside it. Returns its value.
  Endpoint AddVariable(const std::string& name, const Shape& shape, const Initializer& initializer,
                       const VariableOptions& options = {});
  const std::vector<NetworkVariable>& variables() const { return variables_; }
  // Of the trainable variables.
  int64_t num_parameters() const;

  // --- What differs in training (models/training.h builds it) ---
  // The network is built once, as it is used for inference. A layer that trains otherwise says so here:
  //   network.OnTraining(y, {x}, [=](Scope scope, absl::Span<const Endpoint> x) { return …; });
  // The form is called once by AddTraining, after the network is complete. `takes_half`: its inputs may be of another
  // floating type than the inference form's, of which it then makes its output.
  void OnTraining(Endpoint inference, std::vector<Endpoint> inputs, TrainingForm form, bool takes_half = false);
  const std::vector<TrainingSpot>& training_spots() const { return training_spots_; }
  void AddAuxiliaryLoss(Endpoint logits, float weight);
  const std::vector<AuxiliaryLoss>& auxiliary_losses() const { return auxiliary_losses_; }
  // A node that every training step runs besides the updates; for forms.
  void AddUpdate(NodeId node) { updates_.push_back(node); }
  // An update: the variable whose value (as AddVariable returned it) is `variable` becomes
  // momentum · variable + (1 - momentum) · value.
  void AddMovingAverage(Scope scope, Endpoint variable, Endpoint value, float momentum);
  const std::vector<NodeId>& updates() const { return updates_; }

  // A seed for a random node that no other node of the network has; a function of the order of the calls. The
  // node's `seed` is `seed()`.
  int64_t NextSeed() { return kFirstSpotSeed + num_spot_seeds_++; }
  int64_t seed() const { return static_cast<int64_t>(seed_); }

  // --- Layers ---
  // `given` or else `kind`, made unique: "conv2d", "conv2d_1" …
  std::string LayerName(absl::string_view given, absl::string_view kind);
  // Says what a layer's result is. The layers are in the order of these calls.
  void AddLayer(const std::string& name, Endpoint output) { layers_.push_back({name, output}); }
  const std::vector<NamedLayer>& layers() const { return layers_; }

  // What is known of a tensor; unknown rank after an error.
  PartialShape ShapeOf(Endpoint tensor);

  // Adds the NoOp `init`, which runs every NAME/Assign, and `more`.
  NodeId AddInit(std::vector<NodeId> more = {});

 private:
  // Seeds of variables count from 1; those of spots lie beyond.
  static constexpr int64_t kFirstSpotSeed = int64_t{1} << 32;

  Endpoint FirstValue(const Shape& shape, const Initializer& initializer, int64_t seed2, Scope scope) const;
  int64_t SeedOf(const std::string& variable);

  Scope scope_;
  const uint64_t seed_;
  std::vector<NetworkVariable> variables_;
  std::vector<TrainingSpot> training_spots_;
  std::vector<AuxiliaryLoss> auxiliary_losses_;
  std::vector<NodeId> updates_;
  std::vector<std::vector<TensorInfo>> infos_;  // by node id, as far as asked for
  std::vector<NamedLayer> layers_;
  absl::flat_hash_set<std::string> layer_names_;
  absl::flat_hash_map<std::string, int64_t> seeds_;  // of variables, by name or by the whole's name
  int64_t num_spot_seeds_ = 0;
};

}  // namespace sluice
