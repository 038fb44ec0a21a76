// What the layers' own files share.
#pragma once

#include <string>

#include "models/layer.h"

namespace sluice {

// A layer while it is built: its name, and where its nodes go.
struct LayerScope {
  // `given` or `kind` names the layer; `device` is a device string or empty.
  LayerScope(const Layer& input, absl::string_view given, absl::string_view kind, const std::string& device);

  // The layer's result, which is then known under its name.
  Layer Result(Endpoint output) const;
  Layer Failed(absl::Status status) const;
  // Dimension `axis` of a tensor of rank `rank`; 1 and an error where it is not known.
  int64_t KnownDim(Endpoint x, int rank, int axis) const;
  // The value of the variable NAME/what, on the layer's device.
  Endpoint Variable(const std::string& what, const Shape& shape, const Initializer& initializer,
                    const VariableOptions& options = {}) const;
  Endpoint Activate(Endpoint x, const std::string& activation) const;

  Network& network;
  const std::string name;
  const std::string device;
  const Scope scope;  // NAME/ on the device
};

// `activation` of x, as layers.h lists them; an unknown one is an error of the scope.
Endpoint Activate(Scope scope, Endpoint x, const std::string& activation);

}  // namespace sluice
