#include <algorithm>

#include "absl/strings/match.h"

#include "runtime/devices.h"
#include "tests/gpu_check/case_runner.h"
#include "tests/gpu_check/checks.h"
#include "tests/gpu_check/comparison.h"
#include "tests/gpu_check/coverage.h"

namespace sluice::gpu_check {
namespace {

// Multiplies numbers that TF32 may round first.
bool IsProduct(const std::string& op) { return absl::StrContains(op, "Conv") || absl::StrContains(op, "MatMul"); }

Tolerance ToleranceOf(const OpCase& c, bool tf32) {
  if (c.op == "RandomUniform") return {.float_error = 0, .double_error = 0};
  if (tf32 && IsProduct(c.op)) return {.float_error = 1e-3, .is_of_largest = true};
  return {.float_error = c.float_error};
}

// The ops of this call: of the device's, those that are asked for.
std::vector<std::string> OpsOf(const KernelRegistry& kernels, const CheckOptions& options) {
  std::vector<std::string> ops = OpsToCheck(kernels), chosen;
  for (size_t i = 0; i < ops.size(); ++i) {
    if (static_cast<int>(i) % options.shards != options.shard || !options.Wants(ops[i])) continue;
    if (!options.tf32 || IsProduct(ops[i])) chosen.push_back(ops[i]);
  }
  return chosen;
}

class OpChecker {
 public:
  OpChecker(const Runtime& runtime, const CheckOptions& options, const KernelRegistry& kernels, Report& report)
      : runtime_(runtime), options_(options), kernels_(kernels), report_(report) {}

  absl::StatusOr<std::vector<OpCase>> FindCases(const std::string& op) {
    const OpSchema* schema = runtime_.ops().Find(op);
    if (schema == nullptr) return absl::InternalError(absl::StrCat("a kernel for an op that is not known, ", op));
    std::vector<std::string> missing;
    SLUICE_ASSIGN_OR_RETURN(std::vector<OpCase> cases, CasesOf(*schema, options_.vectors, kernels_,
                                                               runtime_.cpu_kernels(), runtime_.ops(), missing));
    for (const std::string& what : missing) report_.Fail(what);
    if (missing.empty()) report_.Pass();
    return cases;
  }

  absl::Status Check(std::vector<OpCase> cases) {
    if (options_.max_cases > 0 && cases.size() > static_cast<size_t>(options_.max_cases)) {
      cases.resize(static_cast<size_t>(options_.max_cases));
    }
    std::vector<const OpCase*> on_device, on_cpu;
    for (const OpCase& c : cases) {
      on_device.push_back(&c);
      on_cpu.push_back(c.on_cpu != nullptr ? c.on_cpu.get() : &c);
    }
    CaseRunner device(runtime_, on_device, options_.Place(0)), cpu(runtime_, on_cpu, "");
    SLUICE_RETURN_IF_ERROR(device.Open(options_.OnDevice()));
    SLUICE_RETURN_IF_ERROR(cpu.Open(options_.OnCpu()));
    for (size_t i = 0; i < cases.size(); ++i) {
      report_.Expect(CheckCase(cases[i], i, device, cpu), Describe(cases[i]));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckCase(const OpCase& c, size_t i, CaseRunner& device, CaseRunner& cpu) {
    SLUICE_ASSIGN_OR_RETURN(const KernelDef* def, kernels_.Find(c.op, c.attrs));
    std::vector<bool> is_known;
    const int num_inputs = static_cast<int>(c.inputs.size());
    for (int k = 0; k < num_inputs; ++k) is_known.push_back(def->IsHostInput(k, num_inputs));
    const size_t runs = std::max<size_t>(c.expected.size(), kRunsUntilCaptured);
    auto expected = cpu.Run(i, is_known, runs);
    auto result = device.Run(i, is_known, runs);
    // Where a GPU has no kernel a simulated one has the CPU's, which may say of more types than it takes that it does.
    if (options_.Type() == "SIM" && absl::IsUnimplemented(expected.status()) &&
        absl::IsUnimplemented(result.status())) {
      return absl::OkStatus();
    }
    if (!expected.ok()) return WithContext(expected.status(), "on the CPU");
    SLUICE_ASSIGN_OR_RETURN(auto actual, std::move(result));
    for (size_t run = 0; run < runs; ++run) {
      if (options_.tamper) options_.tamper(actual[run]);
      SLUICE_RETURN_IF_ERROR(Compare(c, actual[run], (*expected)[run], "the CPU's"));
      if (run < c.expected.size()) SLUICE_RETURN_IF_ERROR(Compare(c, actual[run], c.expected[run], "TensorFlow's"));
    }
    return absl::OkStatus();
  }

  absl::Status Compare(const OpCase& c, const std::vector<Tensor>& actual, const std::vector<Tensor>& expected,
                       const char* whose) const {
    if (actual.size() != expected.size()) {
      return absl::InternalError(absl::StrCat(actual.size(), " outputs, ", whose, " are ", expected.size()));
    }
    for (size_t o = 0; o < actual.size(); ++o) {
      const std::string difference = Difference(actual[o], expected[o], ToleranceOf(c, options_.tf32));
      if (!difference.empty()) {
        return absl::InternalError(absl::StrCat("output ", o, " against ", whose, ": ", difference));
      }
    }
    return absl::OkStatus();
  }

  const Runtime& runtime_;
  const CheckOptions& options_;
  const KernelRegistry& kernels_;
  Report& report_;
};

// Calls f(checker, op) for each op.
absl::Status ForEachOp(const Runtime& runtime, const CheckOptions& options, Report& report,
                       const std::function<absl::Status(OpChecker&, const std::string&)>& f) {
  SLUICE_ASSIGN_OR_RETURN(auto devices, MakeDevices(runtime, options.OnDevice()));
  const KernelRegistry& kernels = devices.back()->kernels();
  const std::vector<std::string> ops = OpsOf(kernels, options);
  for (const std::string& op : options.only) {
    report.Expect(options.shards > 1 || kernels.Has(op), absl::StrCat("the device has no kernel for ", op));
  }
  OpChecker checker(runtime, options, kernels, report);
  for (size_t i = 0; i < ops.size(); ++i) {
    if (report.IsOutOfTime()) {
      report.Fail(absl::StrCat("out of time: ", ops.size() - i, " of ", ops.size(), " ops are left, from ", ops[i]));
      break;
    }
    report.Expect(f(checker, ops[i]), ops[i]);
    report.Progress(absl::StrCat(i + 1, " of ", ops.size(), " ops"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckKernels(const Runtime& runtime, const CheckOptions& options, Report& report) {
  return ForEachOp(runtime, options, report, [](OpChecker& checker, const std::string& op) {
    SLUICE_ASSIGN_OR_RETURN(std::vector<OpCase> cases, checker.FindCases(op));
    return checker.Check(std::move(cases));
  });
}

absl::Status CheckCoverage(const Runtime& runtime, const CheckOptions& options, Report& report) {
  return ForEachOp(runtime, options, report,
                   [](OpChecker& checker, const std::string& op) { return checker.FindCases(op).status(); });
}

}  // namespace sluice::gpu_check
