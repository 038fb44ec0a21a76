// Checks a device against the CPU, group by group: `gpu_check --device gpu:0 --plugin libsluice_cuda.so --vectors FOLDER
// kernels networks …`. tools/gpu_check calls it on a machine with a GPU; ctest calls it for simulated devices.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "tests/gpu_check/checks.h"

namespace sluice::gpu_check {
namespace {

struct Group {
  const char* name;
  absl::Status (*check)(const Runtime&, const CheckOptions&, Report&);
};
constexpr Group kGroups[] = {{"coverage", CheckCoverage}, {"kernels", CheckKernels}, {"networks", CheckNetworks},
                             {"towers", CheckTowers},     {"limits", CheckLimits},   {"errors", CheckErrors}};

// Adds a thousandth of the largest to the last element of everything that floats.
void Tamper(std::vector<Tensor>& values) {
  for (Tensor& value : values) {
    if (value.dtype() != DataType::kFloat || value.num_elements() == 0) continue;
    float largest = 0;
    for (float element : value.values<float>()) largest = std::max(largest, std::abs(element));
    value.data<float>()[value.num_elements() - 1] += 0.01F * largest;
  }
}

int Run(const CheckOptions& options, const std::vector<std::string>& names, double seconds) {
  bool all_right = true;
  for (const std::string& name : names) {
    const Runtime runtime;
    for (const Group& group : kGroups) {
      if (name != group.name) continue;
      Report report(absl::StrCat(name, " on ", options.device, options.tf32 ? " with TF32" : "",
                                 options.bf16 ? " with bfloat16" : ""),
                    seconds);
      const absl::Status status = group.check(runtime, options, report);
      if (!status.ok()) report.Fail(status.ToString());
      all_right = report.Finish() && all_right;
    }
  }
  return all_right ? 0 : 1;
}

}  // namespace
}  // namespace sluice::gpu_check

int main(int argc, char** argv) {
  using namespace sluice::gpu_check;
  CheckOptions options;
  std::vector<std::string> groups, known;
  double seconds = 480;
  bool tamper = false;
  for (const Group& group : kGroups) known.emplace_back(group.name);
  CLI::App app("Checks a device against the CPU");
  app.add_option("groups", groups, "What is checked")->required()->check(CLI::IsMember(known));
  app.add_option("--device", options.device, "As `sluice run --devices` takes it")->capture_default_str();
  app.add_option("--plugin", options.plugins, "The file that brings it");
  app.add_option("--vectors", options.vectors, "The folder of TensorFlow's recordings")->required();
  app.add_option("--only", options.only, "An op or network; all others are left out")->allow_extra_args(false);
  app.add_option("--shard", options.shard, "Which part of the ops")->check(CLI::NonNegativeNumber);
  app.add_option("--shards", options.shards, "How many parts there are")->check(CLI::PositiveNumber);
  app.add_option("--max-cases", options.max_cases, "Of each op")->check(CLI::NonNegativeNumber);
  app.add_option("--seconds", seconds, "How long each group may take")->capture_default_str();
  app.add_flag("--tf32", options.tf32, "Products may round to TF32");
  app.add_flag("--bf16", options.bf16, "Networks train in bfloat16");
  app.add_flag("--small", options.small, "Narrow networks, and not the deepest");
  app.add_flag("--tamper", tamper, "Spoils what the device gives: the check must fail");
  CLI11_PARSE(app, argc, argv);
  if (tamper) options.tamper = Tamper;
  return Run(options, groups, seconds);
}
