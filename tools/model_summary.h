// The short description of a model that `sluice inspect` prints.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/json_report.h"
#include "tools/model_interface.h"

namespace sluice::tools {

struct ModelSummary {
  std::string path;
  int num_nodes = 0;
  int producer = 0;
  std::vector<FedTensor> inputs, outputs;
  std::map<std::string, int> ops;
  std::map<std::string, int> devices;  // device strings of nodes
  int64_t control_edges = 0;
  // Trainable ones: elements of floating variables but for the slots of optimisers (a variable's name and one word
  // more); in a graph without variables, of floating constants that are not scalars.
  int64_t parameters = 0;
  int64_t parameter_bytes = 0;
  bool parameters_are_constants = false;
  // Of a compiled program; none where `fed` is empty and flops 0.
  std::vector<std::string> fed;  // "images [1,28,28,1]"
  double flops = 0;
  int64_t arena_bytes = 0, constant_bytes = 0;
  int64_t peak_bytes = 0;  // of the session's allocators: variables, arena, what crosses devices and what is fetched
  std::string bench_line;
};

ModelSummary SummarizeModel(const Model& model, const std::vector<std::string>& fetches);
std::string SummaryText(const ModelSummary& summary);
void SummaryToJson(const ModelSummary& summary, Json* report);

}  // namespace sluice::tools
