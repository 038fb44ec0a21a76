// A network of the catalog with fixed weights, run on some devices: what it computes, and what a step of training makes of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/catalog.h"
#include "models/training.h"
#include "runtime/session.h"

namespace sluice::gpu_check {

// The same numbers whatever the devices.
struct NetworkResult {
  Tensor answer;                            // of the last inference: logits, or a picture
  std::vector<float> losses;                // one a step
  std::map<std::string, Tensor> variables;  // after the last step
  std::vector<std::string> warnings;        // of placement
};

class NetworkRun {
 public:
  // `options` but for its types, which are float; training computes in `precision`. Ask status() first.
  NetworkRun(const Runtime& runtime, const CatalogNetwork& entry, NetworkOptions options, DataType precision);
  const absl::Status& status() const { return status_; }

  // Inference so many times, then as many steps of training where the network has classes; all of the same batch, and every
  // step from the same weights (but not the same momentum), so that what differs does not grow.
  absl::StatusOr<NetworkResult> Run(const SessionOptions& where, int64_t batch, int runs) const;
  // How far training moved the variables apart: the length of the difference of both results over that of what the first
  // moved.
  double Drift(const NetworkResult& expected, const NetworkResult& actual) const;

 private:
  absl::Status SetWeights(Session& session) const;
  bool can_train() const { return entry_.classes > 0; }

  const Runtime& runtime_;
  const CatalogNetwork& entry_;
  Graph graph_;
  Network network_;
  Layer answer_;
  std::vector<int64_t> picture_;  // height, width, channels
  absl::Status status_;
};

}  // namespace sluice::gpu_check
