// What layers take and give.
#pragma once

#include "models/network.h"

namespace SLUICE_API sluice {

// A tensor of a network. Cheap to copy; the network must outlive it.
struct Layer {
  Network* network = nullptr;
  Endpoint output;

  PartialShape shape() const { return network->ShapeOf(output); }
};

}  // namespace sluice
